"""The commands of review: who waits for a person, and what that person says."""

import json
from typing import Annotated, Any

import typer

from truerisk.commands.options import (
    AsJson,
    Because,
    By,
    LakeRoot,
    ProblemName,
    find,
    open_lake,
    out,
)
from truerisk.errors import TrueriskError

app = typer.Typer(help="Reviews: who waits for a person, and the verdicts.")
AnyProblem = Annotated[
    str, typer.Option("--problem", help="A problem file, or a name in problems/.", metavar="NAME")
]


@app.callback(invoke_without_command=True)
def queue(
    context: typer.Context, problem: AnyProblem = "", json_: AsJson = False, lake: LakeRoot = ""
) -> None:
    """List who waits for a verdict, the first due on top."""
    if context.invoked_subcommand is None:
        if not problem:
            raise TrueriskError("Missing option '--problem'; see `truerisk queue --help`.")
        _list(problem, json_, lake)


@app.command("list")
def list_(problem: ProblemName, json_: AsJson = False, lake: LakeRoot = "") -> None:
    """List who waits for a verdict, the first due on top."""
    _list(problem, json_, lake)


@app.command("verdict")
def verdict(
    problem: ProblemName,
    decision: Annotated[str, typer.Argument(help="The decision's id.", metavar="DECISION_ID")],
    said: Annotated[str, typer.Argument(help="One of the review's verdicts.", metavar="VERDICT")],
    because: Because,
    by: By,
    lake: LakeRoot = "",
) -> None:
    """Give the verdict on an application in review; it is kept with name and reason."""
    from truerisk.decisions.review.verdicts import give_verdict
    from truerisk.problem.instant import instant

    about = find(problem)
    due = give_verdict(about, open_lake(lake), decision, said, because, by)
    out.print(f"{by.strip()} said {said} on decision {decision} of {about.name}.")
    if due < instant(None):
        out.print(
            f"It was due at {due:%Y-%m-%d %H:%M} UTC: the review's default has acted since, and "
            "what this changes counts as a change by hand."
        )


def _list(name: str, json_: bool, lake: str) -> None:
    from truerisk.columns import FEATURE, IF_NO_EVENT, value_of
    from truerisk.decisions.review.queue import queue as waiting
    from truerisk.decisions.review.queue import queue_counts
    from truerisk.lake.identity import as_text
    from truerisk.wording.counted import counted
    from truerisk.wording.dollars import dollars
    from truerisk.wording.table import show, table

    about, root = find(name), open_lake(lake)
    rows = waiting(about, root)
    if json_:
        told = rows.assign(**{t: rows[t].map(_utc) for t in ("as_of", "due")})
        told = told.rename(columns=lambda c: c.removeprefix(FEATURE))
        print(
            json.dumps(
                json.loads(told.to_json(orient="records", date_format="iso")),
                indent=1,
                ensure_ascii=False,
            )
        )
        return
    counts = queue_counts(about, root)
    late = f", {counts['late']:,} of them late" if counts["late"] else ""
    wait = "waits" if len(rows) == 1 else "wait"
    said = f"{about.name}: {counted(len(rows), 'application')} {wait} for a verdict"
    out.print(f"{said}; {counts['reviewed']:,} were reviewed{late}.")
    if rows.empty:
        return
    several = rows["action"].nunique() > 1
    heads = ["decision_id", about.key, "due", *["review"] * several, "if no event", "reasons"]
    lines = [
        [
            str(row["decision_id"]),
            str(key),
            f"{row['due']:%Y-%m-%d %H:%M}",
            *[str(row["action"])] * several,
            dollars(float(row[value_of(about.offer, IF_NO_EVENT)])),
            str(row["reasons"]),
        ]
        for key, row in zip(as_text(rows[about.key]), rows.to_dict("records"), strict=True)
    ]
    show(out, table(heads, lines, right=("if no event",)))


def _utc(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
