"""Calibration: two numbers that turn a model's output into a probability."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from truerisk.statistics.logistic import TINY, fit_logistic, logit, sigmoid

LEAST_SLOPE = 0.05
HALF_TRUSTED = 50.0  # effective explored labels at which their weights are half believed
PER_OUTCOME = 10.0  # labels that one of the rarer outcome stands for


@dataclass(frozen=True)
class Support:
    """What 1/π weights of a calibration rest on.

    ``explored`` labels carry a weight above 1; ``effective`` of them, (Σw)²/Σw², count, at most
    PER_OUTCOME for each effective one of the rarer outcome; ``trust`` in [0, 1] is how far the
    weights were believed: 0 calibrates for the revealed, 1 for everyone.
    """

    explored: int
    effective: float

    @property
    def trust(self) -> float:
        return self.effective**2 / (self.effective**2 + HALF_TRUSTED**2)


def support(event: np.ndarray, weight: np.ndarray) -> Support:
    """The support of ``weight`` (n,), 1/π of each label, for outcomes ``event`` (n,)."""
    explored = weight > 1
    rarer = min(_effective(weight[explored & (event == y)]) for y in (0, 1))
    return Support(int(explored.sum()), min(_effective(weight[explored]), PER_OUTCOME * rarer))


def _effective(weight: np.ndarray) -> float:
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0


@dataclass(frozen=True)
class Calibration:
    """score = σ(intercept + slope · logit(raw)), Platt (1999) on the log-odds scale."""

    intercept: float
    slope: float

    @classmethod
    def fit(cls, raw: np.ndarray, event: np.ndarray, weight: np.ndarray) -> Self:
        """Maximum likelihood with weights 1 + trust·(1/π − 1); a constant ``raw`` keeps slope 1.

        A handful of explored labels with large weights is worse than none: the score of everyone
        was off by .035 with seven of them and by .013 without weights. The slope is never below
        LEAST_SLOPE: a calibration may say that the score hardly ranks, never turn it round.
        """
        weight = 1 + support(event, weight).trust * (weight - 1)
        z = logit(raw)
        centre, spread = float(z.mean()), float(z.std())
        if spread < TINY:
            rate = np.clip(np.average(event, weights=weight), TINY, 1 - TINY)
            return cls(float(logit(rate) - centre), 1.0)
        Z = np.column_stack([np.ones(len(z)), (z - centre) / spread])
        # A pseudo-observation keeps the slope finite when scores separate a small sample.
        level, steep = fit_logistic(
            Z, weight * event, weight, ridge=np.array([0, 1]), towards=np.array([centre, spread])
        ).coefficients
        slope = steep / spread
        if slope < LEAST_SLOPE:
            slope = LEAST_SLOPE
            held = slope * (z - centre)
            level = fit_logistic(Z[:, :1], weight * event, weight, offset=held).coefficients[0]
        return cls(float(level - slope * centre), float(slope))

    @property
    def flat(self) -> bool:
        """Whether the labels would have turned the score round, or nearly, and were not let."""
        return self.slope == LEAST_SLOPE

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, of the shape of ``raw``.

        Of several outcomes, (n, outcomes), the level is calibrated, the mean of a row: what one
        outcome has more than another is what an action adds, and stays.
        """
        if raw.ndim == 2:
            return levelled(raw, self.apply(raw.mean(axis=1)))
        return sigmoid(self.intercept + self.slope * logit(raw))


def levelled(raw: np.ndarray, level: np.ndarray) -> np.ndarray:
    """``raw`` (n, outcomes) moved to a mean of ``level`` (n,), or as near to it as keeps every
    probability inside [0, 1]; the differences within a row stay."""
    apart = raw - raw.mean(axis=1, keepdims=True)
    least, most = -apart.min(axis=1), 1 - apart.max(axis=1)
    held = np.clip(level, np.minimum(least, most), np.maximum(least, most))
    made: np.ndarray = np.clip(held[:, None] + apart, 0, 1)
    return made
