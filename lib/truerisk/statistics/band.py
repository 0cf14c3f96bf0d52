"""A band that holds a whole curve at once, from the influence functions of its points."""

import numpy as np

from truerisk.statistics.interval import LEVEL, SEED

DRAWS = 1_000


def simultaneous(sums: np.ndarray, level: float = LEVEL, draws: int = DRAWS) -> float:
    """How many standard errors a band reaches to either side, so that it misses any point of the
    curve with a chance of ``level``.

    ``sums`` (clusters, points) are each cluster's influence functions added up. The multiplier
    bootstrap of clusters: the level's quantile of the greatest studentised deviation
    max_q |Σ_c ξ_c S_c(q)| / √Σ_c S_c(q)², ξ normal (Chernozhukov, Chetverikov & Kato 2013). With
    normal multipliers these deviations are, given the data, normal with the points' correlation:
    they are drawn from it, whatever the number of clusters. Points that nothing moves are left out;
    NaN where all are.
    """
    spread = np.sqrt((sums**2).sum(axis=0))
    moved = spread > 0
    if not moved.any():
        return float("nan")
    correlation = (sums[:, moved] / spread[moved]).T @ (sums[:, moved] / spread[moved])
    size, axes = np.linalg.eigh(correlation)
    normal = np.random.default_rng(SEED).normal(size=(draws, len(size)))
    deviation = normal @ (axes * np.sqrt(np.maximum(size, 0))).T
    return float(np.quantile(np.abs(deviation).max(axis=1), 1 - level))
