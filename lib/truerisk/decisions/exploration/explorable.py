"""A batch as exploration sees it: who may be explored, what it costs, what it would teach."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from truerisk.decisions.exploration import sensitivity
from truerisk.decisions.exploration.recent import Recent
from truerisk.decisions.exploration.returning import Chances, earlier, share
from truerisk.decisions.exploration.sensitivity import Sensitivity
from truerisk.decisions.policy import Choice
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Exploration, Problem
from truerisk.statistics.interval import Z

LEAST_COST = 1.0  # dollars
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, kw_only=True)
class Explorable:
    """A batch, after the recent decisions; arrays of shape (n,), dollars in expectation at ``p``.

    ``now`` rows are the batch's own; budgets, and what an estimate hangs on, are of all rows.
    ``open`` rows may be explored: the policy hides their outcome, and no absolute rule decided.
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
) -> Explorable:
    """The batch's rows, in order of time, before any draw; ``scored`` as ``decide`` takes it.

    ``recent`` decisions come first; ``chances`` are the subjects' earlier ones. A day is the UTC
    day of as_of. The problem explores.
    """
    assert problem.exploration is not None
    score, as_of = scored["score"].to_numpy(dtype=float), scored["as_of"]
    p = calibration.apply(score)
    if recent is not None:
        score, p = np.append(recent.score, score), np.append(recent.p, p)
        as_of = pd.concat([recent.as_of, as_of])
        before, now = vars(recent.choice), vars(choice)
        choice = Choice(**{name: np.concatenate([before[name], now[name]]) for name in now})
        money = np.vstack([recent.money[0], money[0]]), np.vstack([recent.money[1], money[1]])
    rows, time = np.arange(len(score)), as_of.dt.tz_convert(None).to_numpy()
    reveals = np.array([action.reveals for action in problem.actions.values()])
    to = list(problem.actions).index(problem.exploration.action)
    hidden = ~reveals[choice.action]
    expected = p[:, None] * money[0] + (1 - p)[:, None] * money[1]
    own = expected[rows, choice.action]
    open_ = hidden & ~choice.absolute
    # What another model would do instead: reveal, or the best of what hides the outcome.
    best_hidden = np.where(reveals, -np.inf, choice.expected).argmax(axis=1)
    other = np.where(hidden, to, best_hidden)
    eligible = open_ | ~hidden
    gain = [side[rows, other] - side[rows, choice.action] for side in money]
    free = pd.isna(choice.rule)
    old = len(score) - len(scored)
    n = earlier(scored["subject"], scored["as_of"], open_[old:], chances)
    r = share(n) if recent is None else np.append(recent.r, share(n))
    return Explorable(
        now=rows >= old,
        open=open_,
        eligible=eligible,
        day=time.astype("datetime64[D]").astype(str),
        p=p,
        variance=p * (1 - p) + (p - score) ** 2,
        own=own,
        cost=np.where(open_, np.maximum(own - expected[:, to], LEAST_COST), 0.0),
        stake=np.abs(own - expected[rows, other]),
        n=np.append(np.zeros(old, dtype="int64"), n),
        r=r,
        metrics={
            "event_rate": sensitivity.event_rate(p, eligible),
            "auc": sensitivity.auc(p, score, eligible),
            "profit": sensitivity.profit(p, score, gain[0], gain[1], free, eligible),
        },
        days=_days(time),
        committed=recent.committed if recent is not None else 0.0,
    )


def _days(time: np.ndarray) -> float:
    """Days that applications at these times stand for; a gap of more than a day counts as one.

    m distinct times have m − 1 gaps between them and stand for m; a single one stands for a day.
    """
    gaps = np.minimum(np.diff(np.unique(time)) / DAY, 1.0)
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
    found = {}
    for name, metric in rows.metrics.items():
        with np.errstate(divide="ignore"):
            thin = np.where(rows.open, 1 / np.where(rows.open, pi, 1.0) - 1, 0.0)
        lost = (metric.squared * rows.variance * thin)[rows.eligible].sum()
        found[name] = float(2 * Z * np.sqrt((metric.rest + lost / count) / count))
    return found
