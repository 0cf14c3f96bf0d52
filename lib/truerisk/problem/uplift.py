"""The parameters of the uplift candidate: of the small model that learns what an action adds."""

from typing import Any

from pydantic import Field

from truerisk.problem.types import Part


class Uplift(Part):
    """CatBoost on what stands for the difference of two outcomes, calibrated; small, as effects
    are beside noise. The outcomes' own models are those of ``response``."""

    depth: int = Field(3, ge=1, le=10)
    iterations: int = Field(100, ge=1, le=10_000)
    learning_rate: float = Field(0.05, gt=0, le=1)

    @property
    def parameters(self) -> dict[str, Any]:
        """What CatBoost is given, by its own names."""
        return {**self.model_dump(), "leaf_estimation_iterations": 1, "one_hot_max_size": 25}
