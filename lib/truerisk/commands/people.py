"""The commands for one decision's people: the notice to the applicant, the evidence for others."""

from typing import Annotated

import typer

from truerisk.commands.options import KnownAt, LakeRoot, ProblemName, find, open_lake, out
from truerisk.errors import LakeError

DecisionId = Annotated[str, typer.Argument(help="The decision's id.", metavar="DECISION_ID")]


def notice(
    problem: ProblemName,
    decision: DecisionId,
    html: Annotated[bool, typer.Option("--html", help="Print a page instead of text.")] = False,
    known_at: KnownAt = "",
    lake: LakeRoot = "",
) -> None:
    """Print the notice to whom a decision went against: reasons, sources, how to contest."""
    from truerisk.reports.letter import notice as written

    print(written(find(problem), open_lake(lake), decision, html, known_at or None))


def evidence(
    decision: Annotated[
        str, typer.Argument(help="The decision's id; none with --verify.", metavar="DECISION_ID")
    ] = "",
    problem: Annotated[
        str, typer.Option("--problem", help="A problem file, or a name.", metavar="NAME")
    ] = "",
    to: Annotated[
        str, typer.Option("--to", help="A new folder, or a name that ends with .zip.")
    ] = "",
    verify: Annotated[
        str, typer.Option("--verify", help="Check evidence instead; needs no lake.", metavar="PATH")
    ] = "",
    lake: LakeRoot = "",
) -> None:
    """Write all that one decision rests on into one folder or archive, or check one."""
    if verify:
        _verify(verify)
        return
    if not decision or not problem:
        raise typer.BadParameter(
            "name a decision's id and --problem, or --verify PATH to check evidence"
        )
    from truerisk.decisions.evidence.write import evidence as made_of
    from truerisk.decisions.evidence.write import write_evidence

    files = made_of(find(problem), open_lake(lake), decision)
    place = to or f"evidence-{decision}"
    write_evidence(files, place)
    out.print(f"Evidence of {decision}: {place} ({len(files)} files; it holds personal data).")


def _verify(place: str) -> None:
    from truerisk.decisions.evidence.verify import verify_evidence

    found = verify_evidence(place)
    if found.faults:
        raise LakeError(
            f"{place} is not as it was written: {'; '.join(found.faults[:3])}"
            f"{f'; and {len(found.faults) - 3} more' if len(found.faults) > 3 else ''}; ask for it "
            "again."
        )
    for held in found.held:
        out.print(f"Whole: {held}.")
    for beyond in found.beyond:
        out.print(f"Not said here: {beyond}.")
