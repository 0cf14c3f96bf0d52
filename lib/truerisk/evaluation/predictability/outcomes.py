"""How predictable it is what an action adds: rungs of knowing more, and ever more to learn from.

Nobody shows both outcomes, so that neighbours cannot say how far two alike people differ. What can
be told is what each rung's ranking adds on the judging rows, and how it grows with those learnt.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.evaluation.outcomes import OutcomesReview
from truerisk.evaluation.outcomes_judging import OutcomesJudging
from truerisk.evaluation.predictability.learning_curve import MOST_ROWS, place
from truerisk.features.dataset import Dataset
from truerisk.measurement.best import best
from truerisk.measurement.uplift.qini import AREA, qini
from truerisk.models.candidates import OF_OUTCOMES
from truerisk.models.parts import Split
from truerisk.models.taken import taken_of
from truerisk.models.training import Fitted
from truerisk.problem.spec import Problem

SHARES = (1 / 8, 1 / 4, 1 / 2)  # of the subjects that fit
LEAST_EVENTS = 20  # of each outcome, and as many without


@dataclass(frozen=True, kw_only=True)
class OutcomesPredictability:
    """``aucs``: measure()'s AUC of each outcome by the chosen candidate's scores. ``points``: what
    its recipe, fitted on ever more ``rows``, adds by the ranking of each ``action``: the Qini area
    with value, low and high (95%); the last is the candidate's own fit."""

    model: str
    aucs: pd.DataFrame
    points: pd.DataFrame


def outcomes_predictability(
    problem: Problem, dataset: Dataset, parts: Split, fitted: list[Fitted], review: OutcomesReview
) -> OutcomesPredictability:
    """The AUC of every outcome, and a learning curve of what the rankings add.

    Fits the chosen recipe on an eighth, a quarter and a half of the subjects, where that is no more
    than 30,000 rows in all and each outcome has events enough.
    """
    problem = problem.typed(dataset.definition)
    chosen = next(f for f in fitted if f.name == review.chosen)
    judging = OutcomesJudging.of(problem, dataset, parts.judge, dataset.features)
    known = judging.log.scored(chosen.scores[parts.judge])
    made = dict(_fits(problem, dataset, parts, chosen))
    made[int(parts.early.sum())] = chosen.scores[parts.judge]
    *acting, instead = problem.outcomes
    points = []
    for k, action in enumerate(acting):
        ranks = {str(n): scores[:, k] - scores[:, -1] for n, scores in made.items()}
        found = qini(known, ranks, action=action, instead=instead)
        area = found[found["figure"] == AREA]
        points.append(area.assign(action=action, rows=area["score"].astype(int)))
    own = review.estimates[review.estimates["model"] == review.chosen]
    aucs = [best(own[own["action"] == outcome], "auc") for outcome in problem.outcomes]
    return OutcomesPredictability(
        model=chosen.name,
        aucs=pd.DataFrame(aucs).reset_index(drop=True),
        points=pd.concat(points, ignore_index=True).sort_values(["action", "rows"]),
    )


def _fits(
    problem: Problem, dataset: Dataset, parts: Split, chosen: Fitted
) -> Iterator[tuple[int, np.ndarray]]:
    """Rows that were learnt from → scores of the judging rows, (judged, outcomes)."""
    frame, features = dataset.frame, dataset.features
    params, seed = problem.candidates.chosen[chosen.name], problem.training.seed
    early = np.flatnonzero(parts.early)
    at, used = place(frame["subject"].iloc[early]), 0
    for share in SHARES:
        rows = np.zeros(len(frame), dtype=bool)
        rows[early[at < share]] = True
        used += int(rows.sum())
        taken = taken_of(problem, frame, rows)
        counts = np.zeros((len(problem.outcomes), 2), dtype=int)
        np.add.at(counts, (taken.shown, taken.event.astype(int)), 1)
        if used > MOST_ROWS or counts.min() < LEAST_EVENTS:
            continue
        X = frame.loc[rows, features].reset_index(drop=True)
        model = OF_OUTCOMES[chosen.name].fit(X, taken, params, seed)
        yield int(rows.sum()), model.predict(frame.loc[parts.judge, features])
