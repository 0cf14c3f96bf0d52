"""The training protocol: what is fitted on which rows, and on which rows it is judged.

Time splits the mature applications: the last ``holdout`` of them is kept, candidates are fitted on
the earlier ones. Half of the holdout's subjects calibrate and choose, the other half judges: its
rows were used for neither. The submitted model is fitted again on all mature rows.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd

from truerisk.errors import ProblemError, SourceError
from truerisk.features.dataset import Dataset
from truerisk.features.kinds import kind_of_input
from truerisk.models.calibration import Calibration, Support, support
from truerisk.models.candidates import Candidate, candidate
from truerisk.models.dependence import dependence_of
from truerisk.models.fitted_keys import pack
from truerisk.models.levels import levels_of
from truerisk.models.package import Model
from truerisk.models.prior import PriorModel
from truerisk.models.recipe import Recipe, recipe_of
from truerisk.models.reference import money_columns, reference
from truerisk.problem.spec import Prior, Problem
from truerisk.statistics.threads import one_thread
from truerisk.wording.counted import counted
from truerisk.wording.lists import listed

GAP_ROWS = 1_000
NO_WEIGHTS = Support(0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Boolean row masks over a data set's frame, shape (n,), and the instant that parts them."""

    holdout_from: pd.Timestamp
    early: np.ndarray
    gapped: np.ndarray
    choose: np.ndarray
    judge: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """One candidate: the model to submit, and calibrated scores of the holdout by its early fit.

    ``scores`` (n,) covers the whole frame and is null before the holdout; ``gap_scores`` are those
    of ``gapped``, fitted with a full horizon between its rows and the holdout; both are None where
    fewer than 1,000 rows would be left. ``support`` is what the calibration's weights rest on.
    """

    name: str
    model: Model
    scores: np.ndarray
    gap_scores: np.ndarray | None
    importance: dict[str, float]
    support: Support = NO_WEIGHTS
    gapped: Candidate | None = None


@dataclass(frozen=True)
class AsKnown:
    """A recipe followed at an instant of the past; ``rows`` (n,) are the labelled ones it saw."""

    fitted: Candidate
    calibration: Calibration
    features: list[str]
    rows: np.ndarray

    def score(self, frame: pd.DataFrame) -> np.ndarray:
        """Calibrated probability of the event, shape (n,)."""
        return self.calibration.apply(self.fitted.predict(frame[self.features]))


def split(problem: Problem, dataset: Dataset) -> Split:
    """Which rows fit, choose and judge; SourceError when one of the parts has a single class."""
    if len(problem.outcomes) > 1:
        raise ProblemError(
            f"{problem.where}: the actions show outcomes of their own "
            f"({listed(list(problem.outcomes))}), and this protocol judges one; fit with "
            "tr.fit_outcomes and offer with tr.submit_outcomes."
        )
    frame = dataset.frame
    made = split_rows(frame, problem)
    labelled = frame["event"].notna().to_numpy()
    parts = [
        ("before the holdout", made.early),
        ("in the half of the holdout that chooses", made.choose & labelled),
        ("in the half of the holdout that judges", made.judge & labelled),
    ]
    for what, rows in parts:
        _both_outcomes(problem, frame, rows, f"{what} (it starts on {made.holdout_from:%Y-%m-%d})")
    return made


def split_rows(frame: pd.DataFrame, problem: Problem) -> Split:
    """The same of rows as they are, whatever outcomes they hold."""
    mature = frame["mature"].to_numpy(dtype=bool)
    return _split(frame, mature, problem.training.holdout, problem.outcome.horizon)


@one_thread
def fit(problem: Problem, dataset: Dataset, name: str, parts: Split | None = None) -> Fitted:
    """Fit one candidate as the protocol says: unweighted, then calibrated with 1/p_reveal."""
    candidate(name)  # an unknown one is refused by its name
    parts = parts or split(problem, dataset)
    recipe = recipe_of(problem, name)
    frame, features = dataset.frame, dataset.features
    holdout = parts.choose | parts.judge

    def scored(made: Candidate) -> tuple[np.ndarray, Calibration, Support]:
        raw = np.full(len(frame), np.nan)
        raw[holdout] = made.predict(frame.loc[holdout, features])
        calibration, rests_on = _calibrated(frame, parts.choose, raw)
        return calibration.apply(raw), calibration, rests_on

    scores, calibration, rests_on = scored(_fit(recipe, frame, features, parts.early))
    both = frame.loc[parts.gapped, "event"]
    enough = len(both) >= GAP_ROWS and 0 < both.sum() < len(both)
    labelled = frame["event"].notna().to_numpy()
    final = _fit(recipe, frame, features, labelled)
    read = money_columns(problem)
    priced = [str(c) for c in frame if str(c).lower() in read]
    usual = reference(frame[labelled], dict.fromkeys([*features, *priced]), filled=priced)
    model = Model(
        name=name,
        fitted=final,
        calibration=calibration,
        features=features,
        definition=dataset.definition,
        fingerprint=dataset.fingerprint,
        reference=usual,
        recipe=recipe.said(),
        fitted_keys=pack(frame.loc[labelled, problem.key]),
        kinds={name: kind_of_input(frame[name]) for name in features},
        levels=levels_of(frame[labelled], features),
    )
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


