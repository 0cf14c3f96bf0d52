"""What is watched: each series as a running ratio of pseudo-labels, or as the AUC so far."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from truerisk.measurement.watching.sequence import (
    Sequence,
    confidence_sequence,
    half_width,
)
from truerisk.measurement.watching.watched import Watched
from truerisk.statistics import influence
from truerisk.statistics.ranking import sorted_ranking

NAMES = (
    "event_rate",
    "calibration_error",
    "calibration_error_approved",
    "brier",
    "auc",
    "policy_value",
    "value_error",
)
OF_EVENTS = ("event_rate", "calibration_error", "calibration_error_approved")


@dataclass(frozen=True)
class Series:
    """Σ(up·a + down·b) / Σ(a + b) over ``on``'s rows; AUC where up is null."""

    name: str
    on: Watched
    up: np.ndarray | None
    down: np.ndarray | None

    @property
    def null(self) -> int:
        """Rows whose dollars are null."""
        return 0 if self.up is None else int(np.isnan(self.up).sum())

    @property
    def size(self) -> np.ndarray:
        """How much the outcome of each row matters, |up − down|; ones for AUC."""
        if self.up is None or self.down is None:
            return np.ones(len(self.on))
        return np.abs(self.up - self.down)

    def where(self, mask: np.ndarray, first: int) -> "Series":
        up = None if self.up is None else self.up[mask]
        down = None if self.down is None else self.down[mask]
        return Series(self.name, self.on.where(mask).from_look(first), up, down)

    def sequence(self, alpha: float, best_week: float, first: int) -> Sequence:
        """The sequence; where outcomes are unseen it holds all that they may be."""
        on = self.on
        found = self._of(on.a, on.b, alpha, best_week, first)
        unseen = on.rows.unseen
        if not unseen.any():
            return found
        if self.up is None or self.down is None:
            slope = influence.auc(on.a, on.b, on.rows.ranking).slope
        else:
            slope = self.up - self.down
        lowest = np.where(slope > 0, on.least, on.most)
        highest = np.where(slope > 0, on.most, on.least)
        ends = [
            self._of(a, np.where(unseen, 1 - a, on.b), alpha, best_week, first)
            for a in (lowest, highest)
        ]
        low, high = np.minimum(found.low, ends[0].low), np.maximum(found.high, ends[1].high)
        return replace(found, low=low, high=high)

    def _of(
        self, a: np.ndarray, b: np.ndarray, alpha: float, best_week: float, first: int
    ) -> Sequence:
        if self.up is None or self.down is None:
            return _auc(a, b, self.on, alpha, best_week, first)
        sums = self.up * a + self.down * b
        return confidence_sequence(sums, a + b, self.on.units, alpha, best_week, first)


def every_series(on: Watched) -> Iterator[Series]:
    """In the order of NAMES; dollars only where the log has them."""
    s, ones, zeros = on.rows.score, np.ones(len(on)), np.zeros(len(on))
    yield Series("event_rate", on, ones, zeros)
    calibration = Series("calibration_error", on, 1 - s, -s)
    yield calibration
    sure = on.rows.pi == 1
    if sure.any():
        yield replace(calibration.where(sure, 0), name="calibration_error_approved")
    yield Series("brier", on, (1 - s) ** 2, s**2)
    yield Series("auc", on, None, None)
    if on.if_event is not None:
        yield Series("policy_value", on, on.if_event, on.if_no_event)
    if (error := unforeseen(on)) is not None:
        yield error


def unforeseen(on: Watched) -> Series | None:
    """Dollars that outcomes bring beyond what the scores said, (ỹ − s)(v₁ − v₀) an application.

    An error of the scores costs only where it meets an amount that was decided: the mean error
    times the mean amount would charge the declined's errors to the approved.
    """
    if on.if_event is None or on.if_no_event is None:
        return None
    s, gap = on.rows.score, on.if_event - on.if_no_event
    return Series("value_error", on, (1 - s) * gap, -s * gap)


def _auc(
    a: np.ndarray, b: np.ndarray, on: Watched, alpha: float, best_week: float, first: int
) -> Sequence:
    """AUC of all rows so far at each look, with the spread of its influence function then.

    AUC is asymptotically linear, so the sequence holds for it as for a mean of influence values
    (arXiv 2103.06476, section 3); nothing is frozen, every pair of released rows counts.
    """
    pace = confidence_sequence(a, a + b, on.units, alpha, best_week, first)
    value, se = np.zeros_like(pace.se), np.zeros_like(pace.se)
    order = on.rows.ranking.order  # sorted once: what remains of sorted rows is sorted
    a, b, score, code, look = (x[order] for x in (a, b, on.rows.score, on.rows.code, on.look))
    by, clusters = sorted_ranking(score), on.units.clusters(int(look.max()) + 1)[first:]
    # From the last look back: rows leave by a weight of 0, and once half have left, for good.
    for i in reversed(range(len(value))):
        left = look <= first + i
        if 2 * left.sum() < len(left):
            kept = np.flatnonzero(left)
            a, b, score, code, look = (x[kept] for x in (a, b, score, code, look))
            by, code = sorted_ranking(score), np.unique(code, return_inverse=True)[1]
        else:
            a, b = a * left, b * left
        found = influence.auc(a, b, by)
        sums = np.bincount(code, found.influence)
        value[i] = found.theta
        se[i] = np.sqrt(clusters[i] / max(clusters[i] - 1, 1) * (sums @ sums)) / len(a)
    half = half_width(se, pace.units, pace.t_star, alpha)
    return Sequence(
        value=value,
        se=se,
        low=value - half,
        high=value + half,
        n=pace.n,
        units=pace.units,
        t_star=pace.t_star,
    )
