"""Where a learning curve would end: AUC(n) = c − a·(n/N)^(−b), extrapolated to n → ∞.

The power law is an assumption (Cortes et al., NIPS 1993; Viering & Loog, IEEE TPAMI 2023), b is
held inside BENDS, and the ceiling c is that of these features and this recipe: other features, or
another recipe, may go beyond it.
"""

from dataclasses import dataclass

import numpy as np

from truerisk.statistics.interval import Z
from truerisk.wording.counted import counted

BENDS = np.linspace(0.2, 1.5, 27)
DRAWS = 2_000
LEAST_SIZES = 4
WIDEST = 0.08  # AUC; what is left to gain is not identified if known no better than this


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """``value`` is c, ``left`` what is left to it from here, a, and ``doubled`` AUC(2N) − AUC(N):
    value, low and high (95%) of each.

    ``grid`` (k,) are row counts up to four times the largest, ``fitted`` (k,) the curve there and
    ``band`` (2, k) its 95% limits. ``rise`` is AUC(N) − AUC(smallest), value, low, high. Where
    ``status`` is not "ok" it says why there is no extrapolation, and the rest is None.
    """

    status: str
    rise: tuple[float, float, float]
    bend: float | None = None
    value: tuple[float, float, float] | None = None
    left: tuple[float, float, float] | None = None
    doubled: tuple[float, float, float] | None = None
    grid: np.ndarray | None = None
    fitted: np.ndarray | None = None
    band: np.ndarray | None = None


def ceiling(n: np.ndarray, auc: np.ndarray, covariance: np.ndarray, seed: int = 0) -> Ceiling:
    """The power law through a learning curve's points by generalised least squares.

    ``n`` (k,) training rows in rising order, ``auc`` (k,), ``covariance`` (k, k) of the AUCs: the
    points are judged on the same rows, so most of their error is shared and drops out of the
    curve's shape. Intervals are percentiles of a parametric bootstrap: points drawn around the
    fitted curve with that covariance, fitted again.
    """
    gain = float(auc[-1] - auc[0])
    spread = covariance[-1, -1] + covariance[0, 0] - 2 * covariance[-1, 0]
    half = Z * float(np.sqrt(max(spread, 0.0)))
    rise = gain, gain - half, gain + half
    if len(n) < LEAST_SIZES:
        return Ceiling(
            status=f"withheld: {len(n)} sizes of training data hold enough events of both kinds, "
            f"{LEAST_SIZES} are needed",
            rise=rise,
        )
    if rise[1] <= 0:
        return Ceiling(
            status=f"withheld: from {n[0]:,} to {counted(n[-1], 'row')} the AUC moves by "
            f"{gain:+.3f} ({rise[1]:+.3f} … {rise[2]:+.3f}), too little to tell where it would end",
            rise=rise,
        )
    law = _PowerLaw(n / n[-1], covariance)
    c, a, b = law.fit(auc[None, :])
    curve = c[0] - a[0] * law.share ** -b[0]
    noise = np.random.default_rng(seed).normal(size=(DRAWS, len(n))) @ law.root.T
    cs, as_, bs = law.fit(curve + noise)
    end, left = _limits(c[0], cs), _limits(a[0], as_)
    if left[2] - left[1] > WIDEST or end[2] > 1:
        return Ceiling(
            status="withheld: the curve does not show where it bends: from here it could rise by "
            f"{left[1]:.3f} or by {left[2]:.3f}",
            rise=rise,
        )
    share = np.geomspace(law.share[0], 4.0, 60)
    band = np.percentile(cs[:, None] - as_[:, None] * share ** -bs[:, None], (2.5, 97.5), axis=0)
    return Ceiling(
        status="ok",
        rise=rise,
        bend=float(b[0]),
        value=end,
        left=left,
        doubled=_limits(a[0] * (1 - 2 ** -b[0]), as_ * (1 - 2**-bs)),
        grid=share * n[-1],
        fitted=c[0] - a[0] * share ** -b[0],
        band=band,
    )


def _limits(value: float, draws: np.ndarray) -> tuple[float, float, float]:
    low, high = np.percentile(draws, (2.5, 97.5))
    return float(value), float(low), float(high)


class _PowerLaw:
    """For each b of BENDS the law is linear in (c, a): every draw is fitted at once."""

    def __init__(self, share: np.ndarray, covariance: np.ndarray) -> None:
        self.share = share
        self.root = np.linalg.cholesky(covariance + 1e-10 * np.eye(len(share)))
        white = np.linalg.inv(self.root)
        self.white = white
        self.designs = [white @ np.column_stack([np.ones(len(share)), -(share**-b)]) for b in BENDS]

    def fit(self, auc: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(c, a, b), each (draws,), of ``auc`` (draws, k); a ≥ 0: a curve that falls is flat."""
        z = auc @ self.white.T
        flat = self.white.sum(axis=1)
        level = z @ flat / (flat @ flat)
        best = np.full(len(z), np.inf)
        c, a, b = level.copy(), np.zeros(len(z)), np.full(len(z), BENDS[-1])
        for bend, design in zip(BENDS, self.designs):
            found = z @ np.linalg.pinv(design).T
            falls = found[:, 1] < 0
            found[falls] = np.column_stack([level, np.zeros(len(z))])[falls]
            loss = ((z - found @ design.T) ** 2).sum(axis=1)
            better = loss < best
            best[better], b[better] = loss[better], bend
            c[better], a[better] = found[better].T
        return c, a, b
