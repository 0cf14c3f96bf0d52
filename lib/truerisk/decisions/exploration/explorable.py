"""A batch as exploration sees it: who may be explored, what it costs, what it would teach."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from truerisk.decisions.capacity.calendar import moments
from truerisk.decisions.exploration import sensitivity
from truerisk.decisions.exploration.recent import Recent
from truerisk.decisions.exploration.returning import Chances, earlier, share
from truerisk.decisions.exploration.sensitivity import Sensitivity
from truerisk.decisions.policy import Choice, expected_dollars, of_action, recalibrated, scores
from truerisk.models.calibration import Calibration
from truerisk.problem.exploration import Exploration
from truerisk.problem.spec import Problem
from truerisk.statistics.interval import Z

LEAST_COST = 1.0  # dollars
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, kw_only=True)
class Explorable:
    """A batch, after the recent decisions, as one entry of exploration sees it; arrays of shape
    (n,), dollars in expectation at ``p``.

    ``now`` rows are the batch's own; budgets, and what an estimate hangs on, are of all rows.
    ``open`` rows may be explored: the policy takes a source of the entry, by no absolute rule.
    ``eligible`` rows have or may get a chance to be revealed. ``p`` is the score recalibrated for
    everyone, ``variance`` v = p(1 − p) + (p − m)², with the score for the outcome model m: both
    learnt from the approved. ``own`` is what the policy's own action is worth, ``cost`` what
    revealing loses against it, at least $1, 0 where a row is not open. ``stake`` is |dollars of
    the policy's action − dollars of what another model would do instead|. ``days`` is the time that
    the rows take, ``committed`` the dollars that exploring the recent ones may have lost already.
    """

    now: np.ndarray
    open: np.ndarray
    eligible: np.ndarray
    day: np.ndarray
    p: np.ndarray
    variance: np.ndarray
    own: np.ndarray
    cost: np.ndarray
    stake: np.ndarray
    n: np.ndarray
    r: np.ndarray
    metrics: dict[str, Sensitivity] = field(repr=False)
    days: float = 1.0
    committed: float = 0.0

    @property
    def profit(self) -> float:
        """Expected dollars of the policy's own actions, all rows."""
        return float(self.own.sum())

    def batch(self) -> "Explorable":
        """The batch's own rows alone, with what they teach beside the recent ones."""
        if self.now.all():
            return self
        arrays = {name: a[self.now] for name, a in vars(self).items() if isinstance(a, np.ndarray)}
        metrics = {n: Sensitivity(m.squared[self.now], m.rest) for n, m in self.metrics.items()}
        return replace(self, **arrays, metrics=metrics)


def explorable(
    problem: Problem,
    scored: pd.DataFrame,
    choice: Choice,
    money: tuple[np.ndarray, np.ndarray],
    calibration: Calibration,
    recent: Recent | None = None,
    chances: Chances | None = None,
) -> list[Explorable]:
    """The batch's rows as each entry of the problem's exploration sees them, before any draw.

    ``scored`` is as ``decide`` takes it, in order of time; ``recent`` decisions come first;
    ``chances`` are the subjects' earlier ones. A day is the UTC day of as_of.
    """
    score, as_of, old = scores(problem, scored), scored["as_of"], 0
    p = recalibrated(problem, calibration, score)
    committed = [0.0] * len(problem.exploration)
    if recent is not None:
        old, committed = len(recent.score), recent.committed
        score, p = np.concatenate([recent.score, score]), np.concatenate([recent.p, p])
        as_of = pd.concat([recent.as_of, as_of])
        before, now = vars(recent.choice), vars(choice)
        choice = Choice(**{name: np.concatenate([before[name], now[name]]) for name in now})
        money = np.vstack([recent.money[0], money[0]]), np.vstack([recent.money[1], money[1]])
    names, time = list(problem.actions), as_of.dt.tz_convert(None).to_numpy()
    opened = [
        np.isin(names, problem.explored_from(entry))[choice.action] & ~choice.absolute
        for entry in problem.exploration
    ]
    n = earlier(scored["subject"], scored["as_of"], np.any(opened, axis=0)[old:], chances)
    expected = expected_dollars(p, money)
    shared: dict[str, Any] = {
        "now": np.arange(len(score)) >= old,
        "day": moments(as_of, problem.calendar.zone).day,
        "own": of_action(expected, choice.action),
        "n": np.append(np.zeros(old, dtype="int64"), n),
        "r": share(n) if recent is None else np.append(recent.r, share(n)),
        "days": _days(time),
    }
    shows = {a: actions for actions in problem.outcomes.values() for a in actions}
    found = []
    for entry, open_, spent in zip(problem.exploration, opened, committed, strict=True):
        same = shows[entry.action]  # the actions that show what this entry wants to know
        chance = [o for o, e in zip(opened, problem.exploration) if e.action in same]
        eligible = np.any(chance, axis=0) | np.isin(names, same)[choice.action]
        to = names.index(entry.action)
        part = _Part(open_, eligible, score[:, to], p[:, to])
        gains = _gains(problem, entry, choice, money, expected)
        found.append(_explorable(part, gains, pd.isna(choice.rule), shared, spent))
    return found


