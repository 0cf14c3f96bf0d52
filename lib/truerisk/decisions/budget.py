"""From a design's weights to π: budget, cap and floor act on π before any draw, never after.

A cap that stops exploration changes the propensity, and a log that says otherwise gives biased
estimates. Precedence: absolute rules, then budget, then cap, then floor.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from truerisk.problem.spec import Exploration

SHARE_OF_CAP = 0.65  # expected draws per day, as a share of the hard cap

SHARE_FOR_FLOOR = 0.5  # of a budget that does not afford the floor


@dataclass(frozen=True)
class Spent:
    """What earlier batches committed on one UTC day: expected dollars, and draws by probability."""

    dollars: float = 0.0
    expected: float = 0.0
    drawn: int = 0


@dataclass(frozen=True)
class Rates:
    """π = clip(k · weight, floor, cap) · scale; arrays of shape (n,).

    ``k`` is one number per budget (a batch, or each of its days), ``scale`` one per day: below 1
    where the daily cap binds.
    """

    pi: np.ndarray
    k: np.ndarray
    scale: np.ndarray


def rates(
    exploration: Exploration,
    weight: np.ndarray,
    cost: np.ndarray,
    profit: float,
    day: np.ndarray,
    spent: Mapping[str, Spent],
) -> Rates:
    """π of each row that may be explored, shape (n,).

    ``weight`` (n,) is the design's, ``cost`` (n,) the expected net loss of revealing in dollars,
    ``profit`` the batch's expected profit of the policy's own actions, ``day`` (n,) the UTC day of
    as_of. A budget too small for the floor goes below it, and ``describe`` says so.
    """
    n = len(cost)
    pi, k, scale = np.zeros(n), np.zeros(n), np.ones(n)
    if exploration.share_of_profit is not None and n:
        budget = max(exploration.share_of_profit * profit, 0.0)
        pi, only = solve(weight, cost, budget, exploration.floor, exploration.cap)
        k[:] = only
    for today in np.unique(day):
        rows, before = day == today, spent.get(str(today), Spent())
        if exploration.dollars_per_day is not None:
            budget = max(exploration.dollars_per_day - before.dollars, 0.0)
            pi[rows], k[rows] = solve(
                weight[rows], cost[rows], budget, exploration.floor, exploration.cap
            )
        if exploration.applications_per_day is not None:
            room = max(SHARE_OF_CAP * exploration.applications_per_day - before.expected, 0.0)
            scale[rows] = min(1.0, room / max(pi[rows].sum(), 1e-12))
    return Rates(pi * scale, k, scale)


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