def baseline(dataset: Dataset, parts: Split) -> np.ndarray:
    """The event rate alone as a score, made as any candidate's: fitted early, calibrated on the
    choosing half; (n,), null before the holdout."""
    frame, holdout = dataset.frame, parts.choose | parts.judge
    rate = PriorModel.fit(frame, frame.loc[parts.early, "event"].to_numpy(), Prior(), 0).rate
    raw = np.where(holdout, rate, np.nan)
    return _calibrated(frame, parts.choose, raw)[0].apply(raw)


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
    made: tuple[np.ndarray, Candidate] | None = None,
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
    parts = _split(known, mature.to_numpy(), recipe.holdout, outcome.horizon)
    labelled = known["event"].notna().to_numpy()
    for what, rows in (("early", parts.early), ("calibrating", parts.choose & labelled)):
        _both_outcomes(recipe.problem, known, rows, f"{what} and known by {at:%Y-%m-%d}")
    features = recipe.features
    raw = np.full(len(known), np.nan)
    chosen = parts.choose & labelled
    early = _fit(recipe, known, features, parts.early)
    raw[chosen] = early.predict(known.loc[chosen, features])
    calibration, _ = _calibrated(known, parts.choose, raw)
    if made is not None and np.array_equal(made[0], labelled):
        final = made[1]
    else:
        final = _fit(recipe, known, features, labelled)
    return AsKnown(final, calibration, features, labelled)


def _split(
    frame: pd.DataFrame, mature: np.ndarray, holdout: timedelta, horizon: timedelta
) -> Split:
    start = frame.loc[mature, "as_of"].max() - holdout
    labelled = frame["event"].notna().to_numpy()
    late = (frame["as_of"] > start).to_numpy() & mature
    earlier = (frame["as_of"] <= start).to_numpy()
    gap = (frame["as_of"] + horizon <= start).to_numpy()
    first = np.zeros(len(frame), dtype=bool)
    first[late] = [_first_half(subject) for subject in frame["subject"][late].tolist()]
    return Split(
        holdout_from=start,
        early=labelled & earlier,
        gapped=labelled & gap,
        choose=late & first,
        judge=late & ~first,
    )


def _both_outcomes(problem: Problem, frame: pd.DataFrame, rows: np.ndarray, what: str) -> None:
    events = int(frame.loc[rows, "event"].sum())
    if events in (0, int(rows.sum())):
        raise SourceError(
            f"{problem.where}: the {int(rows.sum()):,} labelled applications {what} hold "
            f"{counted(events, 'event')}; both outcomes are needed, so choose another known_at or "
            "training.holdout."
        )


def _fit(recipe: Recipe, frame: pd.DataFrame, features: list[str], rows: np.ndarray) -> Candidate:
    event = frame.loc[rows, "event"].to_numpy()
    kind = candidate(recipe.candidate)
    return kind.fit(frame.loc[rows, features], event, recipe.params, recipe.seed)


def _calibrated(
    frame: pd.DataFrame, choose: np.ndarray, raw: np.ndarray
) -> tuple[Calibration, Support]:
    """Calibrated on the known outcomes of the choosing half, weighted by 1/p_reveal."""
    chosen = choose & frame["event"].notna().to_numpy()
    known = frame.loc[chosen]
    # Where no propensity was logged, the calibration can only speak of the revealed.
    weight = (1 / known["p_reveal"].where(known["p_reveal"] > 0)).fillna(1.0).to_numpy()
    event = known["event"].to_numpy()
    return Calibration.fit(raw[chosen], event, weight), support(event, weight)


def _first_half(subject: object) -> bool:
    """A fixed half of all subjects, the same in every run and for every model."""
    return hashlib.sha256(f"judge|{subject}".encode()).digest()[0] < 128
