"""A revealing action taken at random where the policy would not: probabilities, draw, brake."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.decisions.batch import Batch
from truerisk.decisions.exploration.budget import Rates, Spent, Window, own_room, rates
from truerisk.decisions.exploration.daily import daily, seats_for
from truerisk.decisions.exploration.designs import DESIGNS
from truerisk.decisions.exploration.explorable import Explorable, explorable
from truerisk.decisions.policy import Choice
from truerisk.lake.hashes import uniform
from truerisk.lake.identity import as_text
from truerisk.problem.exploration import Exploration
from truerisk.problem.spec import Problem

WORD = "explore"  # of this lottery; others have words of their own, so that no draw is another's


@dataclass(frozen=True, kw_only=True)
class Explored:
    """What exploration does to each row of a batch; arrays of shape (n,), or (n, entries).

    Of every entry: ``rate``, the final π towards its action, ``cost``, the expected dollars lost by
    it, ``k`` and ``scale``, what made the rate: 0 where it may not explore. Of every row: ``p``,
    the recalibrated probability that cost is computed with, ``u``, the draw, ``n``, the subject's
    earlier chances within 90 days, ``r``, what they leave of π, and ``entry``, the one that was
    drawn, −1 without one.
    """

    rate: np.ndarray
    cost: np.ndarray
    p: np.ndarray
    k: np.ndarray
    scale: np.ndarray
    u: np.ndarray
    n: np.ndarray
    r: np.ndarray
    entry: np.ndarray

    @property
    def drawn(self) -> np.ndarray:
        return self.entry >= 0

    @property
    def total(self) -> np.ndarray:
        """Σ π over the entries, (n,)."""
        return self.rate.sum(axis=1)

    @property
    def mean_cost(self) -> np.ndarray:
        """Dollars lost by exploring, (n,): the mean over entries with their π where several may."""
        several = (self.cost > 0).sum(axis=1) > 1
        weighed = (self.rate * self.cost).sum(axis=1)
        mixed = np.divide(weighed, self.total, out=np.zeros(len(several)), where=self.total > 0)
        return np.where(several, mixed, self.cost.sum(axis=1))


def explore(
    problem: Problem,
    scored: pd.DataFrame,
    choice: Choice,
    money: tuple[np.ndarray, np.ndarray],
    batch: Batch,
) -> Explored:
    """Rate, cost and outcome of the draw for each row, in order of time; one batch.

    One draw u serves all entries: entry e is drawn where Σ_{<e} π ≤ u < Σ_{≤e} π, before any brake.
    The batch's recent decisions share its budget, and say what a label teaches.
    """
    entries = problem.exploration
    none = np.zeros(len(scored))
    if not entries:
        empty = np.zeros((len(scored), 0))
        return Explored(
            rate=empty,
            cost=empty,
            p=none,
            k=empty,
            scale=empty,
            u=np.full(len(scored), np.nan),
            n=none.astype("int64"),
            r=none,
            entry=none.astype("int64") - 1,
        )
    seen = explorable(
        problem, scored, choice, money, batch.calibration, batch.recent, batch.chances
    )
    spent = batch.spent or [{} for _ in entries]
    rate, cost, k, scale = np.zeros((4, len(scored), len(entries)))
    u = draw(entries[0].salt or problem.name, WORD, scored[problem.key])
    hit, below = np.zeros((len(entries), len(scored)), dtype=bool), np.zeros(len(scored))
    own = [rows.batch() for rows in seen]
    first = own[0]
    for i, entry in enumerate(entries):
        most = daily(problem, entry, first.day)
        found, rows = design_rates(entry, seen[i], spent[i], most), own[i]
        at = np.flatnonzero(rows.open)
        hit[i, at] = (below[at] <= u[at]) & (u[at] < below[at] + found.pi)
        below[at] += found.pi
        rate[at, i], k[at, i], scale[at, i] = found.pi, found.k, found.scale
        cost[:, i] = rows.cost
    drawn = np.full(len(scored), -1)
    for i, entry in enumerate(entries):
        stopped = brake(hit[i], first.day, own_room(entry, spent[i], first.day))
        if (room := seats_for(problem, entry, first.day, batch.claims)) is not None:
            same = [e.action == entry.action for e in entries]
            stopped |= brake(np.any(hit[same], axis=0), first.day, room)
        rate[stopped, i] = 0.0
        drawn[hit[i] & ~stopped] = i
    return Explored(
        rate=rate,
        cost=cost,
        p=first.p,
        k=k,
        scale=scale,
        u=u,
        n=first.n,
        r=first.r,
        entry=drawn,
    )


def design_rates(
    exploration: Exploration,
    rows: Explorable,
    spent: Mapping[str, Spent],
    most: Mapping[str, float] | None = None,
) -> Rates:
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
    return rates(exploration, window, rows.day[at & rows.now], spent, most)


def draw(salt: str, word: str, application: pd.Series) -> np.ndarray:
    """A uniform number in [0, 1) per row, shape (n,): a hash, so every replay draws the same.

    SHA-256 of (salt | word | application): each application has a draw of its own in each lottery,
    whoever applies. One draw for all of a subject's would make π of whoever returns wrong: a miss
    at π₁ leaves (π₂ − π₁)/(1 − π₁) of π₂.
    """
    return uniform(f"{salt}|{word}|", as_text(application))


def brake(explored: np.ndarray, day: np.ndarray, room: Mapping[str, float]) -> np.ndarray:
    """True for rows, in order of time, after what a day has room for is full: they have π = 0."""
    stopped = np.zeros(len(explored), dtype=bool)
    for today in pd.unique(day) if room else ():
        rows = day == today
        before = np.cumsum(explored[rows]) - explored[rows]
        stopped[rows] = before >= room[str(today)]
    return stopped
