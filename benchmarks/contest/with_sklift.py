"""scikit-uplift: its three approaches over CatBoost, as its tutorials go."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from catboost import CatBoostClassifier
from sklift.models import ClassTransformation, SoloModel, TwoModels

VERSIONS = ("scikit-uplift", "catboost", "scikit-learn")
Ready = Callable[[], Any]


def _boosting() -> CatBoostClassifier:
    return CatBoostClassifier(
        iterations=100, depth=4, learning_rate=0.05, random_seed=0, thread_count=2, silent=True,
        allow_writing_files=False,
    )  # fmt: skip


def models(folder: Path) -> Ready:
    train, judge = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "judge"))
    features = list(judge.columns.drop("key"))
    X, Z = train[features], judge[features]
    treated, event = train["treated"].astype(int), train["event"].astype(int)

    def run() -> dict[str, list[float]]:
        asked = {
            "solo model": SoloModel(_boosting()),
            "solo model, interactions": SoloModel(_boosting(), method="treatment_interaction"),
            "class transformation": ClassTransformation(_boosting()),
            "two models": TwoModels(_boosting(), _boosting(), method="vanilla"),
            "two models, dependent": TwoModels(_boosting(), _boosting(), method="ddr_control"),
        }
        return {
            name: [float(v) for v in model.fit(X, event, treated).predict(Z)]
            for name, model in asked.items()
        }

    return run
