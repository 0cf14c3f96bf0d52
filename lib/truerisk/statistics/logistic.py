"""The one weighted logistic fit: damped, safeguarded, finite on any input.

It maximises L(β) = Σ[e·η − t·log(1 + exp η)] − ½Σ ridge·(β − towards)², η = offset + Xβ, for
``events`` e out of ``trials`` t. Neither need be a count: e is any real number (a pseudo-label may
leave [0, 1]) and t may even be negative here and there (a take-up weight).

Newton's method in coordinates where the weighted design is orthonormal; curvature that is not
positive is replaced by its absolute value (saddle-free Newton: Dauphin et al., 2014), and a step is
halved until L rises. Directions that no row tells apart are left where they are. Where the rows
are separated the maximum lies at infinity (Albert & Anderson, 1984): Newton's steps then stay
long while the gradient vanishes. That is recognised and the fit repeated with a ridge as strong as
one average row, so that the coefficients are finite whatever came.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

TINY = 1e-6

MOST_STEPS = 200
MOST_HALVINGS = 40
EXACT = 1e-10  # of a step, per unit of a standardised direction
VANISHED = 1e-12  # of the gradient, or of a curvature, per unit of weight
NONE = 1e-15  # least curvature, per unit of weight, that a step divides by
LONGEST = 50.0  # most log-odds in one step
LONG = 0.1  # a step in log-odds that no fit near its optimum takes
FLAT = 1e-10  # a direction's share of the largest one below which no row tells it from none


class Status(Enum):
    """REGULAR: the one finite optimum. FLAT: some directions are not determined, and stay at
    ``towards``. SEPARATED: no finite optimum; the coefficients carry a ridge of one row. EMPTY: no
    row has weight."""

    REGULAR = "regular"
    FLAT = "flat"
    SEPARATED = "separated"
    EMPTY = "empty"


@dataclass(frozen=True, kw_only=True)
class LogisticFit:
    """``coefficients`` (k,), always finite; ``inverse`` (k, k) the inverse of the curvature there,
    −L″, zero along flat directions: a row's influence on them is n·inverse @ x·(e − t·σ(η))."""

    coefficients: np.ndarray
    inverse: np.ndarray
    status: Status

    @property
    def regular(self) -> bool:
        return self.status is Status.REGULAR


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−z)), without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1 + small)


def fit_logistic(
    design: np.ndarray,
    events: np.ndarray,
    trials: np.ndarray,
    *,
    offset: np.ndarray | float = 0.0,
    ridge: np.ndarray | float = 0.0,
    towards: np.ndarray | float = 0.0,
) -> LogisticFit:
    """Fit η = offset + design @ β to ``events`` out of ``trials``.

    ``design`` (n, k) holds its own column of ones where one is wanted; ``events`` and ``trials``
    (n,), weight·y and weight for weighted outcomes; ``ridge`` ≥ 0 and ``towards`` per column.
    Raises ValueError where a number is not finite.
    """
    design = np.asarray(design, dtype=float)
    rows, columns = design.shape
    problem = _Problem(
        design=design,
        events=np.asarray(events, dtype=float),
        trials=np.asarray(trials, dtype=float),
        offset=np.broadcast_to(np.asarray(offset, dtype=float), rows),
        ridge=np.broadcast_to(np.asarray(ridge, dtype=float), columns),
        towards=np.broadcast_to(np.asarray(towards, dtype=float), columns),
    )
    if not all(np.isfinite(part).all() for part in vars(problem).values()):
        raise ValueError("a logistic fit needs finite numbers")
    weight = np.abs(problem.trials).sum()
    if weight == 0:
        nothing = np.zeros((columns, columns))
        return LogisticFit(
            coefficients=problem.towards.copy(), inverse=nothing, status=Status.EMPTY
        )
    basis = problem.directions(weight)
    found, curvature, converged = _climb(problem, basis, weight, 0.0)
    status = Status.FLAT if basis.shape[1] < columns else Status.REGULAR
    if not converged:
        status = Status.SEPARATED
        one_row = weight / np.count_nonzero(problem.trials)
        found, curvature, _ = _climb(problem, basis, weight, one_row)
    return LogisticFit(
        coefficients=problem.towards + basis @ found,
        inverse=basis @ np.linalg.pinv(curvature, hermitian=True) @ basis.T,
        status=status,
    )


