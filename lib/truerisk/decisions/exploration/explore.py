"""A revealing action taken at random where the policy would not: probabilities, draw, brake."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.decisions.batch import Batch
from truerisk.decisions.exploration.budget import Rates, Spent, Window, rates
from truerisk.decisions.exploration.designs import DESIGNS
from truerisk.decisions.exploration.explorable import Explorable, explorable
from truerisk.decisions.policy import Choice
from truerisk.lake.identity import as_text
from truerisk.problem.spec import Exploration, Problem

WORD = "explore"  # of this lottery; others have words of their own, so that no draw is another's


@dataclass(frozen=True, kw_only=True)
class Explored:
    """What exploration does to each row of a batch; arrays of shape (n,).

    ``rate`` is the final π, ``cost`` the expected dollars lost by revealing, ``k`` and ``scale``
    what made the rate: 0 where none is allowed. Of every row: ``p``, the recalibrated probability
    that cost is computed with, ``u``, the draw, ``n``, the subject's earlier chances within 90
    days, and ``r``, what they leave of π.
    """

    rate: np.ndarray
    cost: np.ndarray
    p: np.ndarray
    k: np.ndarray
    scale: np.ndarray
    u: np.ndarray
    n: np.ndarray
    r: np.ndarray
    drawn: np.ndarray


def explore(
    problem: Problem,
    scored: pd.DataFrame,
    choice: Choice,
    money: tuple[np.ndarray, np.ndarray],
    batch: Batch,
) -> Explored:
    """Rate, cost and outcome of the draw for each row, in order of time; one batch.

    The batch's recent decisions share its budget, and say what a label teaches.
    """
    exploration = problem.exploration
    if exploration is None:
        none = np.zeros(len(scored))
        unknown = np.full(len(scored), np.nan)
        never = none.astype(bool)
        return Explored(
            rate=none,
            cost=none,
            p=none,
            k=none,
            scale=none,
            u=unknown,
            n=none.astype("int64"),
            r=none,
            drawn=never,
        )
    every = explorable(
        problem, scored, choice, money, batch.calibration, batch.recent, batch.chances
    )
    found, rows = design_rates(exploration, every, batch.spent), every.batch()
    at = np.flatnonzero(rows.open)
    u = draw(exploration.salt or problem.name, scored[problem.key])
    drawn = u[at] < found.pi
    stopped = brake(exploration, drawn, rows.day[at], batch.spent)
    rate, k, scale = np.zeros((3, len(scored)))
    rate[at], k[at], scale[at] = np.where(stopped, 0.0, found.pi), found.k, found.scale
    explored = np.zeros(len(scored), dtype=bool)
    explored[at] = drawn & ~stopped
    return Explored(
        rate=rate,
        cost=rows.cost,
        p=rows.p,
        k=k,
        scale=scale,
        u=u,
        n=rows.n,
        r=rows.r,
        drawn=explored,
    )


def design_rates(exploration: Exploration, rows: Explorable, spent: Mapping[str, Spent]) -> Rates:
    """π of the batch's open rows by the problem's design, within its budget; arrays (n open,)."""
    weight, at = DESIGNS[exploration.design](exploration, rows), rows.open
    window = Window(
        weight=weight,
        cost=rows.cost[at],
        r=rows.r[at],
        now=rows.now[at],
        profit=rows.profit,
        days=rows.days,
        committed=rows.committed,
    )
    return rates(exploration, window, rows.day[at & rows.now], spent)


def draw(salt: str, application: pd.Series) -> np.ndarray:
    """A uniform number in [0, 1) per row, shape (n,): a hash, so every replay draws the same.

    SHA-256 of (salt | "explore" | application): each application has a draw of its own, whoever
    applies. One draw for all of a subject's would make π of whoever returns wrong: a miss at π₁
    leaves (π₂ − π₁)/(1 − π₁) of π₂.
    """
    texts = (f"{salt}|{WORD}|" + as_text(application)).str.encode("utf-8")
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
