"""Loans whose risk is known, as a table of features and as a data set to train on."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.features.dataset import Dataset, fingerprint
from truerisk.features.definitions import definition
from truerisk.models.calibration import Calibration
from truerisk.models.candidates import CANDIDATES, Candidate
from truerisk.models.package import Model
from truerisk.problem.boosting import Boosting
from truerisk.problem.spec import Prior, Problem, Scorecard, SingleFeature

KNOWN_AT = pd.Timestamp("2025-01-01", tz="UTC")


def loans(n: int = 2_000, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """(X, event): ``late`` and ``purpose`` raise the risk, ``income`` lowers it; nulls included."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(10.8, 0.5, n)
    late = rng.poisson(2, n).astype(float)
    purpose = rng.choice(["car", "home", "business"], n, p=[0.5, 0.3, 0.2])
    z = -2.4 + 0.5 * late - 1.5 * np.log(income / 50_000) + 0.9 * (purpose == "business")
    event = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(float)
    X = pd.DataFrame({"income": income, "late": late, "purpose": purpose})
    X.loc[rng.random(n) < 0.05, "income"] = np.nan
    X.loc[rng.random(n) < 0.05, "purpose"] = None
    return X, event


@cache
def fitted(name: str) -> Candidate:
    """A candidate fitted once for all tests that only keep or read it."""
    params = {
        "prior": Prior(),
        "single_feature": SingleFeature(),
        "scorecard": Scorecard(),
        "boosting": Boosting(iterations=15),
    }
    return CANDIDATES[name].fit(*loans(400), params[name], 0)


@pytest.fixture
def sample() -> Callable[..., tuple[pd.DataFrame, np.ndarray]]:
    """``sample(n, seed)``: see loans."""
    return loans


@pytest.fixture
def problem(make_problem: Callable[..., Problem]) -> Problem:
    """The small problem with every candidate and the features of ``sample``."""
    return make_problem(
        features={"columns": ["income", "late", "purpose"]},
        candidates={name: {} for name in CANDIDATES} | {"boosting": {"iterations": 15}},
        training={"holdout": "60d"},
    )


@pytest.fixture
def make_dataset(problem: Problem, sample: Callable[..., Any]) -> Callable[..., Dataset]:
    """A year of loans until KNOWN_AT; the last 30 days are not mature, and every third comes from
    the subject before. ``change`` edits the frame before it is fingerprinted."""

    def dataset_(
        n: int = 2_000, seed: int = 0, change: Callable[[pd.DataFrame], None] | None = None
    ) -> Dataset:
        X, event = sample(n, seed)
        as_of = KNOWN_AT - pd.to_timedelta(np.linspace(365, 0.1, n), unit="D")
        number = np.arange(n)
        frame = X.assign(
            application_id=number,
            subject=np.where(number % 3 == 0, np.maximum(number - 1, 0), number).astype(str),
            as_of=as_of,
            mature=as_of + problem.outcome.horizon <= KNOWN_AT,
            p_reveal=np.nan,
        )
        frame["event"] = pd.Series(event).where(frame["mature"])
        if change is not None:
            change(frame)
        return Dataset(
            frame=frame,
            features=["income", "late", "purpose"],
            definition=definition(problem),
            versions={},
            known_at=KNOWN_AT,
            fingerprint=fingerprint(frame),
            counts={},
            newest={},
        )

    return dataset_


@pytest.fixture
def make_model(problem: Problem) -> Callable[[str], Model]:
    """A small model by the candidate of that name, calibrated by hand."""
    features, defined = ["income", "late", "purpose"], definition(problem)
    return lambda name: Model(
        name=name,
        fitted=fitted(name),
        calibration=Calibration(0.1, 0.9),
        features=features,
        definition=defined,
        fingerprint="f" * 64,
    )


@pytest.fixture
def model(make_model: Callable[[str], Model]) -> Model:
    return make_model("scorecard")
