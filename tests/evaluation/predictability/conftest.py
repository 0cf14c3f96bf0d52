"""Worlds whose every probability is known, so that the best AUC and the Brier floor are too."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from truerisk.features.dataset import Dataset, fingerprint
from truerisk.features.definitions import definition
from truerisk.problem.spec import Problem

KNOWN_AT = pd.Timestamp("2025-01-01", tz="UTC")


def risk(X: pd.DataFrame) -> np.ndarray:
    """P(event | x): two features, a step and a product."""
    z = -2.0 + 0.9 * X["debt"] - 0.7 * X["income"] + 0.5 * (X["shop"] == "web")
    return 1 / (1 + np.exp(-z.to_numpy()))


def draw(n: int, seed: int, repeats: int = 1) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """(X, p, y); ``repeats`` rows of a subject lie near each other and share their outcome."""
    rng = np.random.default_rng(seed)
    subjects = n // repeats
    X = pd.DataFrame(
        {
            "debt": rng.normal(size=subjects),
            "income": rng.normal(size=subjects),
            "shop": rng.choice(["web", "desk"], subjects),
        }
    )
    p = risk(X)
    y = (rng.random(subjects) < p).astype(float)
    again = np.repeat(np.arange(subjects), repeats)
    X = X.iloc[again].reset_index(drop=True)
    if repeats > 1:
        X[["debt", "income"]] += rng.normal(scale=1e-3, size=(len(X), 2))
    return X, p[again], y[again]


@pytest.fixture
def problem(make_problem: Callable[..., Problem]) -> Problem:
    return make_problem(
        features={"columns": ["debt", "income", "shop"]},
        candidates={"prior": {}, "scorecard": {}, "boosting": {"iterations": 60}},
        training={"holdout": "120d"},
    )


@pytest.fixture
def make_dataset(problem: Problem) -> Callable[..., Dataset]:
    """A year of applications of ``draw``; ``change`` edits the frame (with p) beforehand."""

    def make(
        n: int, seed: int = 0, change: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    ) -> Dataset:
        X, p, y = draw(n, seed)
        as_of = KNOWN_AT - pd.to_timedelta(np.linspace(365, 31, n), unit="D")
        frame = X.assign(
            application_id=np.arange(n),
            subject=np.arange(n).astype(str),
            as_of=as_of,
            mature=True,
            p_reveal=np.nan,
            event=y,
            p=p,
        )
        frame = frame if change is None else change(frame)
        return Dataset(
            frame=frame,
            features=["debt", "income", "shop"],
            definition=definition(problem),
            versions={},
            known_at=KNOWN_AT,
            fingerprint=fingerprint(frame),
            counts={},
            newest={},
        )

    return make
