"""Champion against challenger on rows that neither was fitted on.

A champion scored on rows it was fitted on looks better than it is: a retrain that was as good
seemed .06 worse. Both are therefore followed again as recipes, each with nothing but what had
matured when the judging rows begin; the champion's recipe ends earlier by its age, as the champion
itself does. They are judged on the same later rows, of subjects that neither was fitted on,
pairwise. Beside it stands the champion's own package on the rows that it was not fitted on, where
enough events are.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd

from truerisk.decisions.policy import dollars
from truerisk.errors import TrueriskError
from truerisk.evaluation.judging import Compared, judged_rows, judging_log, policy_of
from truerisk.evaluation.outcomes_judging import OutcomesJudging
from truerisk.features.build import build_features
from truerisk.features.dataset import Dataset, rows_known
from truerisk.features.definitions import definition_hash, with_features_of
from truerisk.lake.lake import Lake
from truerisk.measurement.evidence.evidence import outcome_model
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes
from truerisk.models.package import Model, load, read_manifest, was_fitted_on
from truerisk.models.parts import Split, among
from truerisk.models.recipe import Recipe, recipe_in, recipe_of
from truerisk.models.training import AsKnown, Fitted, as_known
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem

LEAST_EVENTS = 20  # explored, where anything is, for the champion's package to be compared


class How(Enum):
    """What was compared: both recipes as known, the champion's package, or nothing."""

    RECIPES = "recipes"
    PACKAGE = "package"
    NONE = "nothing"


@dataclass(frozen=True, kw_only=True)
class Contest:
    """``new`` compares the recipes on subjects that neither was fitted on, ``known`` on the others,
    ``package`` the champion's package with the challenger on rows it was not fitted on; each None
    where it cannot be. ``because`` says why there are no recipes. ``stake`` is dollars that change
    hands per application by the champion, ``judged`` what the compared rows were."""

    champion: str
    how: How
    because: str
    stake: float
    new: Compared | None
    known: Compared | None
    package: Compared | None
    judged: pd.DataFrame

    @property
    def gated(self) -> Compared | None:
        """What the gate reads."""
        return {How.RECIPES: self.new, How.PACKAGE: self.package, How.NONE: None}[self.how]


@dataclass(frozen=True, kw_only=True)
class _Judging:
    """The judging rows with what every comparison on them needs."""

    problem: Problem
    frame: pd.DataFrame
    money: tuple[np.ndarray, np.ndarray]
    features: list[str]
    came: pd.Series

    def compare(
        self, name: str, champion: np.ndarray, challenger: np.ndarray, groups: list[np.ndarray]
    ) -> tuple[list[Compared | None], pd.DataFrame, np.ndarray]:
        """Per group of rows its comparison, None where it has no row; the log; dollars at stake."""
        log = judging_log(self.problem, self.frame, champion, self.money)
        log["m"] = outcome_model(log, self.features)
        old, new = self._policy(champion), self._policy(challenger)
        made: list[Compared | None] = []
        for rows in groups:
            part = log[rows].reset_index(drop=True)
            made.append(
                Compared(
                    rows=len(part),
                    estimates=measure(
                        part,
                        changes=Changes(
                            policies={name: new[rows].reset_index(drop=True)},
                            rivals={name: challenger[rows]},
                            against=old[rows].reset_index(drop=True),
                        ),
                    ),
                )
                if len(part)
                else None
            )
        sides = [np.abs(m) for m in self.money]
        stake = (old * (champion[:, None] * sides[0] + (1 - champion)[:, None] * sides[1])).sum(
            axis=1
        )
        judged = judged_rows(self.problem, log, challenger, old, new)
        return made, judged, stake.to_numpy()

    def _policy(self, score: np.ndarray) -> pd.DataFrame:
        return policy_of(self.problem, self.frame, score, self.money, self.came)


def _judging(problem: Problem, dataset: Dataset, parts: Split) -> _Judging | OutcomesJudging:
    if len(problem.outcomes) > 1:
        return OutcomesJudging.of(problem, dataset, parts.judge, dataset.features)
    frame = dataset.frame.loc[parts.judge].reset_index(drop=True)
    money = dollars(problem, frame)
    return _Judging(
        problem=problem,
        frame=frame,
        money=money,
        features=dataset.features,
        came=dataset.frame["as_of"],
    )