@dataclass(frozen=True, kw_only=True)
class _Problem:
    design: np.ndarray
    events: np.ndarray
    trials: np.ndarray
    offset: np.ndarray
    ridge: np.ndarray
    towards: np.ndarray

    def directions(self, weight: float) -> np.ndarray:
        """(k, r): combinations of columns of weighted mean square 1 and orthogonal to each other,
        all that rows or ridge determine."""
        rows, columns = self.design.shape
        stacked = np.empty((rows + columns, columns))
        weights = np.sqrt(np.abs(self.trials) / weight)
        np.multiply(weights[:, None], self.design, out=stacked[:rows])
        stacked[rows:] = np.diag(np.sqrt(self.ridge / weight))
        scale = np.sqrt((stacked**2).sum(axis=0))
        scale[scale == 0] = 1.0
        stacked /= scale
        triangle = np.linalg.qr(stacked, mode="r")
        _, size, axes = np.linalg.svd(triangle, full_matrices=False)
        kept = size > FLAT * max(size[0], 1e-300) if len(size) else np.zeros(0, dtype=bool)
        made: np.ndarray = (axes[kept] / size[kept, None]).T / scale[:, None]
        return made


def _climb(
    problem: _Problem, basis: np.ndarray, weight: float, one_row: float
) -> tuple[np.ndarray, np.ndarray, bool]:
    """(γ, −L″ in γ, whether an optimum was reached) for β = towards + basis @ γ."""
    Z = problem.design @ basis
    start = problem.offset + problem.design @ problem.towards
    penalty = (basis * problem.ridge[:, None]).T @ basis + one_row * np.eye(basis.shape[1])
    gamma = np.zeros(basis.shape[1])

    def height(at: np.ndarray) -> float:
        eta = start + Z @ at
        # Row by row, and summed in pairs: BLAS adds large sums up in one register, which rows that
        # are alike round the same way, by more than the last steps climb.
        fits = problem.events * eta - problem.trials * np.logaddexp(0, eta)
        return float(fits.sum() - at @ penalty @ at / 2)

    now = height(gamma)
    for _ in range(MOST_STEPS):
        p = sigmoid(start + Z @ gamma)
        gradient = Z.T @ (problem.events - problem.trials * p) - penalty @ gamma
        curvature = (Z * (problem.trials * p * (1 - p))[:, None]).T @ Z + penalty
        bend, axes = np.linalg.eigh(curvature)
        slopes = axes.T @ gradient
        step = axes @ (slopes / np.maximum(np.abs(bend), NONE * weight))
        length = np.abs(step).max(initial=0)
        if length <= EXACT * (1 + np.abs(gamma).max(initial=0)):
            return gamma + step, curvature, bool((bend > VANISHED * weight).all())
        if np.abs(gradient).max(initial=0) <= VANISHED * weight and length > LONG:
            break
        moved = _risen(height, gamma, step * min(1.0, LONGEST / length), now)
        if moved is None:  # rounding hides what is left to climb
            return gamma, curvature, bool((bend > VANISHED * weight).all() and length < LONG)
        gamma, now = moved
    return gamma, curvature, False


def _risen(
    height: Callable[[np.ndarray], float], gamma: np.ndarray, step: np.ndarray, now: float
) -> tuple[np.ndarray, float] | None:
    """The first of step, step/2, step/4 … from which L is not lower; None where all are."""
    slack = 1e-13 * (1 + abs(now))
    for halving in range(MOST_HALVINGS):
        at = gamma + step / 2**halving
        reached = height(at)
        if reached >= now - slack:
            return at, reached
    return None


def logit(p: np.ndarray) -> np.ndarray:
    """log(p / (1 − p)), with p kept inside (0, 1)."""
    p = np.clip(p, TINY, 1 - TINY)
    return np.log(p / (1 - p))
