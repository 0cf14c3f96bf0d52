"""Recall, precision and false positives of whom a score flags: above a threshold, up to a capacity
or until enough of the events are flagged, whose thresholds are themselves estimated."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.daily import daily_ranking
from truerisk.statistics.influence import Numbers, Ratio, Rowwise, Value, nothing
from truerisk.statistics.ranking import Ranking, ranking

NEIGHBOURS = 0.8  # rows of a local mean: n to this power


@dataclass(frozen=True)
class Flags:
    """``f`` (n,) in [0, 1]: whether a row is flagged; ties at the last place share it.

    Where the threshold was estimated to flag a ``share`` of all rows, or with it the share
    ``recall`` of the events, ``near`` are the places of the rows around that threshold.
    """

    f: np.ndarray
    share: float | None = None
    near: np.ndarray | None = None
    recall: float | None = None


def at_threshold(score: np.ndarray, threshold: float) -> Flags:
    """Flag scores of at least ``threshold``."""
    return Flags(score >= threshold)


def at_share(score: np.ndarray | Ranking, share: float) -> Flags:
    """Flag the share q with the highest scores; equal scores at the cutoff are flagged in part."""
    by = score if isinstance(score, Ranking) else ranking(score)
    n, room, edges = len(by), share * len(by), np.append(by.first, len(by))
    last = n - 1 - min(max(int(np.ceil(room)) - 1, 0), n - 1)  # the place of the last flagged
    at = _set_of(edges, last)
    first, end = edges[at : at + 2]
    f = np.zeros(n)
    f[by.order[end:]] = 1
    f[by.order[first:end]] = np.clip((room - (n - end)) / (end - first), 0, 1)
    # The nearest rows by rank: as many as are near lie on either side of the cutoff's own set.
    reach = max(int(n**NEIGHBOURS), 1) - 1
    low, high = (_set_of(edges, k) for k in (max(first - reach - 1, 0), min(end + reach, n - 1)))
    around = edges[low : high + 2]
    size = np.diff(around)
    far = np.abs(around[:-1] + size / 2 - (first + (end - first) / 2))
    near = np.flatnonzero(far <= np.partition(np.repeat(far, size), reach)[reach])
    return Flags(f, share, np.sort(by.order[around[near[0]] : around[near[-1] + 1]]))


def at_recall(by: Ranking, a: np.ndarray, recall: float) -> Flags:
    """Flag the highest scores until they hold a share ``recall`` of the event weight, Σaf = r·Σa.

    As few rows as hold it: doubly robust weights may be negative, so that fewer can hold more.
    """
    sets = np.add.reduceat(a[by.order], by.first)[::-1]
    size, held, wanted = by.size[::-1], np.cumsum(sets), recall * a.sum()
    at = min(int(np.argmax(held >= wanted)) if (held >= wanted).any() else len(sets), len(sets) - 1)
    part = np.clip((wanted - (held[at] - sets[at])) / sets[at], 0, 1) if sets[at] else 1.0
    found = at_share(by, float(size[:at].sum() + part * size[at]) / len(by))
    return Flags(found.f, found.share, found.near, recall)


def _set_of(edges: np.ndarray, place: int) -> int:
    """Which set of equal scores a place is in."""
    return int(np.searchsorted(edges, place, "right")) - 1


def per_day(score: np.ndarray, day: np.ndarray, capacity: float) -> Flags:
    """Flag up to ``capacity`` rows of each day, highest scores first.

    Days are then the units that vary: an interval must be clustered by day as well.
    """
    return Flags(daily_ranking(score, day).up_to(capacity))


def recall(rows: Rows, p: Pseudo, flags: Flags) -> Value:
    """Share of events that are flagged, Σaf / Σa.

    At a share q: IF = [af − Rec·a − μ_t(f − q)] / E[a].
    """
    return _flagged(p, flags, lambda a, b, f: (a * f, a, f, 1.0))


def precision(rows: Rows, p: Pseudo, flags: Flags) -> Value:
    """Share of the flagged that have the event, Σaf / Σ(a + b)f.

    At a share q: IF = [af − Prec·(a + b)f − (μ_t − Prec·ν_t)(f − q)] / E[(a + b)f], ν_t the local
    mean of a + b; with a + b = 1 that is [af − Prec·q − μ_t(f − q)] / q.
    """
    return _flagged(p, flags, lambda a, b, f: (a * f, (a + b) * f, f, 0.0))


def false_positive_rate(rows: Rows, p: Pseudo, flags: Flags) -> Value:
    """Share of those without the event that are flagged, Σbf / Σb."""
    return _flagged(p, flags, lambda a, b, f: (b * f, b, -f, -1.0))


def false_positives(rows: Rows, p: Pseudo, flags: Flags) -> Value:
    """Flagged without the event, per application, Σbf / Σ(a + b)."""
    return _flagged(p, flags, lambda a, b, f: (b * f, a + b, -f, 0.0))


Terms = tuple[np.ndarray, np.ndarray, Numbers, Numbers]


def _flagged(
    p: Pseudo, flags: Flags, of: Callable[[np.ndarray, np.ndarray, Numbers], Terms]
) -> Value:
    """A ratio of what is flagged. An estimated threshold adds −μ_t·(f − q) / mean(den): μ_t is what
    num − θ·den gain, in the local mean at the cutoff, as a row is flagged. One that holds recall r
    adds −(μ_t / α_t)·a(f − r) / mean(den), α_t the local mean of a; NaN where no events are near.
    """
    n = len(flags.f)
    found = Ratio(n, lambda k: of(p.a[k], p.b[k], flags.f[k] * 1.0))
    if flags.share is None or flags.near is None or not np.isfinite(found.theta):
        return found
    on, off = (of(p.a[flags.near], p.b[flags.near], f) for f in (1.0, 0.0))
    gain = float(np.mean(on[0] - off[0] - found.theta * (on[1] - off[1]))) / found.whole
    share, recall = flags.share, flags.recall
    if recall is not None:
        events = float(np.mean(p.a[flags.near]))
        if events <= 0:
            return nothing(n)
        gain /= events

    def made(k: slice) -> tuple[np.ndarray, Numbers]:
        influence, slope = found.at(k)
        if recall is None:
            return influence - gain * (flags.f[k] - share), slope
        over = flags.f[k] - recall
        return influence - gain * p.a[k] * over, slope - gain * over

    return Rowwise(found.theta, n, made)
