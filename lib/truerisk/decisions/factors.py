"""What each factor of an application costs it, in dollars of the decision's own margin.

Margin = expected dollars of the best action that reveals − those of the action the policy takes.
A factor's contribution is the margin as it is − the margin had the factor its usual value (the
model's ``reference``), scored by the model that decides and priced by the problem's own money:
amount moves both. Where score and money are linear the contributions add up to the distance from
the usual application; where they are not, each says exactly what its own change would do.
"""

import numpy as np
import pandas as pd

from truerisk.decisions.policy import Choice, dollars
from truerisk.features.definitions import with_features_of
from truerisk.features.kinds import as_input
from truerisk.lake.sources.declared import evaluated
from truerisk.models.package import Model
from truerisk.models.reference import Usual, money_columns
from truerisk.problem.expression import columns_of
from truerisk.problem.names import derived_order
from truerisk.problem.spec import Problem

Money = tuple[np.ndarray, np.ndarray]


def contributions(
    problem: Problem, model: Model, scored: pd.DataFrame, money: Money, choice: Choice
) -> tuple[pd.DataFrame, np.ndarray]:
    """Dollars of each factor for the rows that dollars, not a rule, keep from revealing.

    A frame with one row per such row of ``scored`` (its index) and one column per factor, and the
    margins, ≤ 0, shape (rows,). Negative dollars speak against the application. Factors are the
    features and the columns that money reads; a derived feature whose inputs all are factors is
    none itself: it moves with them. No rows for a model without a reference.
    """
    reveals = np.array([action.reveals for action in problem.actions.values()])
    kept = ~reveals[choice.action] & pd.isna(choice.rule)
    if not model.reference:
        kept[:] = False
    frame, taken = scored[kept], choice.action[kept]
    score, money = frame["score"].to_numpy(dtype=float), (money[0][kept], money[1][kept])
    margin = _margin(score, money, taken, reveals)
    known, priced, found = model.reference or {}, money_columns(problem), {}
    defined = with_features_of(problem, model.definition)
    for factor, moved in _factors(defined, known, priced, frame).items():
        cost = np.zeros(len(frame))
        rows = _unusual(frame[factor], known[factor])
        if rows.any():
            then = _moved(defined, frame[rows], factor, known[factor], moved)
            touched = {factor, *moved}
            worth = money[0][rows], money[1][rows]
            if {c.lower() for c in touched} & priced:
                worth = dollars(problem, then)
            seen = model.score(then) if touched & set(model.features) else score[rows]
            cost[rows] = margin[rows] - _margin(seen, worth, taken[rows], reveals)
        found[factor] = cost
    return pd.DataFrame(found, index=frame.index), margin


def _factors(
    defined: Problem, known: dict, priced: set[str], frame: pd.DataFrame
) -> dict[str, list[str]]:
    """Factor → the derived features that move with it, in the order they are computed in."""
    derived = defined.features.derived
    moved: dict[str, list[str]] = {c: [] for c in known if c in frame and c not in derived}
    behind = {c.lower(): {c} for c in moved}  # a column → the factors it is made of
    for name in derived_order(defined.features):
        read = {c.lower() for c in columns_of(derived[name].sql)}
        if read <= behind.keys():
            behind[name.lower()] = set().union(*(behind[c] for c in read))
            for factor in behind[name.lower()]:
                moved[factor].append(name)
        elif name in known and name in frame:
            moved[name], behind[name.lower()] = [], {name}
    return moved


def _unusual(values: pd.Series, usual: Usual) -> np.ndarray:
    if usual is None:
        return values.notna().to_numpy()
    return ~values.eq(usual).fillna(False).to_numpy(dtype=bool)


def _moved(
    defined: Problem, frame: pd.DataFrame, factor: str, usual: Usual, derived: list[str]
) -> pd.DataFrame:
    """The rows with the factor at its usual value, and what is derived from it."""
    text = isinstance(usual, str) or pd.api.types.is_string_dtype(frame[factor])
    value = pd.Series(usual, index=frame.index, dtype="str" if text else None)
    if usual is None and not text:
        value = value.astype("float64")
    elif not text:
        value = value.astype(frame[factor].dtype)  # of its own type, as money and SQL saw it
    frame = frame.assign(**{factor: value})
    for name in derived:
        sql = defined.features.derived[name].sql
        made = evaluated(frame, sql, defined.column_types, defined.where)
        frame[name] = as_input(defined, name, made).to_numpy()
    return frame


def _margin(score: np.ndarray, money: Money, taken: np.ndarray, reveals: np.ndarray) -> np.ndarray:
    expected = score[:, None] * money[0] + (1 - score)[:, None] * money[1]
    return expected[:, reveals].max(axis=1) - expected[np.arange(len(score)), taken]
