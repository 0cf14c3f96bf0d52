"""A manifest says by which recipe its model was made, and the recipe can be followed again."""

import json
from typing import Any

import pytest

from truerisk.errors import ModelError
from truerisk.models.package import Model, read_manifest, save
from truerisk.models.recipe import recipe_in, recipe_of
from truerisk.problem.boosting import RECIPES
from truerisk.problem.spec import Problem
from truerisk.statistics.threads import available


def manifest(problem: Problem, model: Model, lake: Any, **said: Any) -> dict[str, Any]:
    recipe = {**recipe_of(problem, "boosting").said(), **said}
    made = Model(**{**vars(model), "recipe": recipe})
    version = save(problem.name, lake, made, {"known_at": "2025-01-01"})
    return read_manifest(problem.name, lake, version)


@pytest.fixture
def boosted(make_model: Any) -> Model:
    return make_model("boosting")


def test_it_says_the_recipe_by_name_every_parameter_and_the_threads(
    problem: Problem, boosted: Model, lake: Any
) -> None:
    said = manifest(problem, boosted, lake)["recipe"]
    assert said["params"] == {"recipe": "one_step", **RECIPES["one_step"], "iterations": 15}
    assert said["threads"] == available() >= 1


def test_it_is_followed_again_whatever_the_usual_recipe_is_by_then(
    problem: Problem, boosted: Model, lake: Any
) -> None:
    again = recipe_in(problem, json.loads(json.dumps(manifest(problem, boosted, lake))))
    assert again == recipe_of(problem, "boosting")


def test_a_manifest_of_before_recipes_had_names_means_the_first(
    problem: Problem, boosted: Model, lake: Any
) -> None:
    params = {"depth": 5, "iterations": 200, "learning_rate": 0.06}
    found = manifest(problem, boosted, lake, params=params)
    old = recipe_in(problem, found)
    assert old.params.model_dump(exclude_none=True) == {"recipe": "ten_steps", **params}
    with pytest.raises(ModelError, match="are not those of this version's boosting"):
        recipe_in(problem, found | {"recipe": {**found["recipe"], "params": {"recipe": "lost"}}})
