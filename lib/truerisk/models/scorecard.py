"""A scorecard: every feature in a few bins, every bin worth whole points, and a sum.

Bins carry their weight of evidence, log(share of non-events / share of events) in the bin (Siddiqi,
Credit Risk Scorecards, 2006), a ridge logistic regression weighs the features, and the result is
rounded to integer points: more points mean less risk, and ``points_to_double_odds`` more double
the odds against the event. The probability is computed from the rounded points, so that what a
person adds up by hand is exactly what decides.
"""

import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from truerisk.models import binning
from truerisk.problem.spec import Scorecard
from truerisk.statistics.logistic import fit_logistic

OFFSET = 600


@dataclass(frozen=True)
class ScorecardModel:
    """``card``: feature → {"edges": […], "points": […], "missing": p} or {"levels": {…}, …}."""

    FILE = "model.json"

    base: float
    points_to_double_odds: int
    card: dict[str, dict[str, Any]]

    @classmethod
    def fit(cls, X: pd.DataFrame, event: np.ndarray, params: Scorecard, seed: int) -> Self:
        bins = {str(name): binning.bins(X[name], params.bins) for name in X}
        codes = {name: binning.codes(X[name], cut) for name, cut in bins.items()}
        evidence = {
            name: binning.evidence(codes[name], event, binning.size(bins[name])) for name in bins
        }
        Z = np.column_stack([np.ones(len(event)), *(evidence[n][codes[n]] for n in bins)])
        # Weight of evidence points away from the event, so useful features have positive weight.
        ridge = np.ones(Z.shape[1])
        ridge[0] = 0
        intercept, *weights = fit_logistic(
            Z, 1 - event, np.ones(len(event)), ridge=ridge
        ).coefficients
        factor = params.points_to_double_odds / np.log(2)
        card = {}
        for weight, name in zip(weights, bins):
            points = [round(float(factor * weight * e)) for e in evidence[name]]
            card[name] = _readable(bins[name], points)
        base = round(float(factor * intercept)) / factor
        return cls(base, params.points_to_double_odds, card)

    def points(self, X: pd.DataFrame) -> pd.DataFrame:
        """The points of every feature of every row, shape (n, features)."""
        columns = {}
        for name, entry in self.card.items():
            levels = entry.get("levels")
            bins = list(levels) if levels is not None else np.array(entry["edges"])
            worth = list(levels.values()) if levels is not None else entry["points"]
            other = [entry["other"]] if levels is not None else []
            columns[name] = np.array([*worth, *other, entry["missing"]])[
                binning.codes(X[name], bins)
            ]
        return pd.DataFrame(columns, index=X.index)

    def total(self, X: pd.DataFrame) -> np.ndarray:
        """The score as people quote it: 600 plus the points, shape (n,)."""
        return OFFSET + self.points(X).to_numpy().sum(axis=1)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Probability of the event, shape (n,)."""
        against = self.base + (self.total(X) - OFFSET) * np.log(2) / self.points_to_double_odds
        return 1 / (1 + np.exp(against))

    def importance(self) -> dict[str, float]:
        """Feature → points between its best and its worst bin."""
        worth = {}
        for name, entry in self.card.items():
            bins = [*entry["levels"].values(), entry["other"]] if "levels" in entry else None
            worth[name] = [*(bins or entry["points"]), entry["missing"]]
        return {name: float(max(p) - min(p)) for name, p in worth.items()}

    def to_bytes(self) -> bytes:
        content = {
            "base": self.base,
            "points_to_double_odds": self.points_to_double_odds,
            "card": self.card,
        }
        return json.dumps(content, indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        return cls(**json.loads(content))


def _readable(bins: np.ndarray | list[str], points: list[int]) -> dict[str, Any]:
    if isinstance(bins, np.ndarray):
        return {"edges": bins.tolist(), "points": points[:-1], "missing": points[-1]}
    return {"levels": dict(zip(bins, points)), "other": points[-2], "missing": points[-1]}
