"""The recent decisions of the ledger: a budget is kept over them and the batch together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import SIDES, chance_of, value_of
from truerisk.decisions.policy import Choice
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Problem

PERIOD = pd.Timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Recent:
    """Decided applications as exploration sees them; n rows, in any order.

    ``choice`` is what the policy took by itself, ``money`` the dollars of every action if the event
    happens and if not, each (n, actions), ``p`` (n,) the recalibrated probability, ``r`` (n,) what
    earlier chances left of π, ``committed`` the expected dollars Σ rate · cost that exploring them
    was logged to lose.
    """

    as_of: pd.Series
    score: np.ndarray
    p: np.ndarray
    choice: Choice
    money: tuple[np.ndarray, np.ndarray]
    r: np.ndarray
    committed: float


def recent(
    problem: Problem,
    decided: pd.DataFrame,
    last: pd.Timestamp,
    model_version: str,
    calibration: Calibration,
) -> Recent | None:
    """Ledger rows of the 30 days that end with ``last``; None where there is none.

    Decisions of another model keep the p they were priced with; those without dollars for one of
    the problem's actions, which the file did not have then, are left out.
    """
    names = list(problem.actions)
    sides = [[value_of(name, side) for name in names] for side in SIDES]
    taken = [chance_of(name) for name in names]
    needed = [*taken, *sides[0], *sides[1], "exploration_p"]
    if problem.exploration is None or not set(needed) <= set(decided):
        return None
    within = (decided["as_of"] > last - PERIOD) & (decided["as_of"] <= last)
    rows = decided[within & decided["action"].isin(names)].dropna(subset=needed)
    if rows.empty:
        return None
    score = rows["score"].to_numpy(dtype=float)
    if_event, if_no_event = (rows[side].to_numpy(dtype=float) for side in sides)
    # An explored row's own action is the one its draw did not take.
    others = rows[taken].to_numpy(dtype=float, copy=True)
    others[:, names.index(problem.exploration.action)] = -1.0
    drawn = rows["explored"].to_numpy(dtype=bool)
    own = np.where(
        drawn, others.argmax(axis=1), pd.Index(names).get_indexer(pd.Index(rows["action"]))
    )
    absolute = rows["rule"].isin([rule.reason for rule in problem.rules if rule.absolute])
    expected = score[:, None] * if_event + (1 - score)[:, None] * if_no_event
    same = rows["model_version"].eq(model_version).to_numpy()
    return Recent(
        as_of=rows["as_of"].reset_index(drop=True),
        score=score,
        p=np.where(same, calibration.apply(score), rows["exploration_p"].to_numpy(dtype=float)),
        choice=Choice(own, rows["rule"].to_numpy(dtype=object), absolute.to_numpy(), expected),
        money=(if_event, if_no_event),
        r=_left(rows),
        committed=float((rows["exploration_rate"] * rows["exploration_cost"]).sum()),
    )


def _left(rows: pd.DataFrame) -> np.ndarray:
    """r as logged; 1 in rows of before there was one."""
    if "exploration_r" not in rows:
        return np.ones(len(rows))
    return rows["exploration_r"].fillna(1.0).to_numpy(dtype=float)
