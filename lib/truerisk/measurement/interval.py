"""95% intervals from influence functions, clustered by subject."""

import numpy as np

Z = 1.959963984540054


def clustered_se(influence: np.ndarray, cluster: np.ndarray) -> float:
    """√(C/(C−1) · Σ_c (Σ_{i∈c} IF_i)²) / n over C clusters."""
    sums = np.bincount(cluster, weights=influence)
    sums = sums[np.bincount(cluster) > 0]
    count = len(sums)
    return float(np.sqrt(count / (count - 1) * (sums**2).sum()) / len(influence))


def wald(theta: float, se: float) -> tuple[float, float]:
    return theta - Z * se, theta + Z * se


def logit_interval(theta: float, se: float) -> tuple[float, float]:
    """Symmetric on the log-odds scale, so inside (0, 1); for 0 < theta < 1."""
    centre, half = np.log(theta / (1 - theta)), Z * se / (theta * (1 - theta))
    low, high = 1 / (1 + np.exp(-np.array([centre - half, centre + half])))
    return float(low), float(high)


def share_interval(theta: float, se: float) -> tuple[float, float]:
    """logit_interval inside (0, 1), Wald where an unbiased estimate falls outside."""
    return logit_interval(theta, se) if 0 < theta < 1 else wald(theta, se)
