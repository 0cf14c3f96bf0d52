"""The training protocol: what is fitted on which rows, and on which rows it is judged.

Time splits the mature applications: the last ``holdout`` of them is kept, candidates are fitted on
the earlier ones. Half of the holdout's subjects calibrate and choose, the other half judges: its
rows were used for neither. The submitted model is fitted again on all mature rows.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from truerisk.errors import SourceError
from truerisk.features.dataset import Dataset
from truerisk.features.kinds import kind_of_input
from truerisk.models.calibration import Calibration, Support, support
from truerisk.models.candidates import OF_OUTCOMES, candidate, refuse_unfit
from truerisk.models.candidates import Fitted as Made
from truerisk.models.dependence import dependence_of
from truerisk.models.fitted_keys import pack
from truerisk.models.levels import levels_of
from truerisk.models.package import Model
from truerisk.models.parts import Split, refuse_one_class, split, split_rows
from truerisk.models.prior import PriorModel
from truerisk.models.recipe import Recipe, recipe_of
from truerisk.models.reference import Usual, money_columns, reference
from truerisk.models.taken import Taken, labels_of, taken_of
from truerisk.problem.spec import Prior, Problem
from truerisk.statistics.threads import one_thread

GAP_ROWS = 1_000
NO_WEIGHTS = Support(0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """One candidate: the model to submit, and calibrated scores of the holdout by its early fit.

    ``scores``, (n,) or (n, outcomes) of several, covers the whole frame and is null before the
    holdout; ``gap_scores`` are those
    of ``gapped``, fitted with a full horizon between its rows and the holdout; both are None where
    fewer than 1,000 rows would be left. ``support`` is what the calibration's weights rest on.
    """

    name: str
    model: Model
    scores: np.ndarray
    gap_scores: np.ndarray | None
    importance: dict[str, float]
    support: Support = NO_WEIGHTS
    gapped: Made | None = None


@dataclass(frozen=True)
class AsKnown:
    """A recipe followed at an instant of the past; ``rows`` (n,) are the labelled ones it saw."""

    fitted: Made
    calibration: Calibration
    features: list[str]
    rows: np.ndarray

    def score(self, frame: pd.DataFrame) -> np.ndarray:
        """Calibrated probability of the event, shape (n,), or (n, outcomes) of several."""
        return self.calibration.apply(self.fitted.predict(frame[self.features]))


@one_thread
def fit(problem: Problem, dataset: Dataset, name: str, parts: Split | None = None) -> Fitted:
    """Fit one candidate as the protocol says: unweighted, then calibrated with 1/p_reveal.

    Of several outcomes the weights are one over the chance of what was done, and the level is
    calibrated. Raises ModelError for a candidate that learns another number of outcomes.
    """
    refuse_unfit(problem, name)
    parts = parts or split(problem, dataset)
    recipe = recipe_of(problem, name)
    frame, features = dataset.frame, dataset.features
    holdout = parts.choose | parts.judge

    def scored(made: Made) -> tuple[np.ndarray, Calibration, Support]:
        raw = _predicted(problem, made, frame[features], holdout)
        calibration, rests_on = _calibrated(problem, frame, parts.choose, raw)
        return calibration.apply(raw), calibration, rests_on

    scores, calibration, rests_on = scored(_fit(recipe, frame, features, parts.early))
    both = frame.loc[parts.gapped, "event"]
    several = len(problem.outcomes) > 1  # whose report has no AUC to show with a gap
    enough = not several and len(both) >= GAP_ROWS and 0 < both.sum() < len(both)
    labelled = frame["event"].notna().to_numpy()
    final = _fit(recipe, frame, features, labelled)
    model = Model(
        name=name,
        fitted=final,
        calibration=calibration,
        features=features,
        definition=dataset.definition,
        fingerprint=dataset.fingerprint,
        reference=_usual(problem, frame[labelled], features),
        recipe=recipe.said(),
        fitted_keys=pack(frame.loc[labelled, problem.key]),
        kinds={name: kind_of_input(frame[name]) for name in features},
        levels=levels_of(frame[labelled], features),
    )
    if not several:  # of which each factor may work two ways
        model = replace(model, dependence=dependence_of(problem, model, frame[labelled]))
    gapped = _fit(recipe, frame, features, parts.gapped) if enough else None
    gap_scores = None if gapped is None else scored(gapped)[0]
    return Fitted(
        name=name,
        model=model,
        scores=scores,
        gap_scores=gap_scores,
        importance=final.importance(),
        support=rests_on,
        gapped=gapped,
    )


def _usual(problem: Problem, learned: pd.DataFrame, features: list[str]) -> dict[str, Usual]:
    read = money_columns(problem)
    priced = [str(c) for c in learned if str(c).lower() in read]
    return reference(learned, dict.fromkeys([*features, *priced]), filled=priced)


def baseline(dataset: Dataset, parts: Split) -> np.ndarray:
    """The event rate alone as a score, made as any candidate's: fitted early, calibrated on the
    choosing half; (n,), null before the holdout."""
    frame, holdout = dataset.frame, parts.choose | parts.judge
    rate = PriorModel.fit(frame, frame.loc[parts.early, "event"].to_numpy(), Prior(), 0).rate
    raw = np.where(holdout, rate, np.nan)
    return _weighted(frame, parts.choose, raw)[0].apply(raw)


def calibration_notes(fitted: Fitted) -> list[str]:
    """How far weights of 1/π were believed, and whether the labels would have turned the score."""
    rests, said = fitted.support, []
    if rests.explored:
        said.append(
            f"The calibration rests on {rests.explored:,} explored outcomes (effective "
            f"{rests.effective:.0f}): their weights of 1/p_reveal were believed by "
            f"{rests.trust:.0%}; at 0% a score speaks of the revealed only, at 100% of everyone."
        )
    if fitted.model.calibration.flat:
        said.append(
            "On the calibrating outcomes a higher score does not go with more events: the slope is "
            "held at its least, and scores hardly differ."
        )
    return said


def as_known(
    recipe: Recipe,
    frame: pd.DataFrame,
    at: pd.Timestamp,
    made: tuple[np.ndarray, Made] | None = None,
) -> AsKnown:
    """Follow a recipe with nothing but rows that were mature at ``at``.

    ``frame`` has the recipe's features beside ``as_of``, ``subject``, ``event`` and ``p_reveal``.
    ``made`` are rows (n,) of it and what the recipe made of them: not made again of the same rows.
    Raises SourceError where too little was known by then.
    """
    outcome = recipe.problem.outcome
    wait = recipe.problem.maturing
    mature = (frame["as_of"] + wait <= at) & (frame["as_of"] >= at - recipe.window)
    known = frame.assign(event=frame["event"].where(mature))
    if not known["event"].notna().any():
        raise SourceError(f"no outcome had matured by {at:%Y-%m-%d}")
    parts = split_rows(known, mature.to_numpy(), recipe.holdout, outcome.horizon)
    labelled = known["event"].notna().to_numpy()
    for what, rows in (("early", parts.early), ("calibrating", parts.choose & labelled)):
        refuse_one_class(recipe.problem, known, rows, f"{what} and known by {at:%Y-%m-%d}")
    features = recipe.features
    chosen = parts.choose & labelled
    early = _fit(recipe, known, features, parts.early)
    raw = _predicted(recipe.problem, early, known[features], chosen)
    calibration, _ = _calibrated(recipe.problem, known, parts.choose, raw)
    if made is not None and np.array_equal(made[0], labelled):
        final = made[1]
    else:
        final = _fit(recipe, known, features, labelled)
    return AsKnown(final, calibration, features, labelled)


def _fit(recipe: Recipe, frame: pd.DataFrame, features: list[str], rows: np.ndarray) -> Made:
    X, labels = frame.loc[rows, features], labels_of(recipe.problem, frame, rows)
    if isinstance(labels, Taken):
        X = X.reset_index(drop=True)
        return OF_OUTCOMES[recipe.candidate].fit(X, labels, recipe.params, recipe.seed)
    return candidate(recipe.candidate).fit(X, labels, recipe.params, recipe.seed)


def _predicted(problem: Problem, made: Made, X: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """Uncalibrated probabilities of some rows, null elsewhere: (n,), or (n, outcomes) of several"""
    outcomes = len(problem.outcomes)
    raw = np.full((len(X), outcomes) if outcomes > 1 else len(X), np.nan)
    raw[rows] = made.predict(X[rows])
    return raw


def _calibrated(
    problem: Problem, frame: pd.DataFrame, choose: np.ndarray, raw: np.ndarray
) -> tuple[Calibration, Support]:
    """Calibrated on the known outcomes of the choosing half, weighted by one over their chance."""
    if len(problem.outcomes) == 1:
        return _weighted(frame, choose, raw)
    chosen = choose & frame["event"].notna().to_numpy()
    taken = taken_of(problem, frame, chosen)
    seen, weight = raw[chosen][np.arange(len(taken)), taken.shown], 1 / taken.chance
    return Calibration.fit(seen, taken.event, weight), support(taken.event, weight)


def _weighted(
    frame: pd.DataFrame, choose: np.ndarray, raw: np.ndarray
) -> tuple[Calibration, Support]:
    """The same of one outcome: weights of 1/p_reveal."""
    chosen = choose & frame["event"].notna().to_numpy()
    known = frame.loc[chosen]
    # Where no propensity was logged, the calibration can only speak of the revealed.
    weight = (1 / known["p_reveal"].where(known["p_reveal"] > 0)).fillna(1.0).to_numpy()
    event = known["event"].to_numpy()
    return Calibration.fit(raw[chosen], event, weight), support(event, weight)
