"""The bytes of a boosted model say nothing of when, where and by which process it was fitted."""

import hashlib
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from sklearn.metrics import roc_auc_score

from truerisk.errors import ModelError
from truerisk.models import boosting
from truerisk.models.boosting import BoostingModel
from truerisk.models.candidates import CANDIDATES
from truerisk.problem.boosting import RECIPES, Boosting
from truerisk.problem.catboost import OURS, PARAMETERS
from truerisk.problem.spec import Candidates

FIT = """
import sys, hashlib
import pandas as pd
from truerisk.models.boosting import BoostingModel
from truerisk.problem.boosting import Boosting

X = pd.read_parquet(sys.argv[1])
event = X.pop("event").to_numpy()
fitted = BoostingModel.fit(X, event, Boosting(iterations=30), 1)
print(hashlib.sha256(fitted.to_bytes()).hexdigest())
"""


@pytest.mark.slow
def test_two_processes_fit_the_same_bytes(tmp_path: Path, sample: Callable[..., Any]) -> None:
    X, event = sample()
    X.assign(event=event).to_parquet(tmp_path / "rows.parquet")
    command = [sys.executable, "-c", FIT, str(tmp_path / "rows.parquet")]
    made = {
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads},
        ).stdout.strip()
        for seed, threads in (("1", "1"), ("2", "4"))
    }
    here = BoostingModel.fit(X, event, Boosting(iterations=30), 1).to_bytes()
    assert made == {hashlib.sha256(here).hexdigest()}
    assert list(tmp_path.iterdir()) == [tmp_path / "rows.parquet"], "fitting left files behind"


def test_equal_threads_give_equal_bytes_and_so_do_others(
    sample: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen with CatBoost 1.2.10, which does not promise it: the manifest says the threads."""
    X, event = sample(4_000)
    made = []
    for threads in (1, 2, 2, 3):
        monkeypatch.setattr(boosting, "available", lambda threads=threads: threads)
        made.append(BoostingModel.fit(X, event, Boosting(iterations=30), 1))
    assert len({fitted.to_bytes() for fitted in made}) == 1
    assert (made[0].predict(X) == made[-1].predict(X)).all()
    assert BoostingModel.from_bytes(made[0].to_bytes()).to_bytes() == made[0].to_bytes()


def test_the_seed_and_every_parameter_reach_the_model(sample: Callable[..., Any]) -> None:
    X, event = sample(600)
    usual = Boosting(iterations=20)
    made = [
        BoostingModel.fit(X, event, params, seed).to_bytes()
        for params, seed in (
            (usual, 1),
            (usual, 2),
            (Boosting(iterations=21), 1),
            (Boosting(iterations=20, depth=3), 1),
            (Boosting(iterations=20, learning_rate=0.05), 1),
        )
    ]
    assert len(set(made)) == len(made)


def test_it_learns_an_interaction_between_a_category_and_a_number(
    sample: Callable[..., Any],
) -> None:
    """More income is good for cars and bad for the rest: no additive card can tell."""
    X, _ = sample(4_000)
    X = X.dropna(ignore_index=True)
    rich = X["income"] > X["income"].median()
    event = (rich ^ (X["purpose"] == "car")).to_numpy(dtype=float)
    train, test = X.index < 2_000, X.index >= 2_000
    fitted = BoostingModel.fit(X[train], event[train], Boosting(iterations=60), 1)
    assert roc_auc_score(event[test], fitted.predict(X[test])) > 0.97


def test_a_missing_category_is_a_category(sample: Callable[..., Any]) -> None:
    X, _ = sample(2_000)
    event = X["purpose"].isna().to_numpy(dtype=float)
    p = pd.Series(BoostingModel.fit(X, event, Boosting(iterations=100), 1).predict(X))
    assert p[event == 1].min() > p[event == 0].max()


def test_every_parameter_of_catboost_is_passed_on_or_ours() -> None:
    """A new version's parameters are looked at before they pass."""
    known = set(inspect.signature(CatBoostClassifier.__init__).parameters) - {"self"}
    assert known == PARAMETERS | OURS
    assert not PARAMETERS & OURS


def test_parameters_reach_catboost_and_the_rest_is_the_recipes(
    sample: Callable[..., Any],
) -> None:
    X, event = sample(300)
    asked = Boosting(iterations=5, l2_leaf_reg=7.0, grow_policy="Lossguide", max_leaves=8)
    used = BoostingModel.fit(X, event, asked, 0).classifier.get_all_params()
    assert (used["l2_leaf_reg"], used["grow_policy"], used["max_leaves"]) == (7.0, "Lossguide", 8)
    assert (used["one_hot_max_size"], used["leaf_estimation_iterations"]) == (25, 1)
    assert Boosting(n_estimators=7).iterations == 7
    kept = Boosting.model_validate({"leaf_estimation_iterations": 3, "one_hot_max_size": 2})
    used = BoostingModel.fit(X, event, kept, 0).classifier.get_all_params()
    assert (used["one_hot_max_size"], used["leaf_estimation_iterations"]) == (2, 3)


@pytest.mark.slow
def test_the_first_recipe_is_catboosts_own_but_for_three_parameters(
    sample: Callable[..., Any],
) -> None:
    X, event = sample(300)
    first = Boosting(recipe="ten_steps")
    assert first.parameters == {"depth": 5, "iterations": 200, "learning_rate": 0.06}
    used = BoostingModel.fit(X, event, first, 0).classifier.get_all_params()
    assert used["leaf_estimation_iterations"] == 10


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_said_whole_and_read_back(name: str) -> None:
    boosted = Boosting(recipe=name, l2_leaf_reg=7.0)
    said = boosted.model_dump(mode="json", exclude_none=True)
    assert said == {"recipe": name, **RECIPES[name], "l2_leaf_reg": 7.0}
    assert Boosting.model_validate(said) == boosted


@pytest.mark.parametrize("name", ["magic", 3, None])
def test_an_unknown_recipe_is_refused_with_those_that_are(name: object) -> None:
    with pytest.raises(ValueError, match=r"which must be one_step or ten_steps|one_step"):
        Boosting.model_validate({"recipe": name})


@pytest.mark.parametrize("wrong", [{"bootstrap_type": "Magic"}, {"l2_leaf_reg": "much"}])
def test_what_catboost_refuses_is_one_sentence(
    sample: Callable[..., Any], wrong: dict[str, Any]
) -> None:
    with pytest.raises(ModelError, match=r"^candidates.boosting cannot be fitted on 300 rows"):
        BoostingModel.fit(*sample(300), Boosting(iterations=5, **wrong), 0)


@pytest.mark.parametrize("name", ["prior", "single_feature", "scorecard", "boosting"])
def test_features_without_a_value_or_a_difference_break_no_candidate(
    sample: Callable[..., Any], name: str
) -> None:
    X, event = sample(400)
    X = X.assign(empty=np.nan, constant=1.0, nothing=pd.Series([None] * 400, dtype="str"))
    params = getattr(Candidates.model_validate({name: {}}), name)
    if name == "boosting":
        params = Boosting(iterations=5)
    p = CANDIDATES[name].fit(X, event, params, 0).predict(X)
    assert np.isfinite(p).all()
