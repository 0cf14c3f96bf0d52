"""What became of reviewed decisions: the verdict that counts, and what an audit let pass.

A verdict that came in time counts. Where none did the review's ``late`` action acts, and lateness
is the verdict; what a person says afterwards changes the decision by hand.
"""

import numpy as np
import pandas as pd

from truerisk.columns import AUDIT_CHANCE, AUDITED, DUE
from truerisk.lake.lake import Lake
from truerisk.lake.problem_files import kept_problem, problem_version
from truerisk.lake.tables import verdicts_of
from truerisk.problem.actions import LATE
from truerisk.problem.spec import Problem


def reviewed(
    problem: Problem,
    lake: Lake,
    decided: pd.DataFrame,
    known_at: pd.Timestamp,
    version: int | None = None,
) -> pd.DataFrame:
    """Of each of some decisions, (n,) rows with their index, what its review came to by then.

    ``verdict`` ("late" where none came in time; null where not reviewed, or still open),
    ``reviewer``, ``becomes`` (the action that verdict stands for), ``q`` (the audit's chance where
    that action hides the outcome, 1 where it shows it; null without a verdict), ``audited``,
    ``passes`` (whether the outcome may be seen, by verdict or audit, before any hand) and
    ``override`` (the action of a verdict that came too late and changed what had been done).
    """
    made = pd.DataFrame(index=decided.index)
    for name in ("verdict", "reviewer", "becomes", "override"):
        made[name] = pd.Series(None, index=decided.index, dtype=object)
    made["q"], made["audited"], made["passes"] = np.nan, False, False
    if not problem.reviews or AUDIT_CHANCE not in decided:
        return made
    said = _said(problem, lake, version)
    said = said[said["at"] <= known_at].set_index("decision_id")
    given = said.reindex(decided["decision_id"]).set_axis(decided.index)
    waits = decided[AUDIT_CHANCE].notna()
    due, at = decided[DUE], given["at"]
    in_time, late = waits & (at <= due), waits & (due < known_at) & ~(at <= due)
    made["verdict"] = given["verdict"].astype(object).where(in_time, None).mask(late, LATE)
    made["reviewer"] = given["by"].astype(object).where(in_time, None)
    default = _defaults(problem, lake, decided[late])
    made["becomes"] = given["action"].astype(object).where(in_time, None).mask(late, default)
    told = in_time | late
    shown = told & made["becomes"].isin(problem.revealing)
    audited = decided[AUDITED].astype("boolean").fillna(False).astype(bool)
    made["q"] = decided[AUDIT_CHANCE].where(told).mask(shown, 1.0)
    made["audited"] = audited & waits
    made["passes"] = shown | (told & audited)
    by_hand = late & at.notna()
    changes = by_hand & (given["action"].isin(problem.revealing) != made["passes"])
    made["override"] = given["action"].astype(object).where(changes, None)
    return made


def _defaults(problem: Problem, lake: Lake, late: pd.DataFrame) -> pd.Series:
    """What lateness became of each row, by the file that decided it: it has acted since."""
    found = late["action"].map(_late_of(problem)).astype("object")
    if "problem_version" not in late:
        return found
    for version in late["problem_version"].dropna().unique():
        if version != problem_version(problem):
            rows = late["problem_version"].eq(version)
            then = kept_problem(lake, problem.name, str(version))
            found[rows] = late.loc[rows, "action"].map(_late_of(then))
    return found


def _late_of(problem: Problem) -> dict[str, str | None]:
    return {name: problem.actions[name].late for name in problem.reviews}


def verdicts(problem: Problem, lake: Lake, version: int | None = None) -> pd.DataFrame:
    """Every verdict that was given: decision_id, verdict, action, by, because, at (UTC)."""
    return _said(problem, lake, version).sort_values(["at", "decision_id"], ignore_index=True)


def _said(problem: Problem, lake: Lake, version: int | None) -> pd.DataFrame:
    table = verdicts_of(problem.name)
    version = lake.version(table) if version is None else version
    if version is None:
        empty = pd.DataFrame(columns=["decision_id", "verdict", "action", "by", "because", "at"])
        return empty.astype({"at": "datetime64[us, UTC]"})
    return lake.read(table, version)
