"""The Kolmogorov–Smirnov distance between those with the event and those without."""

import numpy as np
import pandas as pd

from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.influence import Value

RESAMPLES = 30
LEAST_RESAMPLES = 5
WORK = 2_000_000  # rows times resamples
SEED = 0


def ks(rows: Rows, p: Pseudo) -> Value:
    """max_t |A(t) − B(t)|, A and B the shares of Σa and Σb at scores ≤ t, less its own bias.

    A maximum is biased upward: the mean excess of KS over clusters resampled (Poisson bootstrap,
    fixed seed) is taken off. The influence function is that of A − B at the maximum.
    """
    order, last = rows.ranking.order, rows.ranking.last
    a, b = p.a[order], p.b[order]
    if not a.sum() or not b.sum():
        return Value(np.nan, np.zeros(len(a)), np.zeros(len(a)))
    gap = np.cumsum(a)[last] / a.sum() - np.cumsum(b)[last] / b.sum()
    at = int(np.round(np.abs(gap), 12).argmax())
    sign = np.sign(gap[at]) or 1.0
    f = (rows.score <= rows.score[order[last[at]]]).astype(float)
    share_a, share_b = (p.a * f).sum() / p.a.sum(), (p.b * f).sum() / p.b.sum()
    influence = p.a * (f - share_a) / p.a.mean() - p.b * (f - share_b) / p.b.mean()
    theta = abs(float(gap[at]))
    excess = _resampled(a, b, last, pd.factorize(rows.cluster[order])[0]) - theta
    slope = sign * ((f - share_a) / p.a.mean() + (f - share_b) / p.b.mean())
    return Value(float(np.clip(theta - excess, 0, 1)), sign * influence, slope)


def _resampled(a: np.ndarray, b: np.ndarray, last: np.ndarray, cluster: np.ndarray) -> float:
    """The mean of KS over Poisson resamples of clusters."""
    rng = np.random.default_rng(SEED)
    count = int(np.clip(WORK // len(a), LEAST_RESAMPLES, RESAMPLES))
    clusters, found = int(cluster.max()) + 1, []
    for _ in range(count):
        w = rng.poisson(1.0, clusters)[cluster]
        up, down = np.cumsum(w * a), np.cumsum(w * b)
        if up[-1] > 0 and down[-1] > 0:
            found.append(np.abs(up[last] / up[-1] - down[last] / down[-1]).max())
    return float(np.mean(found)) if found else 0.0
