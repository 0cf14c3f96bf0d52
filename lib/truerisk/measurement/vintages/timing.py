"""Did events lately come faster or slower than before, at the same ages?"""

from dataclasses import dataclass

import numpy as np

from truerisk.measurement.vintages.hazards import BINS, Hazards, above
from truerisk.measurement.vintages.history import History
from truerisk.statistics.interval import cluster_sums

RECENT = 0.25  # of a horizon before known_at
LEVEL = 0.03  # nominal; with robust variances of few events 3.7% are false in 1,000 worlds
LEAST_EVENTS = 20


@dataclass(frozen=True)
class Timing:
    """``moved`` is None where events are too few to tell; ``ratio`` is recent over expected."""

    moved: bool | None
    words: str
    ratio: float | None
    p: float | None


def timing_of(so_far: History, timing: Hazards, days: float) -> Timing:
    """A log-rank test of calendar time, stratified by cell, weighted by R/π, robust by subject.

    U_g = Σ_i w_i Σ_j g_j·(1{recent} − P_j)(d_ij − h_j·r_ij), with P_j the recent share of those at
    risk in bin j; g = 1 sees hazards that rose or fell at all ages, g = age those that moved from
    late to early. Strata add up by their information over their variance, Uᵀ V⁻¹ U ~ χ²(2)
    (Lin & Wei 1989 for V). ``days`` is the horizon.
    """
    cell, weight = timing.cell, so_far.weight
    since = np.ceil((so_far.age - RECENT).clip(min=0) * BINS - 1e-9).clip(max=BINS).astype(int)
    earlier = above(cell, np.minimum(timing.stop, since), weight, len(timing.stratum))
    risk = np.where(timing.at_risk > 0, timing.at_risk, np.inf)
    share = (timing.at_risk - earlier) / risk
    over = timing.ended & so_far.event
    recent = timing.bin >= since
    compared = over & (share > 0)[cell, timing.bin] & (share < 1)[cell, timing.bin]
    few = min(int((compared & recent).sum()), int((compared & ~recent).sum()))
    lately = f"the last {days * RECENT:.0f} days"
    if few < LEAST_EVENTS:
        words = f"not tested: {few} events to compare {lately} with, {LEAST_EVENTS} are needed"
        return Timing(None, words, None, None)
    information = timing.at_risk * share * (1 - share) * timing.event
    ages = (np.arange(BINS) + 0.5) / BINS
    centre = float((information * ages).sum() / information.sum())
    contrasts = []
    for slope in (np.ones(BINS), ages - centre):
        each = _score(so_far, timing, share, slope, since)
        scale = np.zeros(len(timing.stratum))
        for s in np.unique(timing.stratum):
            mine = timing.stratum == s
            rows = (cell >= 0) & mine[cell]
            sums = cluster_sums(np.where(rows, each, 0.0), so_far.rows.cluster)
            known = float((information[mine] * slope**2).sum())
            variance = float((sums**2).sum())
            scale[mine] = known / variance if variance else 0.0
        contrasts.append(cluster_sums(scale[cell] * each, so_far.rows.cluster))
    u = np.stack(contrasts)
    total = u.sum(axis=1)
    chi2 = float(total @ np.linalg.pinv(u @ u.T) @ total)
    p = float(np.exp(-chi2 / 2))
    expected = timing.event * earlier
    usual = np.divide(
        _sum(cell, timing.bin, weight * (over & ~recent), timing.event.shape),
        np.where(earlier > 0, earlier, np.inf),
    )
    both = (share > 0) & (share < 1)
    came = _sum(cell, timing.bin, weight * (over & recent), timing.event.shape)[both].sum()
    expected = (usual * (timing.at_risk - earlier))[both].sum()
    ratio = float(came / expected) if expected else np.inf
    moved = p < LEVEL
    verb = "moved" if moved else "did not move"
    words = (
        f"hazards {verb}: in {lately} events came at {ratio:.2f} times the earlier rate of the "
        f"same ages (p = {p:.2g})"
    )
    return Timing(moved, words, ratio, p)


def _score(
    so_far: History, timing: Hazards, share: np.ndarray, slope: np.ndarray, since: np.ndarray
) -> np.ndarray:
    """Each row's part of U, shape (n,)."""
    cell, bins, stop = timing.cell, timing.bin, timing.stop
    hazard = timing.event * slope
    due, due_share = np.zeros((2, len(hazard), BINS + 1))
    due[:, 1:] = np.cumsum(hazard, axis=1)
    due_share[:, 1:] = np.cumsum(hazard * share, axis=1)
    came = slope[bins] * ((bins >= since) - share[cell, bins]) * (timing.ended & so_far.event)
    due_here = due[cell, stop] - due[cell, np.minimum(since, stop)] - due_share[cell, stop]
    return so_far.weight * (came - due_here)


def _sum(
    cell: np.ndarray, bins: np.ndarray, weight: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    kept = cell >= 0
    at = cell[kept] * BINS + bins[kept]
    return np.bincount(at, weights=weight[kept], minlength=shape[0] * BINS).reshape(shape)
