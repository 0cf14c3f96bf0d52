"""95% intervals from influence functions, clustered by subject."""

from functools import cache

import numpy as np

from truerisk.statistics.logistic import sigmoid

Z = 1.959963984540054
LEVEL = 0.05
RESAMPLES = 2_000
HEAVY = 400  # clusters that are resampled one by one
SEED = 0


def quantile(level: float) -> float:
    """z that a normal variable exceeds, on either side, with a chance of ``level``."""
    from scipy.stats import norm

    return float(norm.ppf(1 - level / 2))


def cluster_sums(influence: np.ndarray, cluster: np.ndarray, alone: bool = False) -> np.ndarray:
    """Σ of the influence over each cluster, shape (clusters,), in the order of their codes; of
    clusters that are ``alone``, one row each, in that of the rows."""
    if alone:
        return influence
    sums = np.bincount(cluster, weights=influence)
    return sums[np.bincount(cluster) > 0]


def se_of(sums: np.ndarray, n: int) -> float:
    """√(C/(C−1) · Σ_c S_c²) / n over C cluster sums; infinite where one cluster is all there is."""
    count = len(sums)
    if count < 2:
        return np.inf
    return float(np.sqrt(count / (count - 1) * (sums**2).sum()) / n)


def clustered_se(influence: np.ndarray, cluster: np.ndarray) -> float:
    """√(C/(C−1) · Σ_c (Σ_{i∈c} IF_i)²) / n over C clusters."""
    return se_of(cluster_sums(influence, cluster), len(influence))


def two_way_se(influence: np.ndarray, cluster: np.ndarray, other: np.ndarray) -> float:
    """Clustered by both: √(V₁ + V₂ − V₁∩₂), never below either (Cameron, Gelbach, Miller 2011)."""
    both = np.unique(cluster * (int(other.max()) + 1) + other, return_inverse=True)[1]
    one, two, cut = (clustered_se(influence, c) for c in (cluster, other, both))
    return float(np.sqrt(max(one**2 + two**2 - cut**2, one**2, two**2)))


def wald(theta: float, se: float, z: float = Z) -> tuple[float, float]:
    return theta - z * se, theta + z * se


def logit_interval(theta: float, se: float, z: float = Z) -> tuple[float, float]:
    """Symmetric on the log-odds scale, so inside (0, 1); for 0 < theta < 1."""
    centre, half = np.log(theta / (1 - theta)), z * se / (theta * (1 - theta))
    low, high = sigmoid(np.array([centre - half, centre + half]))
    return float(low), float(high)


def share_interval(theta: float, se: float, z: float = Z) -> tuple[float, float]:
    """logit_interval inside (0, 1), Wald where an unbiased estimate falls outside."""
    return logit_interval(theta, se, z) if 0 < theta < 1 else wald(theta, se, z)


def wilson(theta: float, clusters: int, z: float = Z) -> tuple[float, float]:
    """The score interval of a share among ``clusters`` alike (Wilson 1927), for 0 and 1 of them."""
    centre = (theta + z * z / (2 * clusters)) / (1 + z * z / clusters)
    half = (
        z
        / (1 + z * z / clusters)
        * np.sqrt(theta * (1 - theta) / clusters + z * z / (4 * clusters**2))
    )
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)


def bootstrap_t(
    theta: float, sums: np.ndarray, n: int, level: float = LEVEL
) -> tuple[float, float]:
    """[θ − t_{1−α/2}·SE, θ − t_{α/2}·SE], t from resampled cluster sums of the influence function.

    Few labels with large weights make the estimate skew, which ±1.96 SE does not know. The
    clusters that weigh most are resampled one by one (Poisson), the many others enter as their
    normal limit (Hall 1988; the seed is fixed).
    """
    size = np.abs(sums)
    heavy = _heaviest(size / (size.max() or 1.0))
    times, luck = _draws(len(heavy))
    rest = float((np.delete(sums, heavy) ** 2).sum())
    drawn = times @ np.column_stack([sums[heavy], sums[heavy] ** 2])
    shift = drawn[:, 0] - sums[heavy].sum() + np.sqrt(rest) * luck
    spread = np.sqrt(drawn[:, 1] + rest)
    t = np.divide(shift, spread, out=np.zeros_like(shift), where=spread > 0)
    low, high = np.quantile(t, [level / 2, 1 - level / 2])
    se = se_of(sums, n)
    return theta - float(high) * se, theta - float(low) * se


def _heaviest(size: np.ndarray) -> np.ndarray:
    """The rows of the HEAVY largest sizes, from the largest down.

    Rounded, so that what is alike stays in the order that it came in, that of its clusters.
    """
    size = np.round(size, 9)
    rows = np.arange(len(size))
    if len(size) > HEAVY:
        rows = np.flatnonzero(size >= np.partition(size, -HEAVY)[-HEAVY])
    return rows[np.argsort(-size[rows], kind="stable")][:HEAVY]


@cache
def _draws(heavy: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(SEED)
    return rng.poisson(1.0, (RESAMPLES, heavy)).astype(float), rng.normal(size=RESAMPLES)
