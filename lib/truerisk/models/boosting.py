"""Gradient boosting with CatBoost; categorical features as they are, no encoding of ours."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from truerisk.errors import ModelError
from truerisk.problem.boosting import Boosting
from truerisk.statistics.threads import available
from truerisk.wording.counted import counted

if TYPE_CHECKING:
    from catboost import CatBoost, CatBoostClassifier, Pool

VOLATILE = ("train_finish_time", "model_guid")


@dataclass(frozen=True)
class BoostingModel:
    FILE = "model.cbm"

    classifier: "CatBoostClassifier"

    @classmethod
    def fit(cls, X: pd.DataFrame, event: np.ndarray, params: Boosting, seed: int) -> Self:
        from catboost import CatBoostClassifier  # slow to load, often not needed

        where, y = "candidates.boosting", event.astype(int)
        classifier = fitted(CatBoostClassifier, X, y, params.parameters, seed, where)
        # CatBoost writes a model it read in another order than one it fitted: read it once, so
        # that its bytes, and its version, are the same ever after.
        return cls.from_bytes(cls(classifier).to_bytes())

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Probability of the event, shape (n,)."""
        rows = pool(X[self.classifier.feature_names_])
        return self.classifier.predict_proba(rows, thread_count=available())[:, 1]

    def importance(self) -> dict[str, float]:
        """Feature → CatBoost's share of prediction change, in percent."""
        values = self.classifier.get_feature_importance()
        return dict(zip(self.classifier.feature_names_, map(float, values)))

    def to_bytes(self) -> bytes:
        return written(self.classifier)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        from catboost import CatBoostClassifier

        return cls(CatBoostClassifier().load_model(blob=content))


def fitted(
    kind: type["CatBoost"],
    X: pd.DataFrame,
    y: np.ndarray,
    parameters: Mapping[str, Any],
    seed: int,
    where: str,
) -> Any:
    """A model of CatBoost's of that kind; ModelError with its words where it cannot be fitted."""
    from catboost import CatBoostError

    try:
        model = kind(
            **parameters,
            random_seed=seed,
            thread_count=available(),
            allow_writing_files=False,
            verbose=False,
        )
        model.fit(pool(X, y))
    except (CatBoostError, TypeError, ValueError) as error:
        said = str(error).strip().splitlines()[0].rsplit("/", 1)[-1]
        raise ModelError(
            f"{where} cannot be fitted on {counted(len(X), 'row')} of {X.shape[1]} "
            f"features: CatBoost says {said[:300]!r}; change its parameters or features."
        ) from error
    _forget_the_run(model)
    return model


def written(model: "CatBoost") -> bytes:
    """The model as CatBoost writes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, BoostingModel.FILE)
        model.save_model(path)
        with open(path, "rb") as file:
            return file.read()


def pool(X: pd.DataFrame, event: np.ndarray | None = None) -> "Pool":
    from catboost import Pool

    text = [c for c in X if not pd.api.types.is_numeric_dtype(X[c])]
    # CatBoost takes no null category; to it a missing one is a category of its own.
    filled = X.assign(**{str(c): X[c].astype(object).where(X[c].notna(), "") for c in text})
    return Pool(filled, event, cat_features=text)


def _forget_the_run(model: "CatBoost") -> None:
    """Leave out of a fitted model's notes what says when and by how many threads it was fitted:
    its trees do not depend on it, and its version must not."""
    notes = model.get_metadata()
    for key in VOLATILE:
        notes[key] = ""
    params = json.loads(notes["params"])
    params.pop("system_options")
    params["flat_params"].pop("thread_count")
    notes["params"] = json.dumps(params, sort_keys=True)
