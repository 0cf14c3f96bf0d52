"""A batch as exploration sees it: who may be explored, what it costs, what it would teach."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from truerisk.decisions import sensitivity
from truerisk.decisions.policy import Choice
from truerisk.decisions.sensitivity import Sensitivity
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Exploration, Problem

LEAST_COST = 1.0  # dollars
Z = 1.959963984540054  # a 95% interval is ± Z standard errors


@dataclass(frozen=True)
class Explorable:
    """Every application of a batch; arrays of shape (n,), dollars in expectation at ``p``.

    ``open`` rows may be explored: the policy hides their outcome, and no absolute rule decided.
    ``eligible`` rows have or may get a chance to be revealed. ``p`` is the score recalibrated for
    everyone, ``variance`` v = p(1 − p) + (p − m)², with the score for the outcome model m: both
    learnt from the approved. ``own`` is what the policy's own action is worth, ``cost`` what
    revealing loses against it, at least $1, 0 where a row is not open. ``stake`` is |dollars of
    the policy's action − dollars of what another model would do instead|.
    """

    open: np.ndarray
    eligible: np.ndarray
    day: np.ndarray
    p: np.ndarray
    variance: np.ndarray
    own: np.ndarray
    cost: np.ndarray
    stake: np.ndarray
    metrics: dict[str, Sensitivity] = field(repr=False)

    @property
    def profit(self) -> float:
        """Expected dollars of the policy's own actions, the whole batch."""
        return float(self.own.sum())


def explorable(
    problem: Problem,
    scored: pd.DataFrame,
    choice: Choice,
    money: tuple[np.ndarray, np.ndarray],
    calibration: Calibration,
) -> Explorable:
    """The batch's rows before any draw; ``scored`` holds ``score`` and ``as_of`` (UTC).

    A day is the UTC day of as_of. The problem explores.
    """
    assert problem.exploration is not None
    rows, score = np.arange(len(scored)), scored["score"].to_numpy(dtype=float)
    reveals = np.array([action.reveals for action in problem.actions.values()])
    to = list(problem.actions).index(problem.exploration.action)
    hidden = ~reveals[choice.action]
    p = calibration.apply(score)
    expected = p[:, None] * money[0] + (1 - p)[:, None] * money[1]
    own = expected[rows, choice.action]
    open_ = hidden & ~choice.absolute
    # What another model would do instead: reveal, or the best of what hides the outcome.
    best_hidden = np.where(reveals, -np.inf, choice.expected).argmax(axis=1)
    other = np.where(hidden, to, best_hidden)
    eligible = open_ | ~hidden
    gain = [side[rows, other] - side[rows, choice.action] for side in money]
    free = pd.isna(choice.rule)
    return Explorable(
        open_,
        eligible,
        scored["as_of"].dt.tz_convert("UTC").dt.strftime("%Y-%m-%d").to_numpy(dtype=str),
        p,
        p * (1 - p) + (p - score) ** 2,
        own,
        np.where(open_, np.maximum(own - expected[:, to], LEAST_COST), 0.0),
        np.abs(own - expected[rows, other]),
        {
            "event_rate": sensitivity.event_rate(p, eligible),
            "auc": sensitivity.auc(p, score, eligible),
            "profit": sensitivity.profit(p, score, gain[0], gain[1], free, eligible),
        },
    )


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
