"""Rows with a factor at another value, and with what is derived from it computed anew."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from truerisk.features.kinds import as_input
from truerisk.lake.sources.declared import evaluated
from truerisk.models.reference import Usual
from truerisk.problem.names import derived_order
from truerisk.problem.spec import Problem


def moved(
    defined: Problem,
    frame: pd.DataFrame,
    to: Mapping[str, Usual],
    derived: Iterable[str],
    rows: Mapping[str, np.ndarray] | None = None,
) -> pd.DataFrame:
    """The rows with each factor of ``to`` at its value there, and with ``derived`` computed anew.

    ``rows`` (factor → shape (n,)) are those in which a factor moves, all where it is not named.
    ``defined`` holds the features as the model's definition has them.
    """
    rows, changed = rows or {}, {}
    for factor, value in to.items():
        own = frame[factor]
        made = _as_column(value, own)
        if factor in rows:
            made = made.where(rows[factor], own.astype(made.dtype))
        changed[factor] = made
    frame = frame.assign(**changed)
    again = set(derived)
    for name in derived_order(defined.features):
        if name in again:
            sql = defined.features.derived[name].sql
            made = evaluated(frame, sql, defined.column_types, defined.where)
            frame[name] = as_input(defined, name, made).to_numpy()
    return frame


def _as_column(value: Usual, own: pd.Series) -> pd.Series:
    """One value for every row, of the column's own type, as money and SQL saw it."""
    text = isinstance(value, str) or pd.api.types.is_string_dtype(own)
    made = pd.Series(value, index=own.index, dtype="str" if text else None)
    if text:
        return made
    return made.astype("float64" if value is None else own.dtype)
