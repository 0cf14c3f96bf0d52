"""The commands for one decision's people: the notice to the applicant, the evidence for others."""

from typing import Annotated

import typer

from truerisk.commands.options import LakeRoot, ProblemName, find, open_lake

DecisionId = Annotated[str, typer.Argument(help="The decision's id.", metavar="DECISION_ID")]


def notice(
    problem: ProblemName,
    decision: DecisionId,
    html: Annotated[bool, typer.Option("--html", help="Print a page instead of text.")] = False,
    lake: LakeRoot = "",
) -> None:
    """Print the notice to whom a decision went against: reasons, sources, how to contest."""
    from truerisk.decisions.notice import letter
    from truerisk.reports.letter import as_html, as_text

    made = letter(find(problem), open_lake(lake), decision)
    print(as_html(made) if html else as_text(made))
