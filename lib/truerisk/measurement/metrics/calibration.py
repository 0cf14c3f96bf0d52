"""Are the scores probabilities? The calibration line, Brier score and log-loss."""

from typing import cast

import numpy as np

from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.influence import Ratio, Rowwise, Value, nothing
from truerisk.statistics.line import fit_line


def brier(rows: Rows, p: Pseudo) -> Value:
    """Mean squared error of the scores, Σ[a(1 − s)² + bs²] / Σ(a + b).

    With b = 1 − a it is s² − 2sỹ + ỹ; (s − ỹ)² would count the noise of the weights as error.
    """

    def terms(k: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        s, a, b = rows.score[k], p.a[k], p.b[k]
        return a * (1 - s) ** 2 + b * s**2, a + b, 1 - 2 * s, 0.0

    return Ratio(len(rows), terms)


def log_loss(rows: Rows, p: Pseudo) -> Value:
    """−Σ[a·log s + b·log(1 − s)] / Σ(a + b), in nats; undefined for scores of exactly 0 or 1."""
    if _certain(rows.score):
        return nothing(len(rows))

    logit, log_none = _logs(rows)

    def terms(k: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        a, z = p.a[k], logit[k]
        both = a + p.b[k]
        return -a * z - both * log_none[k], both, -z, 0.0

    return Ratio(len(rows), terms)


def error(rows: Rows, p: Pseudo) -> Value:
    """Events minus scores, per application: Σ(a − s(a + b)) / Σ(a + b)."""

    def terms(k: slice) -> tuple[np.ndarray, np.ndarray, float, float]:
        both = p.a[k] + p.b[k]
        return p.a[k] - rows.score[k] * both, both, 1.0, 0.0

    return Ratio(len(rows), terms)


def observed_expected(rows: Rows, p: Pseudo) -> Value:
    """Events over the sum of scores, Σa / Σs(a + b): 1 is right."""

    def terms(k: slice) -> tuple[np.ndarray, np.ndarray, float, float]:
        return p.a[k], rows.score[k] * (p.a[k] + p.b[k]), 1.0, 0.0

    return Ratio(len(rows), terms)


def line(rows: Rows, p: Pseudo) -> tuple[Value, Value]:
    """Intercept and slope of log-odds(event) = α + β·logit(score); right are 0 and 1.

    Solves Σ(a − (a + b)σ(α + βz))(1, z) = 0, z = logit s; IF = H⁻¹(1, z)ᵀ(a − (a + b)σ) with
    H = E[(a + b)σ(1 − σ)(1, z)(1, z)ᵀ] (Cox 1958). Undefined (NaN) for scores of 0 or 1, for a
    constant score, and where the weights have no line that fits best (separated outcomes).
    """
    from scipy.special import expit  # slow to import, often not needed

    n = len(rows)
    if _certain(rows.score):
        return nothing(n), nothing(n)
    logit, _ = _logs(rows)
    if "line" not in p.fits:
        p.fits["line"] = fit_line(logit, p.a, p.a + p.b)
    fit = p.fits["line"]
    if not fit.regular:
        return nothing(n), nothing(n)
    level, slope = fit.coefficients

    kept: dict[tuple, tuple[np.ndarray, np.ndarray]] = {}

    def off(k: slice) -> tuple[np.ndarray, np.ndarray]:
        """z and a − (a + b)σ, which both coefficients read of a block in turn."""
        if (k.start, k.stop) not in kept:
            kept.clear()
            a, z = p.a[k], logit[k]
            kept[k.start, k.stop] = z, a - (a + p.b[k]) * expit(level + slope * z)
        return kept[k.start, k.stop]

    def coefficient(which: int) -> Value:
        constant, by_z = n * fit.inverse[which]

        def made(k: slice) -> tuple[np.ndarray, np.ndarray]:
            z, wrong = off(k)
            by = constant + by_z * z
            return by * wrong, by

        return Rowwise(float(fit.coefficients[which]), n, made)

    return coefficient(0), coefficient(1)


def _logs(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """logit s and log(1 − s) of each row, (n,): a logarithm costs as much as ten products."""
    if "logs" not in rows.shared:
        log_none = np.log(1 - rows.score)
        rows.shared["logs"] = np.log(rows.score) - log_none, log_none
    return cast(tuple[np.ndarray, np.ndarray], rows.shared["logs"])


def _certain(score: np.ndarray) -> bool:
    return bool((score.min() <= 0) or (score.max() >= 1))
