"""The recent decisions of the ledger: a budget is kept over them and the batch together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import COST, SIDES, chance_of, made_of, value_of
from truerisk.decisions.policy import Choice, expected_dollars, recalibrated, scores
from truerisk.models.calibration import Calibration
from truerisk.problem.exploration import Exploration
from truerisk.problem.spec import Problem

PERIOD = pd.Timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Recent:
    """Decided applications as exploration sees them; n rows, in any order.

    ``choice`` is what the policy took by itself, ``money`` the dollars of every action if the event
    happens and if not, ``score`` and ``p`` the probability of each action's outcome as scored and
    recalibrated, each (n, actions), ``r`` (n,) what earlier chances left of π, ``committed`` the
    expected dollars Σ π · cost that each entry of exploration was logged to lose on them.
    """

    as_of: pd.Series
    score: np.ndarray
    p: np.ndarray
    choice: Choice
    money: tuple[np.ndarray, np.ndarray]
    r: np.ndarray
    committed: list[float]


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
    if not problem.exploration or not set(needed) <= set(decided):
        return None
    within = (decided["as_of"] > last - PERIOD) & (decided["as_of"] <= last)
    rows = decided[within & decided["action"].isin(names)].dropna(subset=needed)
    if rows.empty:
        return None
    score = scores(problem, rows)
    money = rows[sides[0]].to_numpy(dtype=float), rows[sides[1]].to_numpy(dtype=float)
    own = own_action(rows, names)
    absolute = rows["rule"].isin([rule.reason for rule in problem.rules if rule.absolute])
    same = rows["model_version"].eq(model_version).to_numpy()
    p = recalibrated(problem, calibration, score)
    if len(problem.outcomes) == 1:  # what another model's rows were priced with
        p = np.where(same[:, None], p, rows[["exploration_p"]].to_numpy(dtype=float))
    return Recent(
        as_of=rows["as_of"].reset_index(drop=True),
        score=score,
        p=p,
        choice=Choice(
            own,
            rows["rule"].to_numpy(dtype=object),
            absolute.to_numpy(),
            expected_dollars(score, money),
        ),
        money=money,
        r=_left(rows),
        committed=[
            float((made["rate"] * made["cost"]).sum())
            for made in (of_entry(problem, rows, entry) for entry in problem.exploration)
        ],
    )


def own_action(decided: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """What the policy took by itself in rows of the ledger, as an index of ``names``, (n,).

    An older row says what was done: where that was explored, the policy had taken the other one.
    """
    likeliest = decided[[chance_of(name) for name in names]].to_numpy(dtype=float, copy=True)
    done = pd.Index(names).get_indexer(pd.Index(decided["action"]))
    rows = np.arange(len(decided))
    likeliest[rows, done] = -1.0
    own = np.where(decided["explored"].to_numpy(dtype=bool), likeliest.argmax(axis=1), done)
    if "own_action" not in decided:
        return own
    said = pd.Index(names).get_indexer(pd.Index(decided["own_action"]))
    return np.where(said >= 0, said, own)


def of_entry(problem: Problem, decided: pd.DataFrame, entry: Exploration) -> pd.DataFrame:
    """What an entry did to rows of the ledger: π as ``rate``, ``cost`` in dollars, ``drawn``; 0
    where the policy took what is no source of it."""
    names = list(problem.actions)
    own = own_action(decided, names)
    mine = np.isin(names, problem.explored_from(entry))[own]
    mine &= (decided["exploration_rate"] > 0).to_numpy()
    cost = decided["exploration_cost"]
    if (column := made_of(COST, entry.action)) in decided:
        cost = decided[column].fillna(cost)
    drawn = decided["explored"].astype(bool) & decided["action"].eq(entry.action)
    found = {"rate": decided[chance_of(entry.action)], "cost": cost, "drawn": drawn.astype(int)}
    return pd.DataFrame(found).where(pd.Series(mine, index=decided.index), 0)


def _left(rows: pd.DataFrame) -> np.ndarray:
    """r as logged; 1 in rows of before there was one."""
    if "exploration_r" not in rows:
        return np.ones(len(rows))
    return rows["exploration_r"].fillna(1.0).to_numpy(dtype=float)
