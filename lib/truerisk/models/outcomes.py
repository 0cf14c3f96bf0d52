"""The training protocol where actions show outcomes of their own: a score for each of them.

As with one outcome (training.py) time splits the mature applications; the later ones judge, those
of half of all subjects, and the other half calibrates the level. Nothing that judges shares a
subject with what was fitted: models of outcomes, of the effect, and judging rows are three parts.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.errors import ModelError, SourceError
from truerisk.features.dataset import Dataset
from truerisk.features.kinds import kind_of_input
from truerisk.features.labels import TAKEN
from truerisk.models.calibration import Calibration
from truerisk.models.candidates import OF_OUTCOMES, OutcomesCandidate
from truerisk.models.fitted_keys import pack
from truerisk.models.levels import levels_of
from truerisk.models.package import Model
from truerisk.models.recipe import recipe_of
from truerisk.models.taken import Taken
from truerisk.models.training import Split, split_rows
from truerisk.problem.spec import Problem
from truerisk.statistics.clusters import codes
from truerisk.statistics.threads import one_thread
from truerisk.wording.counted import counted
from truerisk.wording.lists import one_of


@dataclass(frozen=True, kw_only=True)
class FittedOutcomes:
    """``model`` is fitted on all mature rows; ``scores`` (n, outcomes) are those of the rows that
    ``judge`` (n,), by the same candidate fitted earlier on ``fitted_on`` (n,) other subjects, and
    null elsewhere."""

    name: str
    model: Model
    scores: np.ndarray
    judge: np.ndarray
    fitted_on: np.ndarray


@one_thread
def fit_outcomes(problem: Problem, dataset: Dataset, name: str) -> FittedOutcomes:
    """Fit a candidate of several outcomes, calibrate it, and score rows that nothing of it saw.

    The data set's ``shown`` and ``chance`` say which action was taken and how likely that was
    before the draw: the ledger's for our own decisions, the outcome source's (``outcome.action``,
    ``outcome.chance``) for others; rows without them are no labels. Raises ModelError for a
    candidate of one outcome, SourceError where no row says what was done.
    """
    if name not in OF_OUTCOMES:
        raise ModelError(
            f'"{name}" is no candidate of several outcomes; there are {one_of(OF_OUTCOMES)}.'
        )
    frame, features = dataset.frame, dataset.features
    known = frame["event"].notna().to_numpy() & taken_known(problem, frame)
    if not known.any():
        raise SourceError(
            f"{problem.where}: of {counted(len(frame), 'application')} none says which action was "
            "taken and with which chance; write outcome.action and outcome.chance, the columns "
            f'of source "{problem.outcome.source}" that do.'
        )
    parts: Split = split_rows(frame.assign(event=frame["event"].where(known)), problem)
    judging = set(frame.loc[parts.judge, "subject"])
    apart = np.array([subject not in judging for subject in frame["subject"].tolist()], dtype=bool)
    early = parts.early & apart
    choose = parts.choose & known
    raw = np.full((len(frame), len(problem.outcomes)), np.nan)
    asked = choose | parts.judge
    raw[asked] = _fit(problem, frame, features, name, early).predict(frame.loc[asked, features])
    taken = taken_of(problem, frame, choose)
    calibration = Calibration.fit(
        raw[choose][np.arange(len(taken)), taken.shown], taken.event, 1 / taken.chance
    )
    scores = np.full_like(raw, np.nan)
    scores[parts.judge] = calibration.apply(raw[parts.judge])
    model = Model(
        name=name,
        fitted=_fit(problem, frame, features, name, known),
        calibration=calibration,
        features=features,
        definition=dataset.definition,
        fingerprint=dataset.fingerprint,
        recipe=recipe_of(problem, name).said(),
        fitted_keys=pack(frame.loc[known, problem.key]),
        kinds={feature: kind_of_input(frame[feature]) for feature in features},
        levels=levels_of(frame[known], features),
    )
    return FittedOutcomes(
        name=name, model=model, scores=scores, judge=parts.judge & known, fitted_on=early
    )


def taken_known(problem: Problem, frame: pd.DataFrame) -> np.ndarray:
    """Whether a row says which revealing action was taken, and with which chance, (n,)."""
    if not set(TAKEN) <= set(frame.columns):
        return np.zeros(len(frame), dtype=bool)
    chance = frame["chance"].astype(float)
    made = frame["shown"].isin(problem.revealing) & chance.gt(0) & chance.le(1)
    return made.to_numpy(dtype=bool)


def taken_of(problem: Problem, frame: pd.DataFrame, rows: np.ndarray) -> Taken:
    """What was done with some rows, (n,) of truth values, and what followed."""
    outcomes = problem.outcomes
    place = {a: k for k, actions in enumerate(outcomes.values()) for a in actions}
    some = frame[rows]
    return Taken(
        outcomes=tuple(outcomes),
        shown=some["shown"].map(place).to_numpy(dtype=int),
        event=some["event"].to_numpy(dtype=float),
        chance=some["chance"].to_numpy(dtype=float),
        subject=codes(some, ["subject"]),
    )


def _fit(
    problem: Problem, frame: pd.DataFrame, features: list[str], name: str, rows: np.ndarray
) -> OutcomesCandidate:
    recipe = recipe_of(problem, name)
    X = frame.loc[rows, features].reset_index(drop=True)
    return OF_OUTCOMES[name].fit(X, taken_of(problem, frame, rows), recipe.params, recipe.seed)
