"""The queue: which applications wait for a person, the first due on top.

It carries reasons and dollars, and neither the draw of exploration nor that of the audit: an order
by what a case is worth, or a column that only explored cases have, would give them away.
"""

import hashlib

import pandas as pd

from truerisk.columns import AUDIT_CHANCE, DUE, FEATURE, SEGMENT, SIDES, value_of
from truerisk.decisions.ledger import read_ledger
from truerisk.decisions.reasons import in_words
from truerisk.lake.former_actions import with_former_actions
from truerisk.lake.lake import Lake
from truerisk.lake.reviews import reviewed
from truerisk.lake.tables import ledger
from truerisk.problem.actions import LATE
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem

SHOWN = ("decision_id", "subject", "as_of", "due", "action", "reasons")


def queue(problem: Problem, lake: Lake, at: object = None) -> pd.DataFrame:
    """The decisions that wait for a verdict at ``at`` (UTC, default now), by due time, then a hash.

    The key, decision_id, subject, as_of and due (UTC), the review (``action``), reasons (text), the
    dollars of each action, and the features that were decided on, ``feature__<name>``.
    """
    now = instant(at)  # type: ignore[arg-type]
    problem, rows, states = _reviewed(problem, lake, now)
    rows = rows[states["verdict"].isna()].rename(columns={DUE: "due"})
    order = [
        hashlib.sha256(f"{problem.name}|queue|{i}".encode()).digest() for i in rows["decision_id"]
    ]
    rows = rows.assign(__order=order).sort_values(["due", "__order"], ignore_index=True)
    dollars = [value_of(a, side) for a in problem.actions for side in SIDES]
    inputs = [c for c in rows if str(c).startswith((FEATURE, SEGMENT))]
    made = rows[[problem.key, *SHOWN, *(c for c in dollars if c in rows), *inputs]]
    told = [in_words(text) if isinstance(text, str) and text else "" for text in made["reasons"]]
    return made.assign(reasons=told)


def acted(problem: Problem, lake: Lake, at: object = None) -> pd.DataFrame:
    """What is done with every reviewed application whose review is over at ``at`` (default now).

    The key, decision_id, as_of and due (UTC), ``verdict`` ("late" where none came in time), and
    ``action``, what is done: the verdict's action, but for the audited, who pass all the same. Who
    reviews may not see it before the outcomes are known: it tells who was audited.
    """
    problem, rows, states = _reviewed(problem, lake, instant(at))  # type: ignore[arg-type]
    over = states["verdict"].notna()
    rows, states = rows[over], states[over]
    done = states["override"].where(states["override"].notna(), states["becomes"])
    passes = states["passes"] & ~states["becomes"].isin(problem.revealing)
    audited = passes & states["override"].isna()
    made = rows[[problem.key, "decision_id", "as_of", DUE]].rename(columns={DUE: "due"})
    shows = {name: _passing(problem, name) for name in problem.reviews}
    return made.assign(
        verdict=states["verdict"], action=done.mask(audited, rows["action"].map(shows))
    ).reset_index(drop=True)


def queue_counts(problem: Problem, lake: Lake, at: object = None) -> dict[str, float]:
    """``waiting`` now, ``reviewed`` so far, ``late`` of them, ``late_share``, and the number of
    each verdict, ``verdict_<name>``; all of the reviews up to ``at`` (default now)."""
    problem, _, states = _reviewed(problem, lake, instant(at))  # type: ignore[arg-type]
    over = states["verdict"].notna()
    late = int(states["verdict"].eq(LATE).sum())
    said = [v for name in problem.reviews for v in problem.actions[name].verdicts]
    return {
        "waiting": int((~over).sum()),
        "reviewed": int(over.sum()),
        "late": late,
        "late_share": late / int(over.sum()) if over.any() else 0.0,
        **{f"verdict_{v}": int(states["verdict"].eq(v).sum()) for v in dict.fromkeys(said)},
    }


def _reviewed(
    problem: Problem, lake: Lake, now: pd.Timestamp
) -> tuple[Problem, pd.DataFrame, pd.DataFrame]:
    """The ledger's reviewed rows by then, what became of them, and the problem with the reviews
    that it no longer has."""
    if lake.version(ledger(problem.name)) is None:
        rows = pd.DataFrame()
    else:
        rows = read_ledger(problem, lake)
        problem = with_former_actions(problem, lake, rows)
    if AUDIT_CHANCE not in rows:
        columns = [problem.key, *(DUE if c == "due" else c for c in SHOWN)]
        empty = pd.DataFrame(columns=list(dict.fromkeys(columns)))
        return problem, empty, reviewed(problem, lake, empty, now)
    rows = rows[rows[AUDIT_CHANCE].notna() & (rows["as_of"] <= now)]
    return problem, rows, reviewed(problem, lake, rows, now)


def _passing(problem: Problem, name: str) -> str:
    """What the audited get: the verdict's action that shows the outcome."""
    becomes = problem.actions[name].verdicts.values()
    return next(a for a in becomes if a in problem.revealing)
