"""The event rate for everyone: the baseline that shows what the features add."""

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from truerisk.problem.spec import Prior


@dataclass(frozen=True)
class PriorModel:
    """``rate`` is the share of events among the training rows."""

    FILE = "model.json"

    rate: float

    @classmethod
    def fit(cls, X: pd.DataFrame, event: np.ndarray, params: Prior, seed: int) -> Self:
        return cls(float(event.mean()))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Probability of the event, shape (n,)."""
        return np.full(len(X), self.rate)

    def importance(self) -> dict[str, float]:
        return {}

    def to_bytes(self) -> bytes:
        return json.dumps({"rate": self.rate}).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        return cls(json.loads(content)["rate"])
