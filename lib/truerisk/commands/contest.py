"""The commands of contests: what an applicant says against a decision, and the answer."""

import json
from typing import Annotated, Any

import typer

from truerisk.commands.options import (
    AsJson,
    Because,
    By,
    KnownAt,
    LakeRoot,
    ProblemName,
    find,
    open_lake,
    out,
)

app = typer.Typer(
    no_args_is_help=True, help="Contests: a decision looked at again, by a person, in time."
)


@app.command("open")
def open_(
    problem: ProblemName,
    decision: Annotated[str, typer.Argument(help="The decision's id.", metavar="DECISION_ID")],
    view: Annotated[str, typer.Option("--view", help="What the applicant says.", prompt=True)],
    by: By,
    fact: Annotated[
        list[str] | None, typer.Option("--fact", help="Something new; may stand several times.")
    ] = None,
    lake: LakeRoot = "",
) -> None:
    """Open the contest of a decision; the time to answer runs from now."""
    from truerisk.decisions.contests import contests, open_contest

    about, root = find(problem), open_lake(lake)
    made = open_contest(about, root, decision, view, by, fact or ())
    rows = contests(about, root)
    due = rows.loc[rows["contest_id"].eq(made), "due"].iloc[0]
    out.print(f"Contest {made} is open; a person answers until {due:%Y-%m-%d %H:%M} UTC.")


@app.command("decide")
def decide(
    problem: ProblemName,
    contest: Annotated[str, typer.Argument(help="The contest's id, or its decision's.")],
    outcome: Annotated[str, typer.Option("--outcome", help="upheld or changed.", prompt=True)],
    by: By,
    because: Because,
    action: Annotated[str, typer.Option("--action", help="What it is changed to.")] = "",
    lake: LakeRoot = "",
) -> None:
    """Answer a contest: the decision is upheld, or changed to another action."""
    from truerisk.decisions.contests import Answer, decide_contest

    answer = Answer(outcome=outcome, by=by, because=because, action=action)  # type: ignore[arg-type]
    holds = decide_contest(find(problem), open_lake(lake), contest, answer)
    out.print(f"The decision is {outcome} by {by.strip()}; its action is {holds}.")


@app.command("list")
def list_(
    problem: ProblemName, known_at: KnownAt = "", json_: AsJson = False, lake: LakeRoot = ""
) -> None:
    """List the contests, those due first on top."""
    import pandas as pd

    from truerisk.decisions.contests import contests
    from truerisk.wording.dollars import NOTHING
    from truerisk.wording.table import show, table

    about = find(problem)
    rows = contests(about, open_lake(lake), known_at or None)
    if json_:
        times = ("opened_at", "due", "decided_at")
        text = rows.assign(**{t: rows[t].map(_utc) for t in times}).to_json(orient="records")
        print(json.dumps(json.loads(text), indent=1, ensure_ascii=False))
        return
    if rows.empty:
        out.print(f"Nobody contested a decision of {about.name} yet.")
        return
    heads = ["contest_id", "state", "opened", "due", "reviewer", "action"]
    lines = [
        [
            str(row["contest_id"]),
            str(row["state"]),
            f"{row['opened_at']:%Y-%m-%d}",
            f"{row['due']:%Y-%m-%d}",
            *(NOTHING if pd.isna(row[c]) else str(row[c]) for c in ("reviewer", "action")),
        ]
        for row in rows.to_dict("records")
    ]
    show(out, table(heads, lines))


def _utc(at: Any) -> str | None:
    return None if at is None or at != at else f"{at:%Y-%m-%dT%H:%M:%SZ}"
