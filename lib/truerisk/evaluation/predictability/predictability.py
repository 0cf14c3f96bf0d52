"""How predictable the event is from these features, by three estimates that fail differently."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.decisions.policy import dollars
from truerisk.evaluation.judging import judging_log
from truerisk.evaluation.outcomes import OutcomesReview
from truerisk.evaluation.predictability.judging_weights import judging_weights
from truerisk.evaluation.predictability.ladder import ladder, scores
from truerisk.evaluation.predictability.learning_curve import LearningCurve, learning_curve
from truerisk.evaluation.predictability.nearest_neighbours import (
    NearestNeighbours,
    nearest_neighbours,
)
from truerisk.evaluation.predictability.outcomes import (
    OutcomesPredictability,
    outcomes_predictability,
)
from truerisk.evaluation.review import Review
from truerisk.features.dataset import Dataset
from truerisk.isolated import Lost, isolated
from truerisk.measurement.best import best
from truerisk.models.parts import Split
from truerisk.models.training import Fitted
from truerisk.problem.spec import Problem
from truerisk.statistics.threads import one_thread


@dataclass(frozen=True, kw_only=True)
class Predictability:
    """``ladder``: auc, auc_gain and policy_value per rung, ``feature`` being the best single one;
    ``curve`` of the chosen candidate; ``neighbours`` among the known outcomes.

    All speak of ``population`` by ``estimator``, the one that the review relies on; ``status`` is
    what the review says of its AUC.
    """

    estimator: str
    population: str
    status: str
    feature: str
    ladder: pd.DataFrame
    curve: LearningCurve
    neighbours: NearestNeighbours


@one_thread
def predictability(
    problem: Problem,
    dataset: Dataset,
    parts: Split,
    fitted: list[Fitted],
    review: Review | OutcomesReview,
) -> Predictability | OutcomesPredictability | Lost | None:
    """Baseline ladder, learning curve and nearest neighbours, judged on the review's rows; None
    where the review itself had to withhold the chosen candidate's AUC, or why they could not be
    made.

    Fits the chosen candidate's recipe a few times more, on 30,000 rows in all at most. Of several
    outcomes it is what an action adds that may be predictable (predictability/outcomes.py).
    """
    if isinstance(review, OutcomesReview):
        return isolated(lambda: outcomes_predictability(problem, dataset, parts, fitted, review))
    return isolated(lambda: _made(problem, dataset, parts, fitted, review))


def _made(
    problem: Problem, dataset: Dataset, parts: Split, fitted: list[Fitted], review: Review
) -> Predictability | None:
    problem = problem.typed(dataset.definition)
    relied = best(review.estimates[review.estimates["model"] == review.chosen], "auc")
    if pd.isna(relied["value"]):
        return None
    frame = dataset.frame.loc[parts.judge].reset_index(drop=True)
    rungs, feature = scores(problem, dataset, parts, fitted)
    chosen = next(f for f in fitted if f.name == review.chosen)
    log = judging_log(problem, frame, chosen.scores[parts.judge], dollars(problem, frame))
    log["m"] = review.m
    estimator, population = str(relied["estimator"]), str(relied["population"])
    judged_by = judging_weights(log, estimator, population)
    known = frame["event"].notna()
    weight = np.ones(len(frame))
    if estimator != "naive":
        known &= frame["p_reveal"] > 0
        weight = 1 / frame["p_reveal"].where(known, 1.0).to_numpy()
    seen = known.to_numpy()
    return Predictability(
        estimator=estimator,
        population=population,
        status=str(relied["status"]),
        feature=feature,
        ladder=ladder(problem, dataset, parts, rungs, judged_by),
        curve=learning_curve(problem, dataset, parts, chosen, judged_by),
        neighbours=nearest_neighbours(
            frame.loc[seen, dataset.features],
            frame.loc[seen, "event"].to_numpy(),
            frame.loc[seen, "subject"].to_numpy(),
            weight[seen],
        ),
    )
