"""PSI, and how large it may be by chance.

PSI = Σ (q − p) ln(q / p) over bins with shares p in the reference and q in the batch. With n and m
rows and no change it is distributed as χ²(B − 1) · (1/n + 1/m) for B bins (Yurdakul, Statistical
properties of the population stability index, Western Michigan University 2018), so the usual fixed
0.1 and 0.25 mean different things for different batches, and a quantile of that does not.
"""

from dataclasses import dataclass

import numpy as np

CHANCE = 0.001  # how often a column that did not change is flagged
EXPECTED = 5  # rows that a bin of its own must lead one to expect, as for any χ²
PER_PART = 8  # rows for each part that numbers are cut into
HALF = 0.5  # added to every bin, so that an empty one has a logarithm


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
    n, m = int(reference.sum()), int(batch.sum())
    if not n or not m:
        return None
    thin = reference * min(1.0, m / n) < EXPECTED
    r, b = reference[~thin], batch[~thin]
    if reference[thin].sum() + batch[thin].sum():
        r, b = np.append(r, reference[thin].sum()), np.append(b, batch[thin].sum())
    if len(r) < 2 or not (~thin).any():
        return None
    # Here, because scipy takes a while to load.
    from scipy.special import chdtri  # type: ignore[import-untyped]

    p = (r + HALF) / (n + HALF * len(r))
    q = (b + HALF) / (m + HALF * len(r))
    psi = float(((q - p) * np.log(q / p)).sum())
    return Stability(psi, float(chdtri(len(r) - 1, CHANCE) * (1 / n + 1 / m)), len(r))


def number_bins(reference: np.ndarray, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts by decile of the reference (by fewer parts where rows are few), and of nulls (NaN)."""
    known = reference[~np.isnan(reference)]
    if not len(known):
        return np.array([0, len(reference)]), _split_nulls(batch)
    parts = int(np.clip(min(len(known), len(batch)) // PER_PART, 2, 10))
    inner = np.linspace(0, 1, parts + 1)[1:-1]
    edges = np.unique(np.quantile(known, inner, method="inverted_cdf"))
    return _by_edge(reference, edges), _by_edge(batch, edges)


def _by_edge(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    null = np.isnan(values)
    # side="left": a value equal to an edge belongs below it, so a frequent value stays whole.
    at = np.searchsorted(edges, values[~null], side="left")
    return np.append(np.bincount(at, minlength=len(edges) + 1), null.sum())


def _split_nulls(values: np.ndarray) -> np.ndarray:
    null = int(np.isnan(values).sum())
    return np.array([len(values) - null, null])
