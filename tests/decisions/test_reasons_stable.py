"""The first reason is the applicant's, not the sample's: retrained on other draws it stays."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.reasons import factors, factors_in, read
from truerisk.features.dataset import Dataset, build_dataset
from truerisk.lake.lake import Lake, open_lake
from truerisk.models.candidates import candidate
from truerisk.models.dependence import dependence_of
from truerisk.models.package import Model
from truerisk.models.recipe import recipe_of
from truerisk.models.reference import reference
from truerisk.models.training import fit
from truerisk.problem.load import load_problem
from truerisk.problem.reasons import said_of
from truerisk.problem.spec import Problem
from truerisk.simulator import simulate

CREDIT = Path(__file__).parents[2] / "problems" / "credit.toml"
TABLES = {"applications": "application_id", "bureau": "bureau_id", "payments": "payment_id"}
RETRAININGS, APPLICATIONS, EXPLAINED = 20, 60_000, 3_000
Make = Callable[..., Any]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, Dataset]:
    """Credit as known after 24 months, its outcomes those of whom the old policy approved."""
    problem = load_problem(CREDIT)
    lake: Lake = open_lake(tmp_path_factory.mktemp("stable") / "lake")
    world = simulate(APPLICATIONS, 24, 7, "2024-01-01")
    for table, key in TABLES.items():
        lake.append(table, getattr(world, table), key)
    approved = world.truth["application_id"][world.truth["approved_by_old_policy"]]
    lake.append("outcomes", world.outcomes(approved), problem.key)
    return problem, build_dataset(problem, lake, "2026-01-01")


def first_reasons(problem: Problem, model: Model, frame: pd.DataFrame) -> pd.Series:
    """The sentence that each decline begins with, by application."""
    found = factors(problem, model, frame.assign(score=model.score(frame))).dropna()
    named = found.map(lambda text: factors_in(read(text)[0])[0])
    return named.map(lambda own: said_of(problem.reasons, own[0]).at(own[1]))


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["scorecard", "boosting"])
def test_the_first_reason_is_the_same_in_95_of_100_declines_of_20_retrainings(
    name: str, learned: tuple[Problem, Dataset]
) -> None:
    problem, dataset = learned
    made, recipe, frame = fit(problem, dataset, name).model, recipe_of(problem, name), dataset.frame
    applied = frame[frame["as_of"] >= frame["as_of"].max() - pd.Timedelta("180D")]
    applied = applied.sample(EXPLAINED, random_state=1).sort_index()
    own = first_reasons(problem, made, applied)
    assert len(own) > 500 and own.value_counts(normalize=True).iloc[0] < 0.9  # no constant is
    labelled = np.flatnonzero(frame["event"].notna().to_numpy())
    rng, same = np.random.default_rng(0), []
    for _ in range(RETRAININGS):
        rows = frame.iloc[np.sort(rng.choice(labelled, len(labelled)))]
        event = rows["event"].to_numpy()
        fitted = candidate(name).fit(rows[made.features], event, recipe.params, recipe.seed)
        usual = reference(rows, made.reference or {}, filled=["amount"])
        again = replace(made, fitted=fitted, reference=usual)
        again = replace(again, dependence=dependence_of(problem, again, rows))
        found = first_reasons(problem, again, applied)
        both = own.index.intersection(found.index)
        same.append(own[both].eq(found[both]).mean())
    assert np.mean(same) >= 0.95, f"{name}: {np.mean(same):.3f}, least {min(same):.3f}"
    print(f"\n{name}: {np.mean(same):.3f}, least {min(same):.3f}, {len(own)} declines")
