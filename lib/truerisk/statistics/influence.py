"""Metrics with influence functions, written for the weights a (event) and b (no event)."""

from dataclasses import dataclass

import numpy as np

from truerisk.statistics.ranking import Ranking, ranking


@dataclass(frozen=True)
class Value:
    """θ, its influence function (n,), and ``slope`` (n,) = n·∂θ/∂ỹ_i: a grows by what b loses.

    SE(θ) = sd(influence) / √n. The slope's sign decides which unseen outcomes make a bound, its
    size how few events count.
    """

    theta: float
    influence: np.ndarray
    slope: np.ndarray


def ratio(
    numerator: np.ndarray,
    denominator: np.ndarray,
    by_a: np.ndarray,
    of_denominator: np.ndarray | float = 0.0,
) -> Value:
    """θ = Σnum / Σden, IF_i = (num_i − θ·den_i) / mean(den). NaN when the denominators sum to 0.

    ``by_a`` and ``of_denominator`` (n,) are what num and den gain as a grows by what b loses.
    """
    whole = denominator.mean() if len(denominator) else 0.0
    if not whole:
        return Value(np.nan, np.zeros(len(by_a)), np.zeros(len(by_a)))
    theta = float(numerator.mean() / whole)
    influence = (numerator - theta * denominator) / whole
    return Value(theta, influence, (by_a - theta * of_denominator) / whole)


def event_rate(a: np.ndarray, b: np.ndarray) -> Value:
    """Share of events, Σa / Σ(a + b)."""
    return ratio(a, a + b, np.ones(len(a)))


def dollars(a: np.ndarray, b: np.ndarray, if_event: np.ndarray, if_no_event: np.ndarray) -> Value:
    """Dollars per application, Σ(v₁a + v₀b) / Σ(a + b), v the policy's expected dollars (n,)."""
    return ratio(if_event * a + if_no_event * b, a + b, if_event - if_no_event)


def auc(a: np.ndarray, b: np.ndarray, score: np.ndarray | Ranking) -> Value:
    """Σ_{i≠j} a_i b_j K_ij / Σ_{i≠j} a_i b_j with K = 1{s_i > s_j} + ½·1{s_i = s_j}.

    One sort, O(n log n), ties count half, the diagonal is left out.
    IF_i = [a_i(F_b(s_i) − θ·b̄) + b_i(G_a(s_i) − θ·ā)] / (ā·b̄), where F_b(s) is the mean of b below
    s and G_a(s) the mean of a above it. NaN when all weight is on one side.
    """
    n, by = len(a), score if isinstance(score, Ranking) else ranking(score)
    in_a, in_b = by.sums(a), by.sums(b)
    below_b = np.cumsum(in_b) - in_b + in_b / 2
    above_a = in_a.sum() - np.cumsum(in_a) + in_a / 2
    own = (a * b).sum()
    pairs = a.sum() * b.sum() - own
    theta = ((in_a * below_b).sum() - own / 2) / pairs if pairs else np.nan
    mean_a, mean_b = a.mean(), b.mean()
    scale = mean_a * mean_b
    if not scale or not pairs:
        return Value(np.nan, np.zeros(n), np.zeros(n))
    up = by.spread(below_b / n - theta * mean_b)
    down = by.spread(above_a / n - theta * mean_a)
    return Value(float(theta), (a * up + b * down) / scale, (up - down) / scale)
