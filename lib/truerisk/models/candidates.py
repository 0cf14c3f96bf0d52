"""The candidates by name. A new one is a file with fit, predict, to_bytes, and a line here."""

from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from truerisk.errors import ModelError
from truerisk.models.boosting import BoostingModel
from truerisk.models.prior import PriorModel
from truerisk.models.scorecard import ScorecardModel
from truerisk.models.single_feature import SingleFeatureModel
from truerisk.wording.lists import one_of


class Candidate(Protocol):
    """What every candidate offers. ``X`` holds float64 and text columns, nulls included."""

    FILE: str

    @classmethod
    def fit(cls, X: pd.DataFrame, event: np.ndarray, params: Any, seed: int) -> Self: ...
    def predict(self, X: pd.DataFrame) -> np.ndarray: ...
    def importance(self) -> dict[str, float]: ...
    def to_bytes(self) -> bytes: ...
    @classmethod
    def from_bytes(cls, content: bytes) -> Self: ...


CANDIDATES: dict[str, type[Candidate]] = {
    "prior": PriorModel,
    "single_feature": SingleFeatureModel,
    "scorecard": ScorecardModel,
    "boosting": BoostingModel,
}


def candidate(name: str) -> type[Candidate]:
    """The candidate of that name; ModelError lists the valid ones."""
    if name not in CANDIDATES:
        raise ModelError(f'There is no candidate "{name}"; there are {one_of(CANDIDATES)}.')
    return CANDIDATES[name]
