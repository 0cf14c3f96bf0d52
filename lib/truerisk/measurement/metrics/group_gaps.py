"""Rates of one group, and their gaps to another, with influence functions over both groups' rows.

A group is a mask (n,), the policy decides by d, its probability (n,) of *not* revealing, and a, b
are the weights of the event and of its absence (pseudo.py). Sums run over the group's rows.
"""

from collections.abc import Callable

import numpy as np

from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.influence import Value, ratio

Rate = Callable[[Rows, Pseudo, np.ndarray], Value]


def false_positive_rate(rows: Rows, p: Pseudo, group: np.ndarray) -> Value:
    """Declined among those without the event, Σd·b / Σb: good applicants turned away."""
    return _among(1 - rows.pi, p.b * group, -1.0 * group)


def false_negative_rate(rows: Rows, p: Pseudo, group: np.ndarray) -> Value:
    """Approved among those with the event, Σ(1 − d)·a / Σa: losses taken on."""
    return _among(rows.pi, p.a * group, 1.0 * group)


def observed_to_expected(rows: Rows, p: Pseudo, group: np.ndarray) -> Value:
    """Events over what the scores expect, Σa / Σs(a + b); 1 where the score is right on average."""
    return ratio(p.a * group, rows.score * (p.a + p.b) * group, group.astype(float))


def gap(rate: Rate, rows: Rows, p: Pseudo, group: np.ndarray) -> Value:
    """The group's rate minus that of the other rows; one influence function for the difference."""
    one, other = rate(rows, p, group), rate(rows, p, ~group)
    return Value(one.theta - other.theta, one.influence - other.influence, one.slope - other.slope)


def log_ratio(approved: np.ndarray, group: np.ndarray) -> Value:
    """ln of the group's approval rate over that of the others; NaN if one is 0.

    IF = IF₁/θ₁ − IF₀/θ₀.
    """
    one, other = mean(approved, group), mean(approved, ~group)
    if not (one.theta > 0 and other.theta > 0):
        return Value(np.nan, one.influence, one.slope)
    influence = one.influence / one.theta - other.influence / other.theta
    return Value(float(np.log(one.theta / other.theta)), influence, one.slope)


def standardised_difference(score: np.ndarray, group: np.ndarray) -> Value:
    """(μ₁ − μ₀) / √((σ₁² + σ₀²)/2) of the scores (Austin 2011); NaN where neither varies.

    IF_d = (IF_μ₁ − IF_μ₀)/s − d/(4s²)·(IF_σ₁² + IF_σ₀²) with s the denominator.
    """
    one, other = mean(score, group), mean(score, ~group)
    around = (score - np.where(group, one.theta, other.theta)) ** 2
    spread, spread0 = mean(around, group), mean(around, ~group)
    s = np.sqrt((spread.theta + spread0.theta) / 2)
    if s == 0:
        return Value(np.nan, np.zeros(len(score)), one.slope)
    d = (one.theta - other.theta) / s
    both = spread.influence + spread0.influence
    influence = (one.influence - other.influence) / s - d / (4 * s**2) * both
    return Value(float(d), influence, one.slope)


def mean(values: np.ndarray, group: np.ndarray) -> Value:
    """The mean of what is known of the group's rows, whatever their outcomes."""
    return ratio(values * group, group.astype(float), np.zeros(len(values)))


def _among(taken: np.ndarray, weight: np.ndarray, by_a: np.ndarray) -> Value:
    return ratio(taken * weight, weight, taken * by_a, by_a)
