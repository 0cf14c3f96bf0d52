"""Which way a factor works on the whole: its values in the order of the scores that go with them.

A model of trees is not monotone: now and then it takes something off for what is good. This order
says which side of the usual is the worse one, so that no reason contradicts the applicant's value.
"""

import numpy as np
import pandas as pd

from truerisk.models.moved import moved
from truerisk.models.package import Model
from truerisk.models.reference import Usual, money_columns
from truerisk.problem.reasons import factors
from truerisk.problem.spec import Problem

ROWS = 400  # of those it learned from, evenly over time: a mean of so many moves little
LEVELS = 8  # of a text, the most frequent
OUTER = (0.1, 0.9)  # quantiles of a number

Dependence = dict[str, list[Usual]]


def dependence_of(problem: Problem, model: Model, learned: pd.DataFrame) -> Dependence:
    """Factor → some of its values, the one with the lowest mean score first.

    ``learned`` are the rows that the model was fitted on. A number is tried at two outer quantiles,
    a text at its most frequent levels; the mean is taken over up to 400 of the rows, all else as it
    is (partial dependence; Friedman 2001). A factor that moves no mean is left out.
    """
    defined = problem.typed(model.definition)  # whose features the model was just fitted on
    rows = learned.iloc[np.unique(np.linspace(0, len(learned) - 1, ROWS).astype(int))]
    known = {c for c in model.reference or {} if c in learned}
    priced = [c for c in known if c.lower() in money_columns(problem)]
    tried: list[tuple[str, Usual]] = []
    frames = []
    for factor, derived in factors(defined.features, priced, known).items():
        if {factor, *derived} & set(model.features):
            for value in _values(learned[factor]):
                tried.append((factor, value))
                frames.append(moved(defined, rows, {factor: value}, derived)[model.features])
    if not frames:
        return {}
    scores = model.score(pd.concat(frames, ignore_index=True)).reshape(len(frames), -1)
    found: dict[str, list[tuple[float, Usual]]] = {}
    for (factor, value), mean in zip(tried, scores.mean(axis=1).tolist(), strict=True):
        found.setdefault(factor, []).append((mean, value))
    ordered = {f: sorted(means, key=lambda m: m[0]) for f, means in found.items()}
    return {f: [v for _, v in m] for f, m in ordered.items() if m[0][0] < m[-1][0]}


def _values(column: pd.Series) -> list[Usual]:
    known = column.dropna()
    if pd.api.types.is_string_dtype(known):
        return [str(level) for level in known.value_counts().index[:LEVELS]]
    numbers = known.astype("float64").quantile(list(OUTER), interpolation="lower")
    return [float(v) for v in dict.fromkeys(numbers)]
