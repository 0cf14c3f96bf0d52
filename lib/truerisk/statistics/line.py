"""A logistic line through many rows: ``fit_logistic``'s optimum, by Newton's steps from near it."""

import numpy as np

from truerisk.statistics.blocks import blocks
from truerisk.statistics.logistic import EXACT, LogisticFit, Status, fit_logistic

MANY = 20_000  # rows from which a sample's optimum is worth finding first
SAMPLE = 10_000
GROWTH = 50  # from a sample to the next
STEPS = 12


def fit_line(x: np.ndarray, events: np.ndarray, trials: np.ndarray) -> LogisticFit:
    """Fit η = α + β·x to ``events`` out of ``trials``, each (n,); as ``fit_logistic`` of (1, x).

    Where trials are not negative the likelihood is concave, so that an optimum that Newton's steps
    reach, with a positive curvature, is the optimum. From that of a large sample three steps do,
    and from that of a small one four of the large one's.
    Whatever else comes, no such start or no such end, is ``fit_logistic``'s to tell.
    """
    if len(x) >= MANY and (trials >= 0).all():
        found = _from_sample(x, events, trials)
        if found is not None:
            return found
    return fit_logistic(np.column_stack([np.ones(len(x)), x]), events, trials)


def _from_sample(x: np.ndarray, events: np.ndarray, trials: np.ndarray) -> LogisticFit | None:
    some = slice(None, None, -(-len(x) // SAMPLE))
    first = fit_logistic(
        np.column_stack([np.ones(len(x[some])), x[some]]), events[some], trials[some]
    )
    found: LogisticFit | None = first if first.regular else None
    step = some.step
    while found is not None and step > 1:
        step = max(step // GROWTH, 1)
        found = _newton(found.coefficients, x[::step], events[::step], trials[::step])
    return found


def _newton(
    at: np.ndarray, x: np.ndarray, events: np.ndarray, trials: np.ndarray
) -> LogisticFit | None:
    squares = sum(float(trials[k] @ x[k] ** 2) for k in blocks(len(x)))
    size = np.array([1.0, max(float(np.sqrt(squares / trials.sum())), 1e-300)])
    for _ in range(STEPS):
        gradient, curvature = _slopes(at, x, events, trials)
        scaled = curvature / np.outer(size, size)
        if not np.linalg.cond(scaled) < 1e10 or not np.linalg.eigvalsh(scaled)[0] > 0:
            return None
        step = np.linalg.solve(scaled, gradient / size) / size
        at = at + step
        if np.abs(step * size).max() <= EXACT * (1 + np.abs(at * size).max()):
            return LogisticFit(
                coefficients=at, inverse=np.linalg.inv(curvature), status=Status.REGULAR
            )
    return None


def _slopes(
    at: np.ndarray, x: np.ndarray, events: np.ndarray, trials: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First derivatives (2,) of the log-likelihood and minus its second ones (2, 2)."""
    from scipy.special import expit

    g, h = np.zeros(2), np.zeros(3)
    for rows in blocks(len(x)):
        z, t = x[rows], trials[rows]
        p = expit(at[0] + at[1] * z)
        off, bend = events[rows] - t * p, t * p * (1 - p)
        bent = bend * z
        g += off.sum(), off @ z
        h += bend.sum(), bent.sum(), bent @ z
    return g, np.array([[h[0], h[1]], [h[1], h[2]]])
