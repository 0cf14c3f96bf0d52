"""The usual application is taken from where the model learned, and travels with it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from truerisk.lake.lake import Lake
from truerisk.models.package import Model, load, save
from truerisk.models.reference import money_columns, reference
from truerisk.models.training import fit
from truerisk.problem.spec import Problem


def test_medians_and_the_most_frequent_texts() -> None:
    frame = pd.DataFrame(
        {
            "amount": [100.0, 300.0, 200.0, 400.0],
            "purpose": pd.Series(["home", "car", "home", None], dtype="str"),
            "member": [True, True, False, True],
            "last_late": [np.nan, np.nan, np.nan, 30.0],
            "nothing": [np.nan] * 4,
            "at": pd.to_datetime(["2025-01-01"] * 4, utc=True),
        }
    )
    found = reference(frame, frame.columns)
    assert found == {"amount": 200.0, "purpose": "home", "member": True, "last_late": None}
    assert reference(frame, ["last_late"], filled=["last_late"]) == {"last_late": 30.0}


def test_money_reads_without_case(make_problem: Callable[..., Problem]) -> None:
    approve = {"if_event": "-Amount", "if_no_event": "price * amount"}
    assert money_columns(make_problem(actions={"approve": approve})) == {"amount", "price"}


def test_a_trained_model_keeps_it_in_its_package(
    lake: Lake, problem: Problem, make_dataset: Callable[..., Any]
) -> None:
    dataset = make_dataset()
    model = fit(problem, dataset, "prior").model
    learned = dataset.frame[dataset.frame["event"].notna()]
    assert model.reference is not None
    assert list(model.reference) == ["income", "late", "purpose"]
    assert model.reference["late"] == learned["late"].median()
    assert model.reference["purpose"] == "car"
    assert load("small", lake, save("small", lake, model, {})).reference == model.reference


def test_a_package_from_before_has_none(lake: Lake, model: Model) -> None:
    assert load("small", lake, save("small", lake, model, {})).reference is None
