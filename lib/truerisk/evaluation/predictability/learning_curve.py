"""The learning curve: the chosen recipe fitted on ever more subjects, judged on the same rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.evaluation.predictability.ceiling import Ceiling, ceiling
from truerisk.evaluation.predictability.judging_weights import JudgingWeights
from truerisk.features.dataset import Dataset
from truerisk.models.candidates import candidate
from truerisk.models.parts import Split
from truerisk.models.training import Fitted
from truerisk.problem.spec import Problem
from truerisk.statistics.interval import share_interval

# Share of the subjects → fits on different ones: their scatter is what a sample's luck is worth.
SHARES = {1 / 32: 2, 1 / 16: 2, 1 / 8: 1, 1 / 4: 1, 1 / 2: 1}
MOST_ROWS = 30_000  # of all samples together; the candidate's own fit on all rows is there already
LEAST_EVENTS = 20  # and as many without


@dataclass(frozen=True)
class LearningCurve:
    """``points``: rows, fits, auc, low, high per size; the last is the candidate's own fit."""

    model: str
    points: pd.DataFrame
    ceiling: Ceiling


def learning_curve(
    problem: Problem, dataset: Dataset, parts: Split, fitted: Fitted, weights: JudgingWeights
) -> LearningCurve:
    """Fit ``fitted``'s recipe on nested samples of the early subjects, one seed, and extrapolate.

    A size is left out where a sample holds fewer than LEAST_EVENTS of either outcome, or where it
    would take the rows fitted beyond MOST_ROWS. AUCs are those of the judging rows, with their
    joint covariance: shared rows by influence functions, the luck of the sample from repeated
    fits, its variance taken to fall as 1/n.
    """
    frame = dataset.frame.loc[parts.early]
    X, event = frame[dataset.features], frame["event"].to_numpy()
    judged = dataset.frame.loc[parts.judge, dataset.features]
    at = place(frame["subject"])
    kind, params = candidate(fitted.name), problem.candidates.chosen[fitted.name]
    rows, values, influences, fits, squares, used = [], [], [], [], [], 0
    for share, repeats in SHARES.items():
        masks = [(at >= r * share) & (at < (r + 1) * share) for r in range(repeats)]
        used += sum(int(mask.sum()) for mask in masks)
        if used > MOST_ROWS or not all(_enough(event[mask]) for mask in masks):
            continue
        found = [
            weights.auc(
                kind.fit(X[mask], event[mask], params, problem.training.seed).predict(judged)
            )
            for mask in masks
        ]
        aucs = np.array([f.theta for f in found])
        rows.append(round(float(np.mean([mask.sum() for mask in masks]))))
        values.append(float(aucs.mean()))
        influences.append(np.mean([f.influence for f in found], axis=0))
        fits.append(repeats)
        squares.append((float(((aucs - aucs.mean()) ** 2).sum()), repeats - 1, rows[-1]))
    own = weights.auc(fitted.scores[parts.judge])
    rows.append(len(event))
    values.append(own.theta)
    influences.append(own.influence)
    fits.append(1)
    n, repeats_ = np.array(rows), np.array(fits)
    # s²·n is one number for all sizes if the variance falls as 1/n.
    freedom = sum(f for _, f, _ in squares)
    luck = sum(s * size for s, _, size in squares) / freedom if freedom else 0.0
    covariance = weights.covariance(influences) + np.diag(luck / n / repeats_)
    ends = [
        share_interval(v, s) if s else (v, v) for v, s in zip(values, np.sqrt(np.diag(covariance)))
    ]
    points = pd.DataFrame(
        {
            "rows": rows,
            "fits": fits,
            "auc": values,
            "low": [low for low, _ in ends],
            "high": [high for _, high in ends],
        }
    )
    return LearningCurve(fitted.name, points, ceiling(n, np.array(values), covariance))


def _enough(event: np.ndarray) -> bool:
    return min(event.sum(), (1 - event).sum()) >= LEAST_EVENTS


def place(subject: pd.Series) -> np.ndarray:
    """A fixed place in [0, 1) of every subject: samples are nested and never part a subject."""
    code, names = pd.factorize(subject.astype(str).to_numpy(dtype=object))
    place = pd.util.hash_array(names, hash_key="learning-curve-0", categorize=False) / 2.0**64
    return place[code]
