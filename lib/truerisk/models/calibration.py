"""Calibration: two numbers that turn a model's output into a probability."""

from dataclasses import dataclass
from typing import Self

import numpy as np

TINY = 1e-6


def logit(p: np.ndarray) -> np.ndarray:
    """log(p / (1 − p)), with p kept inside (0, 1)."""
    p = np.clip(p, TINY, 1 - TINY)
    return np.log(p / (1 - p))


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


@dataclass(frozen=True)
class Calibration:
    """score = σ(intercept + slope · logit(raw)), Platt (1999) on the log-odds scale."""

    intercept: float
    slope: float

    @classmethod
    def fit(cls, raw: np.ndarray, event: np.ndarray, weight: np.ndarray) -> Self:
        """Weighted maximum likelihood by Newton's method; a constant ``raw`` keeps slope 1."""
        z = logit(raw)
        centre, spread = z.mean(), z.std()
        if spread < TINY:
            rate = np.clip(np.average(event, weights=weight), TINY, 1 - TINY)
            return cls(float(logit(rate) - centre), 1.0)
        Z = np.column_stack([np.ones(len(z)), (z - centre) / spread])
        beta = np.array([centre, spread])
        # A pseudo-observation keeps the slope finite when scores separate a small sample.
        ridge = np.diag([0.0, 1.0])
        target = beta.copy()
        for _ in range(50):
            p = sigmoid(Z @ beta)
            gradient = Z.T @ (weight * (event - p)) - ridge @ (beta - target)
            hessian = (Z * (weight * p * (1 - p))[:, None]).T @ Z + ridge
            step = np.linalg.solve(hessian, gradient)
            beta = beta + step
            if np.abs(step).max() < 1e-10:
                break
        slope = beta[1] / spread
        return cls(float(beta[0] - slope * centre), float(slope))

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, shape (n,)."""
        return sigmoid(self.intercept + self.slope * logit(raw))