@dataclass(frozen=True)
class _Part:
    """Rows that an entry may explore, those that have or may get a chance to be revealed, and the
    score and p of its action's outcome; each (n,)."""

    open: np.ndarray
    eligible: np.ndarray
    score: np.ndarray
    p: np.ndarray


@dataclass(frozen=True)
class _Gains:
    """Dollars of what another model would do instead, less those of the policy's own action: if the
    event happens, if not, and expected; ``cost`` of exploring, before its least; each (n,)."""

    if_event: np.ndarray
    if_no_event: np.ndarray
    expected: np.ndarray
    cost: np.ndarray


def _gains(
    problem: Problem,
    entry: Exploration,
    choice: Choice,
    money: tuple[np.ndarray, np.ndarray],
    expected: np.ndarray,
) -> _Gains:
    """Another model would take the entry's action where the policy takes one of its sources, and
    elsewhere the best of these."""
    names = list(problem.actions)
    to, sources = names.index(entry.action), np.isin(names, problem.explored_from(entry))
    best = np.where(sources, choice.expected, -np.inf).argmax(axis=1)
    other = np.where(sources[choice.action], to, best)
    if_event, if_no_event, whole = (
        of_action(side, other) - of_action(side, choice.action) for side in (*money, expected)
    )
    cost = of_action(expected, choice.action) - expected[:, to]
    return _Gains(if_event, if_no_event, whole, cost)


def _explorable(
    part: _Part, gains: _Gains, free: np.ndarray, shared: dict[str, Any], committed: float
) -> Explorable:
    p, score, eligible = part.p, part.score, part.eligible
    return Explorable(
        open=part.open,
        eligible=eligible,
        p=p,
        variance=p * (1 - p) + (p - score) ** 2,
        cost=np.where(part.open, np.maximum(gains.cost, LEAST_COST), 0.0),
        stake=np.abs(gains.expected),
        metrics={
            "event_rate": sensitivity.event_rate(p, eligible),
            "auc": sensitivity.auc(p, score, eligible),
            "profit": sensitivity.profit(
                p, score, gains.if_event, gains.if_no_event, free, eligible
            ),
        },
        committed=committed,
        **shared,
    )


def _days(time: np.ndarray) -> float:
    """Days that applications at these times stand for; a gap of more than a day counts as one.

    m distinct times have m − 1 gaps between them and stand for m; a single one stands for a day.
    """
    steps = np.diff(np.sort(time))
    gaps = np.minimum(steps[steps > np.timedelta64(0)] / DAY, 1.0)
    return float(gaps.sum() * (1 + 1 / len(gaps))) if len(gaps) else 1.0


def target_variances(exploration: Exploration, rows: Explorable) -> dict[str, float]:
    """V per metric: (width / 2Z)²; the profit's width is a share of the mean stake, at least $1."""
    widths, stake = exploration.widths, rows.stake[rows.eligible]
    dollars = max(float(stake.mean()), 1.0) if len(stake) else 1.0
    wanted = {
        "event_rate": widths.event_rate,
        "auc": widths.auc,
        "profit": widths.profit * dollars,
    }
    return {name: (width / (2 * Z)) ** 2 for name, width in wanted.items()}


def expected_widths(rows: Explorable, pi: np.ndarray) -> dict[str, float]:
    """Width of each metric's 95% interval by the doubly robust estimator, if all outcomes mature.

    2Z √((rest + mean of h² v (1/π − 1)) / n) over the n eligible rows; ``pi`` (n,) is what each
    row is revealed with. Infinite where an eligible row has no chance.
    """
    count = int(rows.eligible.sum())
    never = bool((rows.eligible & rows.open & (pi == 0)).any())
    found = {}
    for name, metric in rows.metrics.items():
        thin = np.divide(1, pi, out=np.ones(len(pi)), where=rows.open & (pi > 0)) - 1
        lost = (metric.squared * rows.variance * thin)[rows.eligible].sum()
        lost = np.inf if never else lost
        found[name] = float(2 * Z * np.sqrt((metric.rest + lost / count) / count))
    return found
