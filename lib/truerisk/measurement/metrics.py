"""Metrics with influence functions, written for the weights a (event) and b (no event)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Value:
    """θ, its influence function (n,), and ``slope`` (n,): the direction θ moves if a row's a grows.

    SE(θ) = sd(influence) / √n; the slope decides which unseen outcomes make a bound.
    """

    theta: float
    influence: np.ndarray
    slope: np.ndarray


def ratio(numerator: np.ndarray, denominator: np.ndarray, slope: np.ndarray) -> Value:
    """θ = Σnum / Σden, IF_i = (num_i − θ·den_i) / mean(den). NaN when the denominators sum to 0."""
    if not denominator.sum():
        return Value(np.nan, np.zeros(len(slope)), slope)
    theta = numerator.sum() / denominator.sum()
    return Value(float(theta), (numerator - theta * denominator) / denominator.mean(), slope)


def event_rate(a: np.ndarray, b: np.ndarray) -> Value:
    """Share of events, Σa / Σ(a + b)."""
    return ratio(a, a + b, np.ones(len(a)))


def dollars(a: np.ndarray, b: np.ndarray, if_event: np.ndarray, if_no_event: np.ndarray) -> Value:
    """Dollars per application, Σ(v₁a + v₀b) / Σ(a + b), v the policy's expected dollars (n,)."""
    return ratio(if_event * a + if_no_event * b, a + b, if_event - if_no_event)


def auc(a: np.ndarray, b: np.ndarray, score: np.ndarray) -> Value:
    """Σ_{i≠j} a_i b_j K_ij / Σ_{i≠j} a_i b_j with K = 1{s_i > s_j} + ½·1{s_i = s_j}.

    One sort, O(n log n), ties count half, the diagonal is left out.
    IF_i = [a_i(F_b(s_i) − θ·b̄) + b_i(G_a(s_i) − θ·ā)] / (ā·b̄), where F_b(s) is the mean of b below
    s and G_a(s) the mean of a above it. NaN when all weight is on one side.
    """
    n = len(score)
    _, group = np.unique(score, return_inverse=True)
    in_a, in_b = np.bincount(group, weights=a), np.bincount(group, weights=b)
    below_b = np.cumsum(in_b) - in_b + in_b / 2
    above_a = in_a.sum() - np.cumsum(in_a) + in_a / 2
    own = (a * b).sum()
    pairs = a.sum() * b.sum() - own
    theta = ((in_a * below_b).sum() - own / 2) / pairs if pairs else np.nan
    f_b, g_a = below_b[group] / n, above_a[group] / n
    mean_a, mean_b = a.mean(), b.mean()
    up, down = f_b - theta * mean_b, g_a - theta * mean_a
    with np.errstate(divide="ignore", invalid="ignore"):
        influence = (a * up + b * down) / (mean_a * mean_b)
    return Value(float(theta), influence, up - down)
