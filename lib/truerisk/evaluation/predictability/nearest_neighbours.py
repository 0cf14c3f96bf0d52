"""Nearest neighbours: how often two applications that look alike end differently.

Two subjects with the same x and independent outcomes disagree with probability 2·p(1 − p), so
½·P(y ≠ y') of perfect neighbours is E[p(1 − p)]: the Brier score that no model of these features
can go below (Cover & Hart, 1967). Real neighbours are only near: with p' ≠ p the same figure is
E[p(1 − p)] + ½·E(p − p')². It is biased upward, the more features the more, and the AUC made of it
downward.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.statistics.interval import Z
from truerisk.wording.counted import counted

SAMPLE = 5_000
LEAST = 200
SEARCHED = 50  # neighbours looked at for one of another subject
JITTER = 1e-6
RARE = 0.01  # levels with a smaller share are one


@dataclass(frozen=True, kw_only=True)
class NearestNeighbours:
    """``disagree`` and ``chance`` are shares of pairs, ``noise`` is E[p(1 − p)] with its interval,
    the Brier floor; ``largest_auc`` that of a perfect model if p is beta-distributed.

    ``distance`` is the median distance of neighbours over that of two strangers: 0 is identical.
    """

    status: str
    pairs: int
    disagree: float | None = None
    chance: float | None = None
    noise: tuple[float, float, float] | None = None
    largest_auc: tuple[float, float, float] | None = None
    distance: float | None = None


def nearest_neighbours(
    X: pd.DataFrame, y: np.ndarray, subject: np.ndarray, weight: np.ndarray, seed: int = 0
) -> NearestNeighbours:
    """Pair every row with its nearest of another subject, by features alone; y plays no part.

    ``X`` (n, features) numbers and text, nulls included; ``y`` (n,) 0/1; ``subject`` (n,);
    ``weight`` (n,) is 1/π where everyone is meant, else ones. At most SAMPLE rows are used.
    Standard errors count that pairs share subjects (dyadic clusters: Fafchamps & Gubert, 2007).
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(y))[:SAMPLE]
    X, y, weight = X.iloc[chosen], y[chosen], weight[chosen]
    who = pd.factorize(np.asarray(subject, dtype=object)[chosen])[0]
    if len(y) < LEAST or y.min() == y.max():
        return NearestNeighbours(
            status=f"withheld: {counted(len(y), 'outcome')}, {int(y.sum()):,} of them events",
            pairs=0,
        )
    space = _space(X)
    # Of many rows that are all alike, each must meet another one, not all the same one.
    space = space + JITTER * rng.normal(size=space.shape)
    other, near = _nearest(space, who)
    has = other >= 0
    if has.sum() < LEAST:
        return NearestNeighbours(
            status=f"withheld: {counted(int(has.sum()), 'row')} have a neighbour of another "
            "subject",
            pairs=0,
        )
    i, j, w = np.flatnonzero(has), other[has], weight[has] / weight[has].sum()
    differ = (y[i] != y[j]).astype(float)
    disagree, mean = float(w @ differ), float(w @ y[i])
    chance = 2 * mean * (1 - mean)
    se = _dyadic_se(w * (differ - disagree), who[i], who[j])
    stranger = np.linalg.norm(space - space[np.roll(np.arange(len(y)), 1)], axis=1)
    far = float(np.median(stranger[stranger > 0])) if (stranger > 0).any() else 0.0
    low, high = (disagree + side * Z * se for side in (-1, 1))
    noise = disagree / 2, max(low, 0.0) / 2, high / 2
    distance = float(np.median(near[has]) / far) if far else None
    if disagree >= chance:
        return NearestNeighbours(
            status="withheld: neighbours disagree as often as two strangers would, so looking "
            "alike says nothing here",
            pairs=len(i),
            disagree=disagree,
            chance=chance,
            distance=distance,
        )
    value, least, most = (largest_auc(mean, q) for q in (noise[0], noise[2], noise[1]))
    return NearestNeighbours(
        status="ok",
        pairs=len(i),
        disagree=disagree,
        chance=chance,
        noise=noise,
        largest_auc=(value, least, most),
        distance=distance,
    )


def largest_auc(mean: float, noise: float) -> float:
    """AUC of the score p itself, p ~ Beta with that mean and E[p(1 − p)] = ``noise``.

    Var p = μ(1 − μ) − noise and α + β = μ(1 − μ)/Var p − 1; given the event p ~ Beta(α + 1, β),
    without it Beta(α, β + 1), and the AUC is the chance that the first is larger. ½ where the
    variance would not be positive.
    """
    from scipy.special import betainc, betaincinv

    whole = mean * (1 - mean)
    if noise >= whole * (1 - 1e-6):
        return 0.5
    if noise <= 0:
        return 1.0
    total = whole / (whole - noise) - 1
    alpha, beta = mean * total, (1 - mean) * total
    level = (np.arange(4_000) + 0.5) / 4_000
    return float(betainc(alpha, beta + 1, betaincinv(alpha + 1, beta, level)).mean())


def _space(X: pd.DataFrame) -> np.ndarray:
    """Ranks of unit variance, a column per level of a text, and one for missing: (n, columns).

    The mean squared distance of two strangers is then at most 2 per feature, whatever its scale.
    """
    columns = []
    for name in X:
        values = X[name]
        missing = values.isna().to_numpy()
        if pd.api.types.is_numeric_dtype(values):
            rank = values.astype(float).rank(pct=True).fillna(0.5).to_numpy()
            spread = rank.std()
            columns.append((rank - rank.mean()) / spread if spread > 1e-12 else np.zeros(len(X)))
        else:
            share = values.value_counts(normalize=True)
            kept = values.where(values.isin(share.index[share >= RARE]), "")
            columns += [(kept == level).to_numpy(dtype=float) for level in kept.dropna().unique()]
        if missing.any():
            columns.append(missing.astype(float))
    return np.column_stack(columns)


def _nearest(space: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest row of another subject and its distance; −1 where none of SEARCHED is one."""
    from sklearn.neighbors import NearestNeighbors  # slow to import
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    count = min(int(np.bincount(who).max()) + 1, SEARCHED, len(who))
    with threadpool_limits(1):  # its threads wait by spinning, which a busy machine pays for
        distance, found = NearestNeighbors(n_neighbors=count).fit(space).kneighbors(space)
    strange = who[found] != who[:, None]
    first = strange.argmax(axis=1)
    rows = np.arange(len(who))
    return np.where(strange.any(axis=1), found[rows, first], -1), distance[rows, first]


def _dyadic_se(residual: np.ndarray, one: np.ndarray, two: np.ndarray) -> float:
    """√(Σ_c S_c² − Σ_d S_d²): S_c sums what touches subject c, S_d what one pair of subjects has
    in common, which the first sum counts twice."""
    size = int(max(one.max(), two.max())) + 1
    touched = np.bincount(one, residual, size) + np.bincount(two, residual, size)
    pair = np.minimum(one, two) * size + np.maximum(one, two)
    alike = np.bincount(np.unique(pair, return_inverse=True)[1], residual)
    return float(np.sqrt(max((touched**2).sum() - (alike**2).sum(), 0.0)))
