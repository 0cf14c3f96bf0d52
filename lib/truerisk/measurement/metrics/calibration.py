"""Are the scores probabilities? The calibration line, Brier score and log-loss."""

import numpy as np

from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.influence import Value, ratio
from truerisk.statistics.line import fit_line
from truerisk.statistics.logistic import sigmoid


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

    Solves Σ(a − (a + b)σ(α + βz))(1, z) = 0, z = logit s; IF = H⁻¹(1, z)ᵀ(a − (a + b)σ) with
    H = E[(a + b)σ(1 − σ)(1, z)(1, z)ᵀ] (Cox 1958). Undefined (NaN) for scores of 0 or 1, for a
    constant score, and where the weights have no line that fits best (separated outcomes).
    """
    n = len(rows)
    nothing = Value(np.nan, np.zeros(n), np.zeros(n))
    if _certain(rows.score):
        return nothing, nothing
    z, both = np.log(rows.score) - np.log1p(-rows.score), p.a + p.b
    if "line" not in p.fits:
        p.fits["line"] = fit_line(z, p.a, both)
    fit = p.fits["line"]
    if not fit.regular:
        return nothing, nothing
    level, slope = fit.coefficients
    off = p.a - both * sigmoid(level + slope * z)
    by = [n * (fit.inverse[k, 0] + fit.inverse[k, 1] * z) for k in (0, 1)]
    return Value(float(level), by[0] * off, by[0]), Value(float(slope), by[1] * off, by[1])


def _certain(score: np.ndarray) -> bool:
    return bool((score.min() <= 0) or (score.max() >= 1))
