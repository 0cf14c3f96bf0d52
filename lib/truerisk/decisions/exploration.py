"""How often a revealing action is taken where the policy would not: fixed before any draw.

Every budget and cap acts on the probability, never on the drawn rows: a cap that stops exploration
changes the propensity, and a log that says otherwise gives biased estimates.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.problem.spec import Exploration

SHARE_OF_CAP = 0.65  # expected draws per day, as a share of the hard cap
SUBJECT_WINDOW_DAYS = 90
LEAST_COST = 1.0  # dollars


@dataclass(frozen=True)
class Spent:
    """What earlier batches committed on one UTC day: expected dollars, and draws by probability."""

    dollars: float = 0.0
    expected: float = 0.0
    drawn: int = 0


def rates(
    exploration: Exploration,
    cost: np.ndarray,
    profit: float,
    day: np.ndarray,
    spent: Mapping[str, Spent],
) -> np.ndarray:
    """π of each explorable row, shape (n,), by the uniform design within its budget.

    ``cost`` (n,) is the expected net loss of revealing in dollars, ``profit`` the batch's expected
    profit of the policy's own actions, ``day`` (n,) the UTC day of as_of. Precedence: budget, then
    cap, then floor: a budget too small for the floor goes below it, and ``describe`` says so.
    """
    cost = np.maximum(cost, LEAST_COST)
    pi = np.full(len(cost), exploration.cap)
    if exploration.share_of_profit is not None:
        budget = max(exploration.share_of_profit * profit, 0.0)
        pi = np.minimum(pi, budget / max(cost.sum(), LEAST_COST))
    for today in np.unique(day):
        rows, before = day == today, spent.get(str(today), Spent())
        if exploration.dollars_per_day is not None:
            budget = max(exploration.dollars_per_day - before.dollars, 0.0)
            pi[rows] = np.minimum(pi[rows], budget / cost[rows].sum())
        if exploration.applications_per_day is not None:
            room = max(SHARE_OF_CAP * exploration.applications_per_day - before.expected, 0.0)
            pi[rows] *= min(1.0, room / max(pi[rows].sum(), 1e-12))
    return pi


def draw(salt: str, subject: pd.Series, as_of: pd.Series) -> np.ndarray:
    """A uniform number in [0, 1) per row, shape (n,): a hash, so every replay draws the same.

    SHA-256 of (salt, subject, 90-day window): to apply again buys no new draw.
    """
    days = as_of.dt.tz_convert("UTC").dt.floor("D")
    window = (days - pd.Timestamp(0, tz="UTC")).dt.days // SUBJECT_WINDOW_DAYS
    texts = (salt + "|" + subject.astype(str) + "|" + window.astype(str)).str.encode("utf-8")
    first = b"".join(hashlib.sha256(text).digest()[:8] for text in texts)
    return (np.frombuffer(first, dtype=">u8") >> 11) / 2.0**53


def brake(
    exploration: Exploration, explored: np.ndarray, day: np.ndarray, spent: Mapping[str, Spent]
) -> np.ndarray:
    """True for rows, in order of time, after a day's hard cap is full: they have π = 0."""
    stopped = np.zeros(len(explored), dtype=bool)
    if exploration.applications_per_day is None:
        return stopped
    for today in np.unique(day):
        rows = day == today
        before = np.cumsum(explored[rows]) - explored[rows]
        room = exploration.applications_per_day - spent.get(str(today), Spent()).drawn
        stopped[rows] = before >= room
    return stopped
