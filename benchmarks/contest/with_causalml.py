"""causalml: its meta-learners over gradient boosting, and its uplift forest, as its examples go."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from causalml.inference.meta import (
    BaseDRRegressor,
    BaseRRegressor,
    BaseSRegressor,
    BaseTRegressor,
    BaseXRegressor,
)
from causalml.inference.tree import UpliftRandomForestClassifier
from lightgbm import LGBMRegressor

VERSIONS = ("causalml", "lightgbm")
warnings.filterwarnings("ignore")
Ready = Callable[[], Any]


def _boosting() -> LGBMRegressor:
    return LGBMRegressor(
        n_estimators=100, learning_rate=0.05, num_leaves=15, min_child_samples=50,
        random_state=0, n_jobs=2, verbose=-1,
    )  # fmt: skip


def models(folder: Path) -> Ready:
    train, judge = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "judge"))
    features = list(judge.columns.drop("key"))
    X, Z = train[features].to_numpy(float), judge[features].to_numpy(float)
    treated, event = train["treated"].to_numpy(int), train["event"].to_numpy(float)
    chance, chance_of_judged = np.full(len(X), 0.5), np.full(len(Z), 0.5)

    def run() -> dict[str, list[float]]:
        found = {}
        for name, kind in (
            ("S-learner", BaseSRegressor),
            ("T-learner", BaseTRegressor),
            ("X-learner", BaseXRegressor),
            ("R-learner", BaseRRegressor),
            ("DR-learner", BaseDRRegressor),
        ):
            learner = kind(learner=_boosting())
            if name in ("S-learner", "T-learner"):
                learner.fit(X, treated, event)
                made = learner.predict(Z)
            else:
                learner.fit(X, treated, event, p=chance)
                made = learner.predict(Z, p=chance_of_judged)
            found[name] = [float(v) for v in np.ravel(made)]
        forest = UpliftRandomForestClassifier(
            control_name="0", n_estimators=50, max_depth=6, min_samples_leaf=100,
            evaluationFunction="KL", random_state=0, n_jobs=2,
        )  # fmt: skip
        forest.fit(X, treated.astype(str), event.astype(int))
        found["uplift forest"] = [float(v) for v in np.ravel(forest.predict(Z))]
        return found

    return run
