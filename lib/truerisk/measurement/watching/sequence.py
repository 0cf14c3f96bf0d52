"""Asymptotic confidence sequences: intervals that stay true however often they are looked at.

Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (arXiv 2103.06476, theorem 2.2 and section 2.5); for
off-policy means Waudby-Smith et al. (arXiv 2210.10768).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """The looks of a running mean from the first one shown; arrays of shape (looks,).

    ``value``, ``se``, ``low`` and ``high`` in the units of the series, ``n`` the sum of the
    denominators, ``units`` the cluster-weeks so far (t), ``t_star`` where it is narrowest.
    """

    value: np.ndarray
    se: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray
    units: np.ndarray
    t_star: float

    def at(self, look: int) -> tuple[float, float, float]:
        """Value, low and high."""
        return float(self.value[look]), float(self.low[look]), float(self.high[look])


def confidence_sequence(
    numerator: np.ndarray,
    denominator: np.ndarray,
    units: "Units",
    alpha: float,
    best_week: float,
    first: int = 0,
) -> Sequence:
    """Running ratios Σnum / Σden after each week, with half-widths that hold at every look at once.

    Both of shape (n,), ``units`` those of their clusters and weeks. With A
    and N the sums of a cluster so far, θ = ΣA/ΣN, and its variance is that of the residuals
    A − θN, C/(C−1)·Σ(A − θN)²/(ΣN)², so weeks of unequal size weigh by their applications. The
    sums of a cluster over its weeks are added before they are squared: a subject's weeks are alike
    in its risk (and in an older ledger in its draw), and squaring each week alone is too narrow.

    t counts the units (cluster-weeks). ``best_week`` is where the sequence is narrowest: t* is that
    many weeks at the pace up to look ``first``, the first one shown, and fixed from there on.
    """
    looks, shown = int(units.week.max()) + 1, slice(first, None)
    sums, counts = units.sums(numerator), units.sums(denominator)
    size = np.cumsum(np.bincount(units.week, weights=counts, minlength=looks))[shown]
    value = np.cumsum(np.bincount(units.week, weights=sums, minlength=looks))[shown] / size
    total, number = units.within(sums), units.within(counts)
    pairs = ((total, total), (total, number), (number, number))
    squares, crossed, sizes = (units.running(*pair, looks)[shown] for pair in pairs)
    spread = np.maximum(squares - 2 * value * crossed + value**2 * sizes, 0.0)
    clusters = units.clusters(looks)[shown]
    se = np.sqrt(clusters / np.maximum(clusters - 1, 1) * spread) / size
    t = np.cumsum(np.bincount(units.week, minlength=looks))[shown]
    t_star = float(best_week * t[0] / (first + 1))
    half = half_width(se, t, t_star, alpha)
    return Sequence(
        value=value, se=se, low=value - half, high=value + half, n=size, units=t, t_star=t_star
    )


def half_width(se: np.ndarray, t: np.ndarray, t_star: float, alpha: float) -> np.ndarray:
    """σ̂√[(tρ² + 1)/(t²ρ²) · log((tρ² + 1)/α²)] with σ̂ = se·√t, se the running mean's; (looks,).

    With t → the number of units so far, the intervals hold the mean at all looks at once in
    1 − α of runs.
    """
    stretched = t * rho_squared(t_star, alpha) + 1
    return se * np.sqrt(stretched / (stretched - 1) * np.log(stretched / alpha**2))


def rho_squared(t_star: float, alpha: float) -> float:
    """ρ² = (−2 log α + log(1 − 2 log α)) / t*, which is narrowest at t = t*."""
    return float((-2 * np.log(alpha) + np.log1p(-2 * np.log(alpha))) / t_star)


@dataclass(frozen=True)
class Units:
    """Cluster-weeks in order of cluster, then week, (units,); ``opens`` marks each cluster's first.

    ``of`` (n,) is the unit of each row, None where each row is one.
    """

    week: np.ndarray
    opens: np.ndarray
    of: np.ndarray | None = None

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum of each unit, (units,)."""
        if self.of is None:
            return values
        return np.bincount(self.of, weights=values, minlength=len(self.week))

    def clusters(self, looks: int) -> np.ndarray:
        """How many clusters there are by the end of each week."""
        return np.cumsum(np.bincount(self.week[self.opens], minlength=looks))

    def running(self, one: np.ndarray, other: np.ndarray, looks: int) -> np.ndarray:
        """Σ over clusters of (one)·(other), sums so far ``within`` each, after each week."""
        so_far = one * other
        gained = so_far.copy()
        gained[self._later] -= so_far[self._later - 1]
        return np.cumsum(np.bincount(self.week, weights=gained, minlength=looks))

    def within(self, values: np.ndarray) -> np.ndarray:
        """The sum so far of each unit's cluster, (units,)."""
        if not len(self._later):
            return values
        total = np.cumsum(values)
        return total - (total - values)[self._first]

    @cached_property
    def _later(self) -> np.ndarray:
        """The places of units that are not their cluster's first."""
        return np.flatnonzero(~self.opens)

    @cached_property
    def _first(self) -> np.ndarray:
        """The place of each unit's cluster's first, (units,)."""
        return np.flatnonzero(self.opens)[np.cumsum(self.opens) - 1]


def units_of(cluster: np.ndarray, week: np.ndarray) -> Units:
    """The cluster-weeks of rows: codes of clusters, and of weeks 0, 1, 2, … in release order."""
    if np.bincount(cluster).max() == 1:
        return Units(week, np.ones(len(week), dtype=bool))
    looks = int(week.max()) + 1
    key, unit = np.unique(cluster.astype(np.int64) * looks + week, return_inverse=True)
    return Units(key % looks, np.append(True, np.diff(key // looks) > 0), unit)
