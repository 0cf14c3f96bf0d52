"""The one feature that ranks best, as a scorecard of its own: the rung between prior and model.

Every feature is binned on one half of the rows and its AUC taken on the other, both ways round: a
feature with many levels cannot win by having learned the rows it is judged on.
"""

import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from truerisk.models import binning
from truerisk.models.scorecard import ScorecardModel
from truerisk.problem.spec import Scorecard, SingleFeature


@dataclass(frozen=True)
class SingleFeatureModel:
    """``alone``: feature → its cross-fitted AUC by itself; ``card`` holds the best one's points."""

    FILE = "model.json"

    alone: dict[str, float]
    card: ScorecardModel

    @classmethod
    def fit(cls, X: pd.DataFrame, event: np.ndarray, params: SingleFeature, seed: int) -> Self:
        half = np.random.default_rng(seed).permutation(len(event)) % 2 == 0
        alone = {str(name): _auc_alone(X[name], event, half, params.bins) for name in X}
        best = max(alone, key=alone.__getitem__)
        return cls(alone, ScorecardModel.fit(X[[best]], event, Scorecard(bins=params.bins), seed))

    @property
    def feature(self) -> str:
        return next(iter(self.card.card))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Probability of the event, shape (n,)."""
        return self.card.predict(X)

    def importance(self) -> dict[str, float]:
        """Feature → its Gini by itself, 100·(2·AUC − 1) percent, cross-fitted, never below 0."""
        return {name: max(100 * (2 * auc - 1), 0.0) for name, auc in self.alone.items()}

    def to_bytes(self) -> bytes:
        content = {"alone": self.alone, "card": json.loads(self.card.to_bytes())}
        return json.dumps(content, indent=1).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        read = json.loads(content)
        card: dict[str, Any] = read["card"]
        return cls(read["alone"], ScorecardModel(**card))


def _auc_alone(values: pd.Series, event: np.ndarray, half: np.ndarray, bins: int) -> float:
    """Mean AUC of the two halves, each ranked by bins that the other half was cut into."""
    found = [
        _auc_across(values[fit], event[fit], values[~fit], event[~fit], bins)
        for fit in (half, ~half)
    ]
    return float(np.mean(found))


def _auc_across(
    values: pd.Series, event: np.ndarray, others: pd.Series, outcome: np.ndarray, bins: int
) -> float:
    """AUC on the others: Σ_k e_k(n_<k + n_k/2) / (Σe·Σn), bins k by falling evidence; ½ where one
    class is missing."""
    cut = binning.bins(values, bins)
    size = binning.size(cut)
    order = np.argsort(-binning.evidence(binning.codes(values, cut), event, size), kind="stable")
    code = binning.codes(others, cut)
    events = np.bincount(code, weights=outcome, minlength=size)[order]
    good = np.bincount(code, weights=1 - outcome, minlength=size)[order]
    pairs = events.sum() * good.sum()
    return float((events * (np.cumsum(good) - good / 2)).sum() / pairs) if pairs else 0.5