def contest(
    problem: Problem, lake: Lake, dataset: Dataset, parts: Split, chosen: Fitted, champion: str
) -> Contest:
    """Compare the chosen candidate with the champion.

    Raises ModelError where the champion's package itself is missing or was changed.
    """
    model = load(problem.name, lake, champion)
    frame = dataset.frame.loc[parts.judge].reset_index(drop=True)
    judging = _judging(problem, dataset, parts)
    package, why_no_package = None, "its package does not say on which it was fitted"
    packaged, stake = frame.iloc[:0], np.zeros(0)
    fitted_on = was_fitted_on(problem.name, lake, champion, frame[problem.key])
    if fitted_on is not None:
        why_no_package = f"fewer than {LEAST_EVENTS} events are known where it was not fitted"
        if _enough(frame[~fitted_on]):
            try:
                scores = _package_scores(problem, lake, dataset, frame, model)
                (package,), judged, stakes = judging.compare(
                    chosen.name, scores, chosen.scores[parts.judge], [~fitted_on]
                )
                packaged, stake = judged[~fitted_on].reset_index(drop=True), stakes[~fitted_on]
            except TrueriskError as error:
                why_no_package = _reason(error)
    known = None
    try:
        old, new, seen = _recipes(problem, lake, dataset, parts, chosen, champion)
    except TrueriskError as error:
        because = _reason(error)
    else:
        (fresh, known), judged, stakes = judging.compare(chosen.name, old, new, [~seen, seen])
        if fresh is not None:
            return Contest(
                champion=champion, how=How.RECIPES, because="", stake=float(stakes[~seen].mean()),
                new=fresh, known=known, package=package,
                judged=judged[~seen].reset_index(drop=True),
            )  # fmt: skip
        because = "every judging application is of a subject that one of the two was fitted on"
    if package is None:
        because = f"{because}, and {why_no_package}"
    return Contest(
        champion=champion,
        how=How.PACKAGE if package else How.NONE,
        because=because,
        stake=float(stake.mean()) if len(stake) else 0.0,
        new=None,
        known=known,
        package=package,
        judged=packaged,
    )


def _recipes(
    problem: Problem, lake: Lake, dataset: Dataset, parts: Split, chosen: Fitted, champion: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of the judging rows by the champion's recipe and the challenger's, each as known when
    these rows begin, and whether a row's subject was seen by either."""
    manifest = read_manifest(problem.name, lake, champion)
    old, new = recipe_in(problem, manifest), recipe_of(problem, chosen.name)
    age = max(dataset.known_at - instant(manifest["known_at"]), pd.Timedelta(0))
    start = parts.holdout_from
    until = {"old": start - age, "new": start}
    judge = dataset.frame.loc[parts.judge]
    keys, subjects = judge[problem.key], judge["subject"]
    same = definition_hash(manifest["definition"]) == definition_hash(dataset.definition)
    first = min(until["old"] - old.window, until["new"] - new.window)
    frames = {"new": _with_earlier(new, lake, dataset, first if same else start - new.window)}
    frames["old"] = frames["new"]
    if not same:
        since, until_now = until["old"] - old.window, dataset.known_at
        frames["old"] = rows_known(old.problem, lake, since, until_now, until_now, dataset.versions)
    if len(problem.outcomes) > 1:  # what judges is about subjects that neither is fitted on
        frames = {side: _without(frame, subjects) for side, frame in frames.items()}
    # Where no earlier rows join it, the challenger as known is the variant fitted with a gap.
    there = {}
    if chosen.gapped is not None and frames["new"] is dataset.frame:
        there["new"] = parts.gapped, chosen.gapped
    scores, seen = {}, np.zeros(len(judge), dtype=bool)
    for side, recipe in (("old", old), ("new", new)):
        frame = frames[side]
        made: AsKnown = as_known(recipe, frame, until[side], there.get(side))
        rows = frame.set_index(problem.key).loc[keys]
        scores[side] = made.score(rows)
        seen |= among(subjects, frame.loc[made.rows, "subject"])
    return scores["old"], scores["new"], seen


def _without(frame: pd.DataFrame, subjects: pd.Series) -> pd.DataFrame:
    """The same rows without the outcomes of some subjects."""
    return frame.assign(event=frame["event"].mask(among(frame["subject"], subjects)))


def _with_earlier(
    recipe: Recipe, lake: Lake, dataset: Dataset, since: pd.Timestamp
) -> pd.DataFrame:
    """The data set's rows and those before its window that a recipe of then would have read."""
    first = dataset.known_at - recipe.problem.training.window
    if since >= first:
        return dataset.frame
    earlier = rows_known(recipe.problem, lake, since, first, dataset.known_at, dataset.versions)
    if earlier.empty:
        return dataset.frame
    return pd.concat([earlier, dataset.frame], ignore_index=True)


def _package_scores(
    problem: Problem, lake: Lake, dataset: Dataset, frame: pd.DataFrame, model: Model
) -> np.ndarray:
    """The champion's scores of the judging rows, from its own definitions of its inputs."""
    if model.definition == dataset.definition:
        return model.score(frame)
    own = with_features_of(problem, model.definition)
    spine = frame[[problem.key, problem.applications.time]]
    return model.score(build_features(own, spine, lake, dataset.known_at, dataset.versions))


def _enough(frame: pd.DataFrame) -> bool:
    """Whether enough events are known: of explored rows where any row was less than certain."""
    explored = frame["p_reveal"].between(0, 1, inclusive="neither")
    rows = frame[explored] if explored.any() else frame
    return bool(rows["event"].sum() >= LEAST_EVENTS)


def _reason(error: TrueriskError) -> str:
    return str(error).rstrip(".")
