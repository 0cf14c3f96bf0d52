"""How much an estimate for everyone hangs on one application's outcome: h = ∂IF/∂y, squared.

Computed before any outcome is known, with p (recalibrated P(event)) in its place.
"""

from dataclasses import dataclass

import numpy as np

from truerisk.statistics.logistic import logit, sigmoid

CHALLENGER = 0.2  # scale of the logistic error, in log-odds, between two models of the same quality


@dataclass(frozen=True)
class Sensitivity:
    """``squared`` h² per row (n,), 0 outside ``eligible``; ``rest`` the variance of the influence
    function, mean over eligible rows, if every outcome were seen."""

    squared: np.ndarray
    rest: float


def event_rate(p: np.ndarray, eligible: np.ndarray) -> Sensitivity:
    """IF = y − θ: h = 1, rest = θ(1 − θ)."""
    theta = p[eligible].mean() if eligible.any() else 0.0
    return Sensitivity(eligible.astype(float), float(theta * (1 - theta)))


def auc(p: np.ndarray, score: np.ndarray, eligible: np.ndarray) -> Sensitivity:
    """IF = [y(F(s) − θb̄) + (1 − y)(G(s) − θā)] / (āb̄): h is the difference of the two brackets.

    F(s) is the mean of 1 − p below s and G(s) that of p above it, ties half. O(n log n).
    """
    squared = np.zeros(len(p))
    if not eligible.any():
        return Sensitivity(squared, 0.0)
    a, b, n = p[eligible], 1 - p[eligible], int(eligible.sum())
    group = _alike(score[eligible])
    in_a, in_b = np.bincount(group, weights=a), np.bincount(group, weights=b)
    below = ((np.cumsum(in_b) - in_b / 2) / n)[group]
    above = ((in_a.sum() - np.cumsum(in_a) + in_a / 2) / n)[group]
    pairs = a.mean() * b.mean()
    theta = (a * below).mean() / pairs
    up, down = (below - theta * b.mean()) / pairs, (above - theta * a.mean()) / pairs
    squared[eligible] = (up - down) ** 2
    return Sensitivity(squared, float((a * up**2 + b * down**2).mean()))


def _alike(score: np.ndarray) -> np.ndarray:
    """The place of each score among the different ones, (n,), sooner than by np.unique."""
    order = np.argsort(score)
    placed = score[order]
    group = np.empty(len(score), dtype="int64")
    group[order] = np.cumsum(np.append(False, placed[1:] != placed[:-1]))
    return group


def profit(
    p: np.ndarray,
    score: np.ndarray,
    gain_if_event: np.ndarray,
    gain_if_no_event: np.ndarray,
    free: np.ndarray,
    eligible: np.ndarray,
) -> Sensitivity:
    """Dollars per application that a challenger near the cutoff would gain by deciding otherwise.

    ``gain_…`` (n,) are the dollars of the other action less those of the policy's own; the two are
    worth the same at p* = g₀/(g₀ − g₁). A challenger whose log-odds differ by a logistic error of
    scale .2 decides otherwise with probability f = σ(−|logit s − logit p*| / .2), 0 where a rule
    decided (not ``free``). IF = 1{otherwise}·(g₁y + g₀(1 − y)) − θ; over challengers the mean of
    h² is f·(g₁ − g₀)².
    """
    step = gain_if_event - gain_if_no_event
    crosses = free & eligible & (gain_if_event * gain_if_no_event < 0)
    even = np.divide(-gain_if_no_event, step, out=np.full(len(p), 0.5), where=crosses)
    f = np.where(crosses, sigmoid(-np.abs(logit(score) - logit(even)) / CHALLENGER), 0.0)
    if not eligible.any():
        return Sensitivity(f, 0.0)
    mean = (p * gain_if_event + (1 - p) * gain_if_no_event) * f
    square = (p * gain_if_event**2 + (1 - p) * gain_if_no_event**2) * f
    return Sensitivity(f * step**2, float(square[eligible].mean() - mean[eligible].mean() ** 2))
