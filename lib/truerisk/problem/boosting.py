"""The boosting recipes: what a problem file leaves unsaid of CatBoost's parameters, by name.

A recipe never changes; a better one gets a name of its own, and a model's manifest says which one
made it, so that it can be followed again. docs/benchmarks.md says how they were chosen.
"""

from typing import Any

from pydantic import ConfigDict, Field, model_validator

from truerisk.problem.catboost import ALIASES, OURS, PARAMETERS
from truerisk.problem.types import Part
from truerisk.wording.lists import did_you_mean, one_of

RECIPES: dict[str, dict[str, Any]] = {
    # A few texts get a column per level, a leaf one Newton step.
    "one_step": {
        "depth": 5,
        "iterations": 80,
        "learning_rate": 0.15,
        "one_hot_max_size": 25,
        "leaf_estimation_iterations": 1,
    },
    # The first one: all else as CatBoost has it, ten steps a leaf and target statistics of texts.
    "ten_steps": {"depth": 5, "iterations": 200, "learning_rate": 0.06},
}
USUAL, FIRST = "one_step", "ten_steps"


class Boosting(Part):
    """CatBoost, with any parameter of its own; what is not given is the recipe's."""

    model_config = ConfigDict(extra="allow")

    recipe: str = USUAL
    depth: int = Field(RECIPES[USUAL]["depth"], ge=1, le=16)
    iterations: int = Field(RECIPES[USUAL]["iterations"], ge=1, le=100_000)
    learning_rate: float = Field(RECIPES[USUAL]["learning_rate"], gt=0, le=1)
    one_hot_max_size: int | None = Field(None, ge=1, le=255)

    @property
    def parameters(self) -> dict[str, Any]:
        """What CatBoost is given, by its own names."""
        return self.model_dump(exclude={"recipe"}, exclude_none=True)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        given = dict(value)
        recipe = given.pop("recipe", USUAL)
        if not isinstance(recipe, str) or recipe not in RECIPES:
            raise ValueError(f"has recipe {recipe!r}, which must be {one_of(RECIPES)}")
        for name in given:
            if name in OURS:
                raise ValueError(
                    f"has {name}, which truerisk sets itself or does not pass on: it would write "
                    "files, run code, or change what a seed gives"
                )
            if name not in PARAMETERS:
                raise ValueError(
                    f"has {name}, which is no parameter of CatBoost; "
                    f"{did_you_mean(name, sorted(PARAMETERS))}"
                )
            if ALIASES.get(name) in given:
                raise ValueError(f"has both {name} and {ALIASES[name]}, which are one parameter")
        named = {ALIASES.get(name, name): said for name, said in given.items()}
        return {"recipe": recipe, **RECIPES[recipe], **named}
