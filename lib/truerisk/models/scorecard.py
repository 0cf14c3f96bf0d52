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

from truerisk.problem.spec import Scorecard

SMOOTHING = 10.0  # pseudo-rows per bin at the overall rate: a bin of three rows proves nothing
RARE = 0.01  # categories with a smaller share are one bin
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
        from sklearn.linear_model import (
            LogisticRegression,
        )  # slow to import, and scoring needs none

        bins = {str(name): _bins(X[name], params.bins) for name in X}
        codes = {name: _codes(X[name], cut) for name, cut in bins.items()}
        evidence = {name: _evidence(codes[name], event, _size(bins[name])) for name in bins}
        Z = np.column_stack([evidence[name][codes[name]] for name in bins])
        # Weight of evidence points away from the event, so useful features have positive weight.
        logistic = LogisticRegression(C=1.0).fit(Z, 1 - event)
        factor = params.points_to_double_odds / np.log(2)
        card = {}
        for weight, name in zip(logistic.coef_[0], bins):
            points = [round(float(factor * weight * e)) for e in evidence[name]]
            card[name] = _readable(bins[name], points)
        base = round(float(factor * logistic.intercept_[0])) / factor
        return cls(base, params.points_to_double_odds, card)

    def points(self, X: pd.DataFrame) -> pd.DataFrame:
        """The points of every feature of every row, shape (n, features)."""
        columns = {}
        for name, entry in self.card.items():
            levels = entry.get("levels")
            bins = list(levels) if levels is not None else np.array(entry["edges"])
            worth = list(levels.values()) if levels is not None else entry["points"]
            other = [entry["other"]] if levels is not None else []
            columns[name] = np.array([*worth, *other, entry["missing"]])[_codes(X[name], bins)]
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


def _bins(values: pd.Series, count: int) -> np.ndarray | list[str]:
    """Inner edges by quantile for numbers; the levels that are not rare for text."""
    if pd.api.types.is_numeric_dtype(values):
        inner = values.dropna().quantile(np.linspace(0, 1, count + 1)[1:-1])
        return np.unique(inner.to_numpy())
    share = values.value_counts(normalize=True)
    return sorted(share.index[share >= RARE])


def _size(bins: np.ndarray | list[str]) -> int:
    """Number of codes: intervals and missing, or levels, other and missing."""
    return len(bins) + 2


def _codes(values: pd.Series, bins: np.ndarray | list[str]) -> np.ndarray:
    """The bin of each row, shape (n,): right-closed intervals; the last code is missing."""
    missing = values.isna().to_numpy()
    if isinstance(bins, np.ndarray):
        code = np.searchsorted(bins, values.to_numpy(dtype=float), side="left")
    else:
        code = pd.Index(bins).get_indexer(pd.Index(values))
        code = np.where(code < 0, len(bins), code)
    return np.where(missing, len(bins) + 1, code)


def _evidence(codes: np.ndarray, event: np.ndarray, size: int) -> np.ndarray:
    """Smoothed weight of evidence per bin, shape (size,)."""
    rate = event.mean()
    events = np.bincount(codes, weights=event, minlength=size) + SMOOTHING * rate
    rows = np.bincount(codes, minlength=size) + SMOOTHING
    return np.log((rows - events) / events) - np.log((1 - rate) / rate)


def _readable(bins: np.ndarray | list[str], points: list[int]) -> dict[str, Any]:
    if isinstance(bins, np.ndarray):
        return {"edges": bins.tolist(), "points": points[:-1], "missing": points[-1]}
    return {"levels": dict(zip(bins, points)), "other": points[-2], "missing": points[-1]}
