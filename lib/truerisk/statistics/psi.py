"""PSI, and how large it may be by chance.

PSI = Σ (q − p) ln(q / p) over bins with shares p in the reference and q in the batch. With n and m
rows and no change it is distributed as χ²(B − 1) · (1/n + 1/m) for B bins (Yurdakul, Statistical
properties of the population stability index, Western Michigan University 2018), so the usual fixed
0.1 and 0.25 mean different things for different batches, and a quantile of that does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CHANCE = 0.001  # how often a column that did not change is flagged
EXPECTED = 5  # rows that a bin of its own must lead one to expect, as for any χ²
PER_PART = 8  # rows for each part that numbers are cut into
HALF = 0.5  # added to every bin, so that an empty one has a logarithm
TOP = 20  # categories with a bin of their own


@dataclass(frozen=True)
class Stability:
    """PSI, its critical value and the number of bins that both are about."""

    psi: float
    critical: float
    bins: int

    @property
    def changed(self) -> bool:
        return self.psi > self.critical


def stability(reference: np.ndarray, batch: np.ndarray) -> Stability | None:
    """Compare counts per bin, two arrays of shape (bins,); None where there is nothing to compare.

    Bins too thin to expect 5 rows in are put together, those without rows in the reference too.
    """
    into = merged(reference, batch)
    if into is None:
        return None
    bins = int(into.max()) + 1
    r, b = (np.bincount(into, weights=side, minlength=bins) for side in (reference, batch))
    # Here, because scipy takes a while to load.
    from scipy.special import chdtri

    by_chance = 1 / reference.sum() + 1 / batch.sum()
    return Stability(psi(r, b), float(chdtri(bins - 1, CHANCE) * by_chance), bins)


def psi(reference: np.ndarray, batch: np.ndarray) -> float:
    """Σ (q − p) ln(q / p) of counts per bin, half a row added to each."""
    p = (reference + HALF) / (reference.sum() + HALF * len(reference))
    q = (batch + HALF) / (batch.sum() + HALF * len(batch))
    return float(((q - p) * np.log(q / p)).sum())


def merged(reference: np.ndarray, batch: np.ndarray) -> np.ndarray | None:
    """The bin that each bin of counts goes into, those of less than 5 rows together the last.

    None where fewer than two would be left, or none that is not thin.
    """
    n, m = reference.sum(), batch.sum()
    if not n or not m:
        return None
    thin = reference * min(1.0, m / n) < EXPECTED
    kept = int((~thin).sum())
    last = reference[thin].sum() + batch[thin].sum() > 0
    if not kept or kept + last < 2:
        return None
    # An empty bin counts nowhere: the first one takes it.
    return np.where(thin, kept if last else 0, np.cumsum(~thin) - 1)


def number_bins(reference: np.ndarray, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts by decile of the reference (by fewer parts where rows are few), and of nulls (NaN)."""
    known = int((~np.isnan(reference)).sum())
    edges = number_edges(reference, min(known, len(batch)))
    codes = number_codes(reference, edges), number_codes(batch, edges)
    return tuple(np.bincount(c, minlength=len(edges) + 2) for c in codes)  # type: ignore[return-value]


def number_edges(reference: np.ndarray, rows: float) -> np.ndarray:
    """Inner edges of the parts, fewer where ``rows``, those of the smaller side, are few."""
    known = reference[~np.isnan(reference)]
    if not len(known):
        return np.array([])
    parts = int(np.clip(rows // PER_PART, 2, 10))
    inner = np.linspace(0, 1, parts + 1)[1:-1]
    return np.unique(np.quantile(known, inner, method="inverted_cdf"))


def number_codes(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The part of each value, (n,); nulls are the last, after ``len(edges) + 1`` parts."""
    # side="left": a value equal to an edge belongs below it, so a frequent value stays whole.
    at = np.searchsorted(edges, values, side="left")
    return np.where(np.isnan(values), len(edges) + 1, at)


def category_bins(
    earlier: Sequence[tuple[str | None, int]], now: Sequence[tuple[str | None, int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Counts of the reference's 20 most frequent categories, of all others and of nulls.

    Both sides list value → rows, the most frequent first; None is null.
    """
    at = {v: i for i, v in enumerate(frequent(earlier, sum(n for _, n in now)))}
    sides = []
    for listed in (earlier, now):
        counts = np.zeros(len(at) + 2, dtype=int)
        for value, n in listed:
            counts[len(at) + 1 if value is None else at.get(value, len(at))] += n
        sides.append(counts)
    return sides[0], sides[1]


def frequent(earlier: Sequence[tuple[str | None, int]], rows: float) -> list[str]:
    """The reference's categories with a bin of their own, when compared with so many rows.

    A category too rare to expect 5 rows of it is one of the others: of values that hardly repeat,
    which 20 come first is chance, and says nothing about the batch.
    """
    share = min(1.0, rows / max(1, sum(n for _, n in earlier)))
    return [v for v, n in earlier if v is not None and n * share >= EXPECTED][:TOP]
