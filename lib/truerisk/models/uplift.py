"""What an action adds to a person's chance, learned as such: a doubly robust learner.

Subjects are in three parts. Models of every outcome fitted on one part make ỹ of another,
ỹ_a = m_a + 1{A = a}(y − m_a)/p_a; a small model of ỹ_a − ỹ_reference is fitted there and judged on
the third, in all six ways round (Kennedy, Electronic Journal of Statistics 2023). The effect is the
mean of this model and the plain difference of the outcomes' models, whose errors differ. How far
it goes with ỹ on parts that neither saw calibrates it: its mean is that of ỹ, its spread is shrunk
to what is real. The models that decide are fitted on all parts, each row's ỹ made by models of the
other two.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from truerisk.models.boosting import fitted, pool, written
from truerisk.models.bundle import bundle, unbundle
from truerisk.models.calibration import levelled
from truerisk.models.response import ResponseModel
from truerisk.models.taken import Taken
from truerisk.problem.boosting import Boosting
from truerisk.problem.uplift import Uplift
from truerisk.statistics.threads import available

if TYPE_CHECKING:
    from catboost import CatBoostRegressor

PARTS = 3
LEVEL, NOTES = "level.zip", "effects.json"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Of one outcome against the reference, in probability: mean + slope·(prediction − centre),
    the prediction half the ``regressor``'s and half the difference of the outcomes' models."""

    regressor: "CatBoostRegressor"
    mean: float
    slope: float
    centre: float

    def predict(self, X: pd.DataFrame, difference: np.ndarray) -> np.ndarray:
        """What the action adds to the chance of the event, shape (n,)."""
        made = (_predicted(self.regressor, X) + difference) / 2
        return self.mean + self.slope * (made - self.centre)


@dataclass(frozen=True)
class UpliftModel:
    """``effects``: outcome → its effect against the last outcome, which has none; ``level`` are the
    outcomes' own models, which say where a person's outcomes lie together."""

    FILE = "uplift.zip"

    level: ResponseModel
    effects: Mapping[str, Effect]

    @classmethod
    def fit(cls, X: pd.DataFrame, taken: Taken, params: Uplift, seed: int) -> Self:
        part, rows = taken.subject % PARTS, np.arange(len(X))
        m = np.stack([_level(X, taken, part == j, seed).predict(X) for j in range(PARTS)])
        others = (m.sum(axis=0) - m[part, rows]) / (PARTS - 1)
        tilde, of = taken.pseudo(others), [taken.pseudo(each) for each in m]
        level = _level(X, taken, np.ones(len(X), dtype=bool), seed)
        whole = level.predict(X)
        effects = {}
        for k, name in enumerate(taken.outcomes[:-1]):
            adds = tilde[:, k] - tilde[:, -1]
            apart = np.zeros(len(X))
            for j, other, judge in permutations(range(PARTS)):
                fit, judged = part == other, part == judge
                learnt = _regressor(X[fit], (of[j][:, k] - of[j][:, -1])[fit], params, seed)
                apart[judged] += _predicted(learnt, X[judged]) / (PARTS - 1)
            final = _regressor(X, adds, params, seed)
            unseen = (apart + others[:, k] - others[:, -1]) / 2
            made = (_predicted(final, X) + whole[:, k] - whole[:, -1]) / 2
            effects[name] = Effect(
                regressor=final,
                mean=float(adds.mean()),
                slope=_slope(unseen, adds),
                centre=float(made.mean()),
            )
        return cls(level, effects)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Probability of the event after each action, shape (n, outcomes)."""
        level = self.level.predict(X)
        adds = np.zeros_like(level)
        for k, effect in enumerate(self.effects.values()):
            adds[:, k] = effect.predict(X, level[:, k] - level[:, -1])
        return levelled(adds, level.mean(axis=1))

    def importance(self) -> dict[str, float]:
        """Feature → CatBoost's share of the change of the effect, in percent, their mean."""
        each = [e.regressor.get_feature_importance() for e in self.effects.values()]
        names = next(iter(self.effects.values())).regressor.feature_names_
        return dict(zip(names, map(float, np.mean(each, axis=0)), strict=True))

    def to_bytes(self) -> bytes:
        notes = {
            name: {"mean": e.mean, "slope": e.slope, "centre": e.centre}
            for name, e in self.effects.items()
        }
        trees = {f"{name}.cbm": written(e.regressor) for name, e in self.effects.items()}
        said = json.dumps(notes, indent=1).encode()
        return bundle({NOTES: said, LEVEL: self.level.to_bytes(), **trees})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        parts = unbundle(content)
        effects = {
            name: Effect(regressor=_read(parts[f"{name}.cbm"]), **said)
            for name, said in json.loads(parts[NOTES]).items()
        }
        return cls(ResponseModel.from_bytes(parts[LEVEL]), effects)


def _level(X: pd.DataFrame, taken: Taken, rows: np.ndarray, seed: int) -> ResponseModel:
    return ResponseModel.fit(X[rows], taken.at(rows), Boosting(), seed)


def _regressor(X: pd.DataFrame, adds: np.ndarray, params: Uplift, seed: int) -> "CatBoostRegressor":
    from catboost import CatBoostRegressor  # slow to load, often not needed

    made = fitted(CatBoostRegressor, X, adds, params.parameters, seed, "candidates.uplift")
    return _read(written(made))  # read once, so that its bytes stay the same ever after


def _read(content: bytes) -> "CatBoostRegressor":
    from catboost import CatBoostRegressor

    return CatBoostRegressor().load_model(blob=content)


def _predicted(regressor: "CatBoostRegressor", X: pd.DataFrame) -> np.ndarray:
    made: np.ndarray = regressor.predict(
        pool(X[regressor.feature_names_]), thread_count=available()
    )
    return made


def _slope(predicted: np.ndarray, adds: np.ndarray) -> float:
    """How far predictions go with what they predict, least squares in [0, 1]: never stretched, and
    flat where they say nothing."""
    about = predicted - predicted.mean()
    spread = float(about @ about)
    return float(np.clip(about @ adds / spread, 0, 1)) if spread else 0.0
