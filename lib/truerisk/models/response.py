"""One model per outcome: the chance of the event after each action, by CatBoost as ``boosting``.

Each is fitted on the applications whose action showed its outcome. What an action adds is the
difference of two models, each of which was fitted for its own outcome and not for the difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from truerisk.errors import ModelError
from truerisk.models.boosting import BoostingModel
from truerisk.models.bundle import bundle, unbundle
from truerisk.models.taken import Taken
from truerisk.problem.boosting import Boosting
from truerisk.wording.counted import counted


@dataclass(frozen=True)
class ResponseModel:
    """``models``: outcome → its model, in the order of the outcomes."""

    FILE = "response.zip"

    models: Mapping[str, BoostingModel]

    @classmethod
    def fit(cls, X: pd.DataFrame, taken: Taken, params: Boosting, seed: int) -> Self:
        made = {}
        for k, name in enumerate(taken.outcomes):
            mine = taken.shown == k
            event = taken.event[mine]
            if event.sum() in (0, len(event)):
                raise ModelError(
                    f'The outcome "{name}" has {counted(int(event.sum()), "event")} in '
                    f"{counted(len(event), 'row')} that a model is fitted on; it needs events and "
                    "others after every action."
                )
            made[name] = BoostingModel.fit(X[mine], event, params, seed)
        return cls(made)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Probability of the event after each action, shape (n, outcomes)."""
        return np.column_stack([model.predict(X) for model in self.models.values()])

    def importance(self) -> dict[str, float]:
        """Feature → CatBoost's share of prediction change, in percent, the mean of the outcomes."""
        each = pd.DataFrame([model.importance() for model in self.models.values()])
        return {str(name): float(value) for name, value in each.mean().items()}

    def to_bytes(self) -> bytes:
        return bundle({name: model.to_bytes() for name, model in self.models.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        return cls({n: BoostingModel.from_bytes(part) for n, part in unbundle(content).items()})
