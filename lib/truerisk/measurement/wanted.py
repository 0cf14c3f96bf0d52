"""The metrics of scores that measure() computes, bound to thresholds, capacities and rivals."""

from collections.abc import Callable, Iterator, Sequence

from truerisk.measurement import calibration, cutoff, metrics
from truerisk.measurement.cutoff import Flags
from truerisk.measurement.estimate import Metric
from truerisk.measurement.ks import ks
from truerisk.measurement.metrics import Value
from truerisk.measurement.policies import Of, gain
from truerisk.measurement.pseudo import Pseudo
from truerisk.measurement.rows import Rows

FLAGGED = {
    "recall": cutoff.recall,
    "precision": cutoff.precision,
    "false_positive_rate": cutoff.false_positive_rate,
    "false_positives": cutoff.false_positives,
}

BOTH = (0, 1)
NEEDS = {"recall": (1,), "false_positive_rate": (0,)}

FlagsOf = Callable[[Rows], Flags]


def quality() -> Iterator[Metric]:
    """How well the scores rank, and whether they are probabilities."""
    yield Metric("event_rate", _event_rate, share=True)
    yield Metric("auc", _auc("score"), share=True, bounded=False, needs=BOTH)
    yield Metric("ks", ks, share=True, bounded=False, needs=BOTH)
    yield Metric("brier", calibration.brier)
    yield Metric("log_loss", calibration.log_loss)
    yield Metric("calibration_error", calibration.error)
    yield Metric("observed_expected", calibration.observed_expected)
    yield Metric("calibration_intercept", _line(0), bounded=False, needs=BOTH)
    yield Metric("calibration_slope", _line(1), bounded=False, needs=BOTH)


def band(bands: int) -> list[Metric]:
    """What a score band shows; its intervals hold for all bands at once (Bonferroni)."""
    level = 0.05 / bands
    return [
        Metric("event_rate", _event_rate, share=True, level=level),
        Metric("observed_expected", calibration.observed_expected, level=level),
    ]


def flagged(
    thresholds: Sequence[float], shares: Sequence[float], capacities: Sequence[float]
) -> Iterator[Metric]:
    """Recall, precision and false positives above thresholds and at capacities."""
    flags: dict[str, FlagsOf] = {f"score ≥ {t:g}": _by_threshold(t) for t in thresholds}
    flags |= {f"highest {q:.4g} of all": _by_share(q) for q in shares}
    flags |= {f"{k:g} a day": _by_day(k) for k in capacities}
    for at, of in flags.items():
        for name, metric in FLAGGED.items():
            yield Metric(
                name,
                _with_flags(metric, at, of),
                share=name != "false_positives",
                at=at,
                needs=NEEDS.get(name, ()),
                daily=at.endswith("a day"),
            )
    for t in thresholds:
        yield Metric("event_rate_below", _below(t), share=True, at=f"score < {t:g}")


def rivals(names: Sequence[str]) -> Iterator[Metric]:
    """Other scores of the same rows: gains over the log's score, paired on one set of labels."""
    for name in names:
        better = gain(_auc(f"rival {name}"), _auc("score"))
        yield Metric("auc_gain", better, bounded=False, policy=name, needs=BOTH)
        yield Metric("brier_gain", _brier_gain(f"rival {name}"), policy=name)


def _event_rate(rows: Rows, p: Pseudo) -> Value:
    return metrics.event_rate(p.a, p.b)


def _auc(column: str) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        return metrics.auc(p.a, p.b, rows.score if column == "score" else rows.also[column])

    return of


def _line(which: int) -> Of:
    return lambda rows, p: calibration.line(rows, p)[which]


def _by_threshold(threshold: float) -> FlagsOf:
    return lambda rows: cutoff.at_threshold(rows.score, threshold)


def _by_share(share: float) -> FlagsOf:
    return lambda rows: cutoff.at_share(rows.score, share)


def _by_day(capacity: float) -> FlagsOf:
    return lambda rows: cutoff.per_day(rows.score, rows.day, capacity)


def _with_flags(metric: Callable[[Rows, Pseudo, Flags], Value], at: str, flags: FlagsOf) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        if at not in rows.flags:
            rows.flags[at] = flags(rows)
        return metric(rows, p, rows.flags[at])

    return of


def _below(threshold: float) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        f = (rows.score < threshold).astype(float)
        return metrics.ratio(f * p.a, f * (p.a + p.b), f)

    return of


def _brier_gain(column: str) -> Of:
    """How much smaller the other score's squared error is."""

    def of(rows: Rows, p: Pseudo) -> Value:
        s, r = rows.score, rows.also[column]
        by_event, by_none = (1 - s) ** 2 - (1 - r) ** 2, s**2 - r**2
        return metrics.ratio(p.a * by_event + p.b * by_none, p.a + p.b, by_event - by_none)

    return of
