"""The candidates by name. A new one is a file with fit, predict, to_bytes, and a line here."""

from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from truerisk.errors import ModelError
from truerisk.models.boosting import BoostingModel
from truerisk.models.prior import PriorModel
from truerisk.models.response import ResponseModel
from truerisk.models.scorecard import ScorecardModel
from truerisk.models.single_feature import SingleFeatureModel
from truerisk.models.taken import Taken
from truerisk.models.uplift import UpliftModel
from truerisk.problem.spec import Problem
from truerisk.wording.lists import one_of


class Fitted(Protocol):
    """What every fitted candidate offers. ``X`` holds float64 and text columns, nulls included."""

    FILE: str

    def predict(self, X: pd.DataFrame) -> np.ndarray: ...
    def importance(self) -> dict[str, float]: ...
    def to_bytes(self) -> bytes: ...
    @classmethod
    def from_bytes(cls, content: bytes) -> Self: ...


class Candidate(Fitted, Protocol):
    """A candidate of one outcome: ``predict`` gives (n,)."""

    @classmethod
    def fit(cls, X: pd.DataFrame, event: np.ndarray, params: Any, seed: int) -> Self: ...


class OutcomesCandidate(Fitted, Protocol):
    """One of several outcomes: ``predict`` gives (n, outcomes)."""

    @classmethod
    def fit(cls, X: pd.DataFrame, taken: Taken, params: Any, seed: int) -> Self: ...


CANDIDATES: dict[str, type[Candidate]] = {
    "prior": PriorModel,
    "single_feature": SingleFeatureModel,
    "scorecard": ScorecardModel,
    "boosting": BoostingModel,
}


OF_OUTCOMES: dict[str, type[OutcomesCandidate]] = {
    "response": ResponseModel,
    "uplift": UpliftModel,
}


def kind_of(name: str) -> type[Fitted]:
    """What reads a package of that candidate, of one outcome or of several."""
    return OF_OUTCOMES[name] if name in OF_OUTCOMES else candidate(name)


def candidate(name: str) -> type[Candidate]:
    """The candidate of that name; ModelError lists the valid ones."""
    if name not in CANDIDATES:
        raise ModelError(f'There is no candidate "{name}"; there are {one_of(CANDIDATES)}.')
    return CANDIDATES[name]


def refuse_unfit(problem: Problem, name: str) -> None:
    """ModelError for a candidate that there is not, or that learns another number of outcomes."""
    if len(problem.outcomes) == 1:
        candidate(name)
    elif name not in OF_OUTCOMES:
        raise ModelError(
            f'"{name}" is no candidate of several outcomes; there are {one_of(OF_OUTCOMES)}.'
        )
