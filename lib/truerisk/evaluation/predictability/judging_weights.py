"""The judging rows with the weights that every rung and every point of a curve is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.measurement.evidence.labelled import labelled
from truerisk.statistics import influence


@dataclass(frozen=True, kw_only=True)
class JudgingWeights:
    """``a`` and ``b`` (n,) weigh event and no event on ``kept`` rows, ``cluster`` is their subject.

    DR of everyone, or of all who had a chance, where the review could estimate it; else naive, of
    the revealed only. ``estimator`` and ``population`` say which.
    """

    estimator: str
    population: str
    kept: np.ndarray
    a: np.ndarray
    b: np.ndarray
    cluster: np.ndarray

    def auc(self, score: np.ndarray) -> influence.Value:
        """AUC of a score of all judging rows, shape (rows,)."""
        return influence.auc(self.a, self.b, score[self.kept])

    def dollars(self, if_event: np.ndarray, if_no_event: np.ndarray) -> influence.Value:
        """Dollars per application of a policy that expects these of every judging row."""
        return influence.dollars(self.a, self.b, if_event[self.kept], if_no_event[self.kept])

    def covariance(self, influences: Sequence[np.ndarray]) -> np.ndarray:
        """C/(C − 1) · Σ_c (Σ_{i∈c} IF_i)(Σ_{i∈c} IF_i)ᵀ / n² of several estimates, (k, k)."""
        sums = np.column_stack([np.bincount(self.cluster, i) for i in influences])
        count = len(np.unique(self.cluster))
        return sums.T @ sums * count / (count - 1) / len(self.cluster) ** 2


def judging_weights(log: pd.DataFrame, estimator: str, population: str) -> JudgingWeights:
    """The weights of a judging log whose rows are all mature."""
    known = labelled(log)
    rows = known.rows
    if estimator == "naive":
        kept, a, b = rows.seen, rows.y, 1 - rows.y
    else:
        kept, a, b = known.eligible, known.a, known.b
    return JudgingWeights(
        estimator=estimator,
        population=population,
        kept=kept,
        a=a[kept],
        b=b[kept],
        cluster=np.unique(rows.cluster[kept], return_inverse=True)[1],
    )
