"""The metrics of scores that measure() computes, bound to thresholds, capacities and rivals."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import cast

import numpy as np

from truerisk.measurement.estimate import Metric
from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.metrics import calibration, cutoff
from truerisk.measurement.metrics.cutoff import Flags
from truerisk.measurement.metrics.ks import ks
from truerisk.measurement.metrics.policies import Of, gain
from truerisk.measurement.options import Flagging
from truerisk.statistics import influence
from truerisk.statistics.influence import Value

FLAGGED = {
    "recall": cutoff.recall,
    "precision": cutoff.precision,
    "false_positive_rate": cutoff.false_positive_rate,
    "false_positives": cutoff.false_positives,
}

BOTH = (0, 1)
NEEDS = {"recall": (1,), "false_positive_rate": (0,)}


class Kind(Enum):
    ABOVE = "score ≥ {}"
    BELOW = "score < {}"
    SHARE = "highest {} of all"
    DAILY = "{} a day"
    RECALL = "recall {}"


@dataclass(frozen=True)
class At:
    """Where a metric of the flagged is taken: a threshold, a share of all or of the events, or so
    many a day."""

    kind: Kind
    value: float

    def __str__(self) -> str:
        short = f"{self.value:g}"
        return self.kind.value.format(short if float(short) == self.value else repr(self.value))

    def flags(self, rows: Rows, p: Pseudo) -> Flags:
        """Whom it flags, found once for all metrics unless the outcomes say whom."""
        if self.kind is Kind.RECALL:
            return cutoff.at_recall(rows.ranking, p.a, self.value)
        if self not in rows.shared:
            rows.shared[self] = self._flags(rows)
        return cast(Flags, rows.shared[self])

    def _flags(self, rows: Rows) -> Flags:
        if self.kind is Kind.DAILY:
            return cutoff.per_day(rows.score, rows.day, self.value)
        if self.kind is Kind.SHARE:
            return cutoff.at_share(rows.ranking, self.value)
        return cutoff.at_threshold(rows.score, self.value)


def quality() -> Iterator[Metric]:
    """How well the scores rank, and whether they are probabilities."""
    yield Metric(name="event_rate", of=_event_rate, share=True)
    yield Metric(name="auc", of=_auc(), share=True, bounded=False, needs=BOTH)
    yield Metric(name="ks", of=ks, share=True, bounded=False, needs=BOTH)
    yield Metric(name="brier", of=calibration.brier)
    yield Metric(name="log_loss", of=calibration.log_loss)
    yield Metric(name="calibration_error", of=calibration.error)
    yield Metric(name="observed_expected", of=calibration.observed_expected)
    yield Metric(name="calibration_intercept", of=_line(0), bounded=False, needs=BOTH)
    yield Metric(name="calibration_slope", of=_line(1), bounded=False, needs=BOTH)


def band(bands: int, at: str) -> list[Metric]:
    """What a score band shows; its intervals hold for all bands at once (Bonferroni)."""
    level = 0.05 / bands
    return [
        Metric(name="event_rate", of=_event_rate, share=True, level=level, at=at),
        Metric(name="observed_expected", of=calibration.observed_expected, level=level, at=at),
    ]


def flagged(flagging: Flagging) -> Iterator[Metric]:
    """Recall, precision and false positives above thresholds, at capacities and at recalls."""
    asked = [
        *((Kind.ABOVE, t) for t in flagging.thresholds),
        *((Kind.SHARE, q) for q in flagging.shares),
        *((Kind.DAILY, k) for k in flagging.capacities),
        *((Kind.RECALL, r) for r in flagging.recalls),
    ]
    for at in dict.fromkeys(At(kind, float(value)) for kind, value in asked):
        held = at.kind is Kind.RECALL
        for name, metric in FLAGGED.items():
            if held and name == "recall":
                continue
            yield Metric(
                name=name,
                of=_with_flags(metric, at),
                share=name != "false_positives",
                at=at,
                needs=BOTH if held else NEEDS.get(name, ()),
                daily=at.kind is Kind.DAILY,
            )
    for t in dict.fromkeys(map(float, [*flagging.thresholds, *flagging.below])):
        yield Metric(name="event_rate_below", of=_below(t), share=True, at=At(Kind.BELOW, t))


def rivals(names: Sequence[str]) -> Iterator[Metric]:
    """Other scores of the same rows: gains over the log's score, paired on one set of labels."""
    for name in names:
        better = gain(_auc(rival(name)), _auc())
        yield Metric(name="auc_gain", of=better, bounded=False, policy=name, needs=BOTH)
        yield Metric(name="brier_gain", of=_brier_gain(name), policy=name)


def _event_rate(rows: Rows, p: Pseudo) -> Value:
    return influence.event_rate(p.a, p.b)


def rival(name: str) -> tuple[str, str]:
    """The key of another score's column."""
    return "rival", name


def _auc(column: Hashable = None) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        return influence.auc(p.a, p.b, rows.ranking if column is None else rows.also[column])

    return of


def _line(which: int) -> Of:
    return lambda rows, p: calibration.line(rows, p)[which]


def _with_flags(metric: Callable[[Rows, Pseudo, Flags], Value], at: At) -> Of:
    return lambda rows, p: metric(rows, p, at.flags(rows, p))


def _below(threshold: float) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        def terms(k: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
            f = (rows.score[k] < threshold) * 1.0
            return f * p.a[k], f * (p.a[k] + p.b[k]), f, 0.0

        return influence.Ratio(len(rows), terms)

    return of


def _brier_gain(name: str) -> Of:
    """How much smaller the other score's squared error is."""

    def of(rows: Rows, p: Pseudo) -> Value:
        other = rows.also[rival(name)]

        def terms(k: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
            s, r, a, b = rows.score[k], other[k], p.a[k], p.b[k]
            by_event, by_none = (1 - s) ** 2 - (1 - r) ** 2, s**2 - r**2
            return a * by_event + b * by_none, a + b, by_event - by_none, 0.0

        return influence.Ratio(len(rows), terms)

    return of
