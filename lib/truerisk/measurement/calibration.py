"""Are the scores probabilities? The calibration line, Brier score and log-loss."""

import numpy as np

from truerisk.measurement.metrics import Value, ratio
from truerisk.measurement.pseudo import Pseudo
from truerisk.measurement.rows import Rows

STEPS = 50
CONVERGED = 1e-10


def brier(rows: Rows, p: Pseudo) -> Value:
    """Mean squared error of the scores, Σ[a(1 − s)² + bs²] / Σ(a + b).

    With b = 1 − a it is s² − 2sỹ + ỹ; (s − ỹ)² would count the noise of the weights as error.
    """
    s = rows.score
    return ratio(p.a * (1 - s) ** 2 + p.b * s**2, p.a + p.b, 1 - 2 * s)


def log_loss(rows: Rows, p: Pseudo) -> Value:
    """−Σ[a·log s + b·log(1 − s)] / Σ(a + b), in nats; undefined for scores of exactly 0 or 1."""
    if _certain(rows.score):
        return Value(np.nan, np.zeros(len(rows)), np.zeros(len(rows)))
    for_, against = np.log(rows.score), np.log1p(-rows.score)
    return ratio(-p.a * for_ - p.b * against, p.a + p.b, against - for_)


def error(rows: Rows, p: Pseudo) -> Value:
    """Events minus scores, per application: Σ(a − s(a + b)) / Σ(a + b)."""
    both = p.a + p.b
    return ratio(p.a - rows.score * both, both, np.ones(len(rows)))


def observed_expected(rows: Rows, p: Pseudo) -> Value:
    """Events over the sum of scores, Σa / Σs(a + b): 1 is right."""
    return ratio(p.a, rows.score * (p.a + p.b), np.ones(len(rows)))


def line(rows: Rows, p: Pseudo) -> tuple[Value, Value]:
    """Intercept and slope of log-odds(event) = α + β·logit(score); right are 0 and 1.

    Solves Σ(a − (a + b)σ(α + βz))(1, z) = 0 by Newton's method, z = logit s;
    IF = H⁻¹(1, z)ᵀ(a − (a + b)σ) with H = E[(a + b)σ(1 − σ)(1, z)(1, z)ᵀ] (Cox 1958). Undefined
    (NaN) for scores of 0 or 1, for a constant score, and where no line fits the weights.
    """
    n = len(rows)
    nothing = Value(np.nan, np.zeros(n), np.zeros(n))
    if _certain(rows.score) or np.ptp(rows.score) == 0:
        return nothing, nothing
    both = p.a + p.b
    z = np.log(rows.score) - np.log1p(-rows.score)
    centre, spread = z.mean(), z.std()
    x = (z - centre) / spread
    beta = np.array([centre, spread])
    for _ in range(STEPS):
        sigma = 1 / (1 + np.exp(-(beta[0] + beta[1] * x)))
        off = p.a - both * sigma
        slack = both * sigma * (1 - sigma)
        h = np.array([[slack.sum(), (slack * x).sum()], [(slack * x).sum(), (slack * x * x).sum()]])
        determinant = np.linalg.det(h / n)
        if not determinant > 0:
            return nothing, nothing
        step = np.linalg.solve(h, [off.sum(), (off * x).sum()])
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < CONVERGED:
            break
    else:
        return nothing, nothing
    first, second = np.linalg.solve(h / n, np.stack([np.ones(n), x]))
    slope = beta[1] / spread
    by_slope = second / spread
    by_intercept = first - by_slope * centre
    return (
        Value(float(beta[0] - slope * centre), by_intercept * off, by_intercept),
        Value(float(slope), by_slope * off, by_slope),
    )


def _certain(score: np.ndarray) -> bool:
    return bool((score.min() <= 0) or (score.max() >= 1))
