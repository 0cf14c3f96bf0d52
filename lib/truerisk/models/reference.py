"""The usual application: what a model's inputs looked like where it learned.

Reasons compare with it. It is fixed when the model is trained and travels in its package, so that
a decision replayed years later gives the same reasons.
"""

from collections.abc import Collection, Iterable

import pandas as pd

from truerisk.problem.expression import columns_of
from truerisk.problem.spec import Problem

Usual = float | str | bool | None


def money_columns(problem: Problem) -> set[str]:
    """The names that the dollars of the actions read, in lower case, as SQL compares them."""
    sides = [(a.if_event, a.if_no_event) for a in problem.actions.values()]
    return {c.lower() for pair in sides for sql in pair for c in columns_of(sql)}


def reference(
    frame: pd.DataFrame, columns: Iterable[str], filled: Collection[str] = ()
) -> dict[str, Usual]:
    """Column → median of its numbers (the lower of two), or its most frequent text.

    None where most rows are null, except for ``filled``, columns that need a value. A column of
    times, or one without any value, is left out.
    """
    found: dict[str, Usual] = {}
    for name in columns:
        values = frame[name]
        known = values.dropna()
        if known.empty or not _has_usual(values):
            continue
        if 2 * len(known) < len(values) and name not in filled:
            found[name] = None
        else:
            found[name] = _usual(known)
    return found


def _has_usual(values: pd.Series) -> bool:
    kinds = (pd.api.types.is_numeric_dtype, pd.api.types.is_string_dtype)
    return any(is_kind(values) for is_kind in kinds)


def _usual(known: pd.Series) -> Usual:
    if pd.api.types.is_bool_dtype(known):
        return bool(known.mode().iloc[0])
    if isinstance(known.iloc[0], str):
        return str(known.mode().iloc[0])
    return float(known.astype("float64").quantile(0.5, interpolation="lower"))
