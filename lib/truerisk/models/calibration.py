"""Calibration: two numbers that turn a model's output into a probability."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from truerisk.statistics.logistic import fit_logistic, sigmoid

TINY = 1e-6


def logit(p: np.ndarray) -> np.ndarray:
    """log(p / (1 − p)), with p kept inside (0, 1)."""
    p = np.clip(p, TINY, 1 - TINY)
    return np.log(p / (1 - p))


@dataclass(frozen=True)
class Calibration:
    """score = σ(intercept + slope · logit(raw)), Platt (1999) on the log-odds scale."""

    intercept: float
    slope: float

    @classmethod
    def fit(cls, raw: np.ndarray, event: np.ndarray, weight: np.ndarray) -> Self:
        """Weighted maximum likelihood; a constant ``raw`` keeps slope 1."""
        z = logit(raw)
        centre, spread = float(z.mean()), float(z.std())
        if spread < TINY:
            rate = np.clip(np.average(event, weights=weight), TINY, 1 - TINY)
            return cls(float(logit(rate) - centre), 1.0)
        Z = np.column_stack([np.ones(len(z)), (z - centre) / spread])
        # A pseudo-observation keeps the slope finite when scores separate a small sample.
        made = fit_logistic(
            Z, weight * event, weight, ridge=np.array([0, 1]), towards=np.array([centre, spread])
        )
        slope = made.coefficients[1] / spread
        return cls(float(made.coefficients[0] - slope * centre), float(slope))

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, shape (n,)."""
        return sigmoid(self.intercept + self.slope * logit(raw))
