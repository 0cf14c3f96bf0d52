"""What is watched: each series as a running ratio of pseudo-labels, or as the AUC so far."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from truerisk.columns import chance_of, value_of, valued_actions
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.watching.release import Released
from truerisk.measurement.watching.sequence import (
    Sequence,
    Units,
    confidence_sequence,
    half_width,
    units_of,
)
from truerisk.statistics import influence
from truerisk.statistics.interval import clustered_se
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


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Rows that a series is about; arrays of shape (n,).

    ``a`` and ``b`` are the weights of the event and of no event, ``w`` that of what is seen,
    ``least`` and ``most`` what a
    would be if an unseen outcome were no event, or one. ``if_event`` and ``if_no_event`` are the
    dollars of the policy that ran, Σ_a p_a·v_a, null without dollars.
    """

    rows: Rows
    a: np.ndarray
    b: np.ndarray
    w: np.ndarray
    least: np.ndarray
    most: np.ndarray
    look: np.ndarray
    if_event: np.ndarray | None
    if_no_event: np.ndarray | None

    def __len__(self) -> int:
        return len(self.look)

    def where(self, mask: np.ndarray) -> "Watched":
        one, none = (None if v is None else v[mask] for v in (self.if_event, self.if_no_event))
        return Watched(
            rows=self.rows.where(mask), a=self.a[mask], b=self.b[mask], w=self.w[mask],
            least=self.least[mask], most=self.most[mask], look=self.look[mask],
            if_event=one, if_no_event=none,
        )  # fmt: skip

    @cached_property
    def units(self) -> Units:
        """The cluster-weeks of the rows."""
        return units_of(self.rows.cluster, self.look)

    @cached_property
    def subjects(self) -> dict[str, np.ndarray]:
        """Subjects with a row of each kind at or before each look, (looks,)."""
        rows = self.rows
        kinds = {
            "explored": rows.seen & (rows.pi < 1),
            "labels": rows.seen,
            "events": rows.seen & (rows.y == 1),
            "others": rows.seen & (rows.y == 0),
            "needed": rows.pi < 1,
        }
        return {kind: self._subjects(mask) for kind, mask in kinds.items()}

    def _subjects(self, mask: np.ndarray) -> np.ndarray:
        first = np.full(int(self.rows.code.max()) + 1, -1)
        # Rows are in order of time; written backwards, each subject's earliest look is what stays.
        first[self.rows.code[mask][::-1]] = self.look[mask][::-1]
        return np.cumsum(np.bincount(first[first >= 0], minlength=int(self.look.max()) + 1))

    def from_look(self, first: int) -> "Watched":
        return replace(self, look=self.look - first)


def watched_rows(released: Released) -> Watched:
    """The released rows with both worst cases of their unseen outcomes."""
    ground, keep = released.ground, released.keep
    rows, m = ground.rows.where(keep), ground.m[keep]
    a, b, w = ground.a[keep], ground.b[keep], ground.w[keep]
    least, most = (np.where(rows.unseen, m + (u - m) / rows.pi, a) for u in (0.0, 1.0))
    dollars: list[np.ndarray | None] = [None, None]
    frame = ground.frame.loc[keep]
    if actions := valued_actions(frame.columns):
        for i, ending in enumerate(("if_event", "if_no_event")):
            parts = (frame[chance_of(c)] * frame[value_of(c, ending)] for c in actions)
            dollars[i] = sum(parts, pd.Series(0.0, frame.index)).to_numpy(dtype=float)
    return Watched(
        rows=rows, a=a, b=b, w=w, least=least, most=most, look=released.look,
        if_event=dollars[0], if_no_event=dollars[1],
    )  # fmt: skip


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
    a, b, score, code = a[order], b[order], on.rows.score[order], on.rows.code[order]
    look = on.look[order]
    for i in range(len(value)):
        k = look <= first + i
        found = influence.auc(a[k], b[k], sorted_ranking(score[k]))
        value[i], se[i] = found.theta, clustered_se(found.influence, code[k])
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
