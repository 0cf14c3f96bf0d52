"""The Kolmogorov–Smirnov distance between those with the event and those without."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import numpy as np

from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.blocks import blocks
from truerisk.statistics.influence import Rowwise, Value, nothing

RESAMPLES = 5, 30  # at least and at most
WORK = 2_000_000  # rows times resamples
SEED = 0
TIMES = "times"  # each row is in a resample: what estimators of one population share


def ks(rows: Rows, p: Pseudo) -> Value:
    """max_t |A(t) − B(t)|, A and B the shares of Σa and Σb at scores ≤ t, less its own bias.

    A maximum is biased upward: the mean excess of KS over clusters resampled (Poisson bootstrap,
    fixed seed) is taken off. The influence function is that of A − B at the maximum.
    """
    n, order, last = len(rows), rows.ranking.order, rows.ranking.last
    a, b = p.a.take(order), p.b.take(order)
    all_a, all_b = float(a.sum()), float(b.sum())
    if not all_a or not all_b:
        return nothing(n)
    times = _resamples(rows)
    furthest, size, place = 0.0, -1.0, 0
    for gaps, places in _gaps(lambda k: a[k] / all_a - b[k] / all_b, last):
        rounded = np.round(np.abs(gaps), 12)
        at = int(rounded.argmax())
        if rounded[at] > size:
            furthest, size, place = float(gaps[at]), float(rounded[at]), int(places[at])
    theta, sign = abs(furthest), float(np.sign(furthest) or 1.0)
    cutoff = rows.score[order[place]]
    share_a, share_b = a[: place + 1].sum() / all_a, b[: place + 1].sum() / all_b
    excess = _resampled(a, b, last, times()) - theta
    per_a, per_b = sign * n / all_a, sign * n / all_b

    def made(k: slice) -> tuple[np.ndarray, np.ndarray]:
        f = (rows.score[k] <= cutoff) * 1.0
        for_, against = per_a * (f - share_a), per_b * (f - share_b)
        return p.a[k] * for_ - p.b[k] * against, for_ + against

    return Rowwise(float(np.clip(theta - excess, 0, 1)), n, made)


def _resamples(rows: Rows) -> Callable[[], list[np.ndarray]]:
    """Asked for later: how often each row, in the order of scores, is in each Poisson resample of
    clusters. Many are drawn meanwhile, in a thread of their own, which needs no lock of Python's.
    """
    if TIMES in rows.shared:
        return lambda: rows.shared[TIMES]
    count = int(np.clip(WORK // len(rows), *RESAMPLES))
    size = count * rows.clusters
    if size <= WORK:
        drawn: Callable[[], np.ndarray] = partial(_draws, 1 << (size - 1).bit_length())
    else:
        pool = ThreadPoolExecutor(1)
        drawn = pool.submit(_drawn, size).result
        pool.shutdown(wait=False)

    def times() -> list[np.ndarray]:
        few_codes = rows.cluster.max() < 2 * len(rows)  # without a row of their own
        code = rows.cluster if few_codes else rows.code
        number = _by_appearance(code.take(rows.ranking.order))
        rows.shared[TIMES] = [times.take(number) for times in drawn()[:size].reshape(count, -1)]
        return rows.shared[TIMES]

    return times


def _drawn(size: int) -> np.ndarray:
    """Poisson draws of mean 1, (size,), of which fewer are the first."""
    rng, made = np.random.default_rng(SEED), np.empty(size, dtype=np.int8)
    for k in blocks(size):
        made[k] = rng.poisson(1.0, k.stop - k.start)
    return made


_draws = cache(_drawn)  # the same for every group


def _by_appearance(code: np.ndarray) -> np.ndarray:
    """0 for the code that comes first, 1 for the next new one, and so on; (n,)."""
    first = np.zeros(int(code.max()) + 1, dtype=np.int32)
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1, dtype=np.int32)  # the last that is set
    new = np.zeros(len(code), dtype=bool)
    new[first] = True  # the first row is new, if only to codes that no row has
    number = np.empty(len(first), dtype=np.intp)
    found = code[new]
    number[found] = np.arange(len(found))
    return number.take(code)


def _resampled(a: np.ndarray, b: np.ndarray, last: np.ndarray, times: list[np.ndarray]) -> float:
    """The mean of KS over resamples."""
    found = [_distance(a, b, last, w) for w in times]
    known = [distance for distance in found if distance is not None]
    return float(np.mean(known)) if known else 0.0


def _distance(a: np.ndarray, b: np.ndarray, last: np.ndarray, w: np.ndarray) -> float | None:
    """KS of rows that are there ``w`` times; None where all weight is on one side."""
    total_a, total_b = (sum(float(w[k] @ v[k]) for k in blocks(len(w))) for v in (a, b))
    if not (total_a > 0 and total_b > 0):
        return None
    each = _gaps(lambda k: w[k] * (a[k] / total_a - b[k] / total_b), last)
    return max(max(float(gaps.max()), -float(gaps.min())) for gaps, _ in each)


def _gaps(
    each: Callable[[slice], np.ndarray], last: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Running sums of what each row adds, at the ``last`` row of each score, with these places."""
    n, gap = int(last[-1]) + 1, 0.0
    edges = np.searchsorted(last, [0, *(k.stop for k in blocks(n))])
    for k, i, j in zip(blocks(n), edges, edges[1:]):
        gaps = np.cumsum(each(k)) + gap
        gap = gaps[-1]
        if i < j:
            yield gaps if j - i == len(gaps) else gaps[last[i:j] - k.start], last[i:j]
