"""The metrics that measure() computes, named and bound to thresholds, capacities and policies."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from truerisk.measurement import calibration, cutoff, metrics
from truerisk.measurement.cutoff import Flags
from truerisk.measurement.estimate import Metric
from truerisk.measurement.ks import ks
from truerisk.measurement.metrics import Value
from truerisk.measurement.pseudo import Pseudo
from truerisk.measurement.rows import Rows

AS_RUN = "as run"
FLAGGED = {
    "recall": cutoff.recall,
    "precision": cutoff.precision,
    "false_positive_rate": cutoff.false_positive_rate,
    "false_positives": cutoff.false_positives,
}

FlagsOf = Callable[[Rows], Flags]


def quality() -> Iterator[Metric]:
    """How well the scores rank, and whether they are probabilities."""
    yield Metric("event_rate", lambda r, p: metrics.event_rate(p.a, p.b), share=True)
    yield Metric("auc", _auc("score"), share=True, bounded=False, classes=True)
    yield Metric("ks", ks, share=True, bounded=False, classes=True)
    yield Metric("brier", calibration.brier)
    yield Metric("log_loss", calibration.log_loss)
    yield Metric("calibration_error", calibration.error)
    yield Metric("observed_expected", calibration.observed_expected)
    yield Metric("calibration_intercept", _line(0), bounded=False, classes=True)
    yield Metric("calibration_slope", _line(1), bounded=False, classes=True)


def band(bands: int) -> list[Metric]:
    """What a score band shows; its intervals hold for all bands at once (Bonferroni)."""
    level = 0.05 / bands
    return [
        Metric("event_rate", lambda r, p: metrics.event_rate(p.a, p.b), share=True, level=level),
        Metric("observed_expected", calibration.observed_expected, level=level),
    ]


def flagged(
    thresholds: Sequence[float], shares: Sequence[float], capacities: Sequence[float]
) -> Iterator[Metric]:
    """Recall, precision and false positives above thresholds and at capacities."""
    flags: dict[str, tuple[FlagsOf, bool]] = {}
    flags |= {above(t): (_by_threshold(t), False) for t in thresholds}
    flags |= {highest(q): (_by_share(q), False) for q in shares}
    flags |= {daily(k): (_by_day(k), True) for k in capacities}
    for at, (of, by_day) in flags.items():
        for name, metric in FLAGGED.items():
            yield Metric(
                name,
                _with_flags(metric, of),
                share=name != "false_positives",
                at=at,
                classes=name in ("recall", "false_positive_rate"),
                daily=by_day,
            )
    for t in thresholds:
        yield Metric("event_rate_below", _below(t), share=True, at=f"score < {t:g}")


def _by_threshold(threshold: float) -> FlagsOf:
    return lambda rows: cutoff.at_threshold(rows.score, threshold)


def _by_share(share: float) -> FlagsOf:
    return lambda rows: cutoff.at_share(rows.score, share)


def _by_day(capacity: float) -> FlagsOf:
    return lambda rows: cutoff.per_day(rows.score, rows.day, capacity)


def above(threshold: float) -> str:
    return f"score ≥ {threshold:g}"


def highest(share: float) -> str:
    return f"highest {share:.4g} of all"


def daily(capacity: float) -> str:
    return f"{capacity:g} a day"


def rivals(names: Sequence[str]) -> Iterator[Metric]:
    """Other scores of the same rows: gains over the log's score, paired on one set of labels."""
    for name in names:
        own, other = _auc("score"), _auc(f"rival {name}")
        yield Metric("auc_gain", _gain(other, own), bounded=False, policy=name, classes=True)
        yield Metric("brier_gain", _brier_gain(f"rival {name}"), policy=name)


def values(policies: Mapping[str, object]) -> Iterator[Metric]:
    """Dollars per application of what ran and of changes to it."""
    for name in policies:
        yield Metric("policy_value", _dollars(name), policy=name)
        if name != AS_RUN:
            yield Metric("policy_gain", _gain(_dollars(name), _dollars(AS_RUN)), policy=name)


Of = Callable[[Rows, Pseudo], Value]


def _auc(column: str) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        return metrics.auc(p.a, p.b, rows.score if column == "score" else rows.also[column])

    return of


def _line(which: int) -> Of:
    return lambda rows, p: calibration.line(rows, p)[which]


def _with_flags(metric: Callable[[Rows, Pseudo, Flags], Value], flags: FlagsOf) -> Of:
    return lambda rows, p: metric(rows, p, flags(rows))


def _below(threshold: float) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        f = (rows.score < threshold).astype(float)
        return metrics.ratio(f * p.a, f * (p.a + p.b), f)

    return of


def _gain(new: Of, old: Of) -> Of:
    """New minus old on the same pseudo-labels: the SE is that of the difference of influences."""

    def of(rows: Rows, p: Pseudo) -> Value:
        one, two = new(rows, p), old(rows, p)
        return Value(one.theta - two.theta, one.influence - two.influence, one.slope - two.slope)

    return of


def _brier_gain(column: str) -> Of:
    """How much smaller the other score's squared error is."""

    def of(rows: Rows, p: Pseudo) -> Value:
        s, r = rows.score, rows.also[column]
        by_event, by_none = (1 - s) ** 2 - (1 - r) ** 2, s**2 - r**2
        return metrics.ratio(p.a * by_event + p.b * by_none, p.a + p.b, by_event - by_none)

    return of


def _dollars(policy: str) -> Of:
    def of(rows: Rows, p: Pseudo) -> Value:
        if_event, if_no_event = (rows.also[f"{policy} {side}"] for side in (1, 0))
        return metrics.dollars(p.a, p.b, if_event, if_no_event)

    return of
