"""A revealing action taken at random where the policy would not: probabilities, draw, brake."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.decisions.budget import Rates, Spent, Window, rates
from truerisk.decisions.designs import DESIGNS
from truerisk.decisions.explorable import Explorable, explorable
from truerisk.decisions.policy import Choice
from truerisk.decisions.recent import Recent
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Exploration, Problem

SUBJECT_WINDOW_DAYS = 90


@dataclass(frozen=True)
class Explored:
    """What exploration does to each row of a batch; arrays of shape (n,), 0 where none is allowed.

    ``rate`` is the final π, ``cost`` the expected dollars lost by revealing, ``p`` the recalibrated
    probability that cost is computed with (every row), ``k`` and ``scale`` what made the rate.
    """

    rate: np.ndarray
    cost: np.ndarray
    p: np.ndarray
    k: np.ndarray
    scale: np.ndarray
    drawn: np.ndarray


def explore(
    problem: Problem,
    scored: pd.DataFrame,
    choice: Choice,
    money: tuple[np.ndarray, np.ndarray],
    calibration: Calibration,
    spent: Mapping[str, Spent],
    recent: Recent | None = None,
) -> Explored:
    """Rate, cost and outcome of the draw for each row, in order of time; one batch.

    ``recent`` decisions share the batch's budget, and say what a label teaches.
    """
    n, exploration = len(scored), problem.exploration
    none = np.zeros(n)
    if exploration is None:
        return Explored(none, none, none, none, none, none.astype(bool))
    every = explorable(problem, scored, choice, money, calibration, recent)
    found, rows = design_rates(exploration, every, spent), every.batch()
    at = np.flatnonzero(rows.open)
    salt = exploration.salt or problem.name
    drawn = draw(salt, scored["subject"].iloc[at], scored["as_of"].iloc[at]) < found.pi
    stopped = brake(exploration, drawn, rows.day[at], spent)
    rate, k, scale = np.zeros((3, n))
    rate[at], k[at], scale[at] = np.where(stopped, 0.0, found.pi), found.k, found.scale
    explored = np.zeros(n, dtype=bool)
    explored[at] = drawn & ~stopped
    return Explored(rate, rows.cost, rows.p, k, scale, explored)


def design_rates(exploration: Exploration, rows: Explorable, spent: Mapping[str, Spent]) -> Rates:
    """π of the batch's open rows by the problem's design, within its budget; arrays (n open,)."""
    weight, at = DESIGNS[exploration.design](exploration, rows), rows.open
    window = Window(weight, rows.cost[at], rows.now[at], rows.profit, rows.days, rows.committed)
    return rates(exploration, window, rows.day[at & rows.now], spent)


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
