"""A recipe: what makes a model of rows, kept in its manifest so that it can be made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from truerisk.errors import ModelError
from truerisk.features.definitions import names, with_features_of
from truerisk.problem.boosting import FIRST
from truerisk.problem.duration import parse_duration, short
from truerisk.problem.spec import Candidates, Part, Problem
from truerisk.statistics.threads import available


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """``problem`` knows the features as the recipe does; ``window`` and ``holdout`` say on which
    rows it is fitted and calibrated."""

    problem: Problem
    candidate: str
    params: Part
    seed: int
    window: timedelta
    holdout: timedelta

    @property
    def features(self) -> list[str]:
        return names(self.problem)

    def said(self) -> dict[str, Any]:
        """What a manifest keeps of it beside the candidate and the definitions of its inputs.

        ``threads`` are those of the machine that fits it now: another number may round otherwise.
        """
        return {
            "params": self.params.model_dump(mode="json", exclude_none=True),
            "seed": self.seed,
            "window": short(self.window),
            "holdout": short(self.holdout),
            "threads": available(),
        }


def recipe_of(problem: Problem, name: str) -> Recipe:
    """The recipe of one of the problem's candidates."""
    training = problem.training
    return Recipe(
        problem=problem,
        candidate=name,
        params=problem.candidates.chosen[name],
        seed=training.seed,
        window=training.window,
        holdout=training.holdout,
    )


def recipe_in(problem: Problem, manifest: Mapping[str, Any]) -> Recipe:
    """The recipe that a package was made by.

    Raises ModelError where its manifest does not say or this version of truerisk cannot follow it,
    ProblemError where a source that it reads is gone.
    """
    version, said = manifest["version"], manifest.get("recipe")
    if said is None or "known_at" not in manifest:
        raise ModelError(
            f"the package of {version} is older than recipes and does not hold its own"
        )
    name, given = manifest["candidate"], said["params"]
    if name == "boosting":  # older manifests do not name the one recipe that there was
        given = {"recipe": FIRST, **given}
    try:
        params = Candidates.model_validate({name: given}).chosen[name]
    except ValidationError as error:
        raise ModelError(
            f"the parameters of {version} are not those of this version's {name}"
        ) from error
    return Recipe(
        problem=with_features_of(problem, manifest["definition"]),
        candidate=name,
        params=params,
        seed=said["seed"],
        window=parse_duration(said["window"]),
        holdout=parse_duration(said["holdout"]),
    )
