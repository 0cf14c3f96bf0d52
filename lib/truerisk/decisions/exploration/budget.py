"""From a design's weights to π: budget, cap and floor act on π before any draw, never after.

A cap that stops exploration changes the propensity, and a log that says otherwise gives biased
estimates. Precedence: absolute rules, then budget, then cap, then floor.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.problem.exploration import Exploration

SHARE_OF_CAP = 0.65  # expected draws per day, as a share of the hard cap

TINY = 1e-12

SHARE_FOR_FLOOR = 0.5  # of a budget that does not afford the floor

LIMIT = 1.1  # of the budget: what 30 days may commit
LAST_OF_BUDGET, LAST_OF_DAY = 0.05, 0.25  # what is left when π begins to fall with what is left
LEAST_SCALE = 0.1  # at the limit rows keep a tenth of their π: without any nothing is known


@dataclass(frozen=True)
class Spent:
    """What earlier batches explored on one day: the sum of π, and draws."""

    expected: float = 0.0
    drawn: int = 0


@dataclass(frozen=True, kw_only=True)
class Window:
    """What a budget is kept over: the recent decisions and the batch; arrays (n,) of open rows.

    ``weight`` is the design's, ``cost`` the expected net loss of revealing in dollars, ``r`` the
    part of π that the subject's earlier chances leave, ``now`` marks the batch's own; ``profit`` is
    the expected profit of the policy's own actions, ``days`` the time they took, ``committed``
    Σ π · cost of the recent ones as logged.
    """

    weight: np.ndarray
    cost: np.ndarray
    r: np.ndarray
    now: np.ndarray
    profit: float
    days: float
    committed: float


@dataclass(frozen=True)
class Rates:
    """π = r · clip(k · weight, floor, cap) · scale of the batch's own rows; arrays of shape (n,).

    ``k`` is one number per batch, ``scale`` one per day: below 1 where the daily cap binds, or the
    limit of the budget.
    """

    pi: np.ndarray
    k: np.ndarray
    scale: np.ndarray


def rates(
    exploration: Exploration,
    window: Window,
    day: np.ndarray,
    spent: Mapping[str, Spent],
    most: Mapping[str, float] | None = None,
) -> Rates:
    """π of each of the batch's rows that may be explored, shape (n,).

    k makes the whole window cost its budget, or is a hold-out's share; a batch of any size takes
    its own part of it. Near the limit of the budget, and near that of a day (``day`` (n,), UTC, of
    as_of), π falls with what is left, so that later batches have a chance too. A budget too small
    for the floor goes below it, and ``describe`` says so.
    """
    if not len(day):
        return Rates(*np.zeros((3, 0)))
    every, k, within = _affordable(exploration, window)
    pi = every[window.now]
    scale = np.full(len(pi), within)
    if most is None:
        most = own_room(exploration, {}, day)
    for today in pd.unique(day) if most else ():
        rows, a_day = day == today, SHARE_OF_CAP * most[str(today)]
        scale[rows] *= min(1.0, a_day * window.days / max(every.sum(), TINY))
        left = a_day - spent.get(str(today), Spent()).expected
        scale[rows] *= _within((pi * scale)[rows].sum(), left, LAST_OF_DAY * a_day)
    return Rates(pi * scale, np.full(len(pi), k), scale)


def own_room(
    exploration: Exploration, spent: Mapping[str, Spent], day: np.ndarray
) -> dict[str, float]:
    """What the entry's ``applications_per_day`` leaves of each day; nothing where it has none."""
    most = exploration.applications_per_day
    if most is None:
        return {}
    return {str(d): float(most - spent.get(str(d), Spent()).drawn) for d in pd.unique(day)}


def _affordable(exploration: Exploration, window: Window) -> tuple[np.ndarray, float, float]:
    """π of the whole window before any limit of a day, (n,), its k, and the batch's scale."""
    if exploration.share is not None:  # a hold-out has no budget
        return exploration.share * window.r, exploration.share, 1.0
    if exploration.share_of_profit is not None:
        budget = max(exploration.share_of_profit * window.profit, 0.0)
    else:
        assert exploration.dollars_per_day is not None
        budget = exploration.dollars_per_day * window.days
    floor, cap = exploration.floor, exploration.cap
    every, k = solve(window.weight, window.cost * window.r, budget, floor, cap)
    every = every * window.r
    left = LIMIT * budget - window.committed
    wanted = every[window.now] @ window.cost[window.now]
    return every, k, max(_within(wanted, left, LAST_OF_BUDGET * budget), LEAST_SCALE)


def _within(wanted: float, left: float, last: float) -> float:
    """The share of what a batch wants that it gets of what is left, slower for the ``last``."""
    return float(np.clip(left / max(wanted, last, TINY), 0.0, 1.0))


def solve(
    weight: np.ndarray, cost: np.ndarray, budget: float, floor: float, cap: float
) -> tuple[np.ndarray, float]:
    """π = clip(k · weight, floor, cap) with the largest k that Σ π · cost ≤ budget allows, and k.

    Where the floor alone costs more than the budget, half of the budget goes to a lower one, the
    same for all: it keeps weights bounded. Bisection to the last bit; the cost is monotone in k.
    """
    if floor * cost.sum() > budget:
        floor = SHARE_FOR_FLOOR * budget / cost.sum()
    low, high = 0.0, float(cap / weight.min())
    if cap * cost.sum() <= budget:
        return np.full(len(weight), cap), high
    while low < (middle := (low + high) / 2) < high:
        affordable = np.clip(middle * weight, floor, cap) @ cost <= budget
        low, high = (middle, high) if affordable else (low, middle)
    return np.clip(low * weight, floor, cap), low
