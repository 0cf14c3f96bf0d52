"""What a model can take: numbers and texts. A feature is one or the other by its type alone."""

import re

import pandas as pd
import pyarrow as pa

from truerisk.errors import ProblemError
from truerisk.lake.contract import NUMBER
from truerisk.problem.expression import sandbox
from truerisk.problem.frames import as_array
from truerisk.problem.spec import Problem

NUMBERS, TEXTS = "number", "text"
TEXT = r"VARCHAR|ENUM.*|UUID"
TIMES = r"TIMESTAMP.*|DATE|TIME.*|INTERVAL"


def kind_of(problem: Problem, place: str, name: str, held: str) -> str:
    """``number`` or ``text``, for a feature whose values are of a DuckDB type.

    Raises ProblemError, beginning with ``place``, for a time, a list or whatever else is neither.
    """
    if re.fullmatch(rf'{NUMBER}|BOOLEAN|"NULL"', held):
        return NUMBERS
    if re.fullmatch(TEXT, held):
        return TEXTS
    if re.fullmatch(TIMES, held):
        raise ProblemError(
            f"{problem.where}: {place} is a time; derive a number from it, such as "
            f"\"date_diff('day', {name}, {problem.applications.time})\"."
        )
    raise ProblemError(
        f"{problem.where}: {place} holds {held}, and a model takes numbers and texts; derive one "
        f'from it, or let the source carry it, such as "len({name})" of a list.'
    )


def as_input(problem: Problem, name: str, values: pd.Series) -> pd.Series:
    """float64 for anything numeric and str for texts, null staying null; else ProblemError."""
    # A caller's own column of objects has no type but that of its values.
    known = values if values.dtype == object else values[:0]
    held = as_array(known).type
    text = kind_of(problem, f"feature {name}", name, _duckdb_type(held)) == TEXTS
    return values.astype("str" if text else "float64")


def kind_of_input(values: pd.Series) -> str:
    """The kind of a feature as ``as_input`` made it."""
    return NUMBERS if pd.api.types.is_numeric_dtype(values) else TEXTS


def _duckdb_type(held: pa.DataType) -> str:
    if pa.types.is_dictionary(held):
        held = held.value_type
    if pa.types.is_string(held) or pa.types.is_large_string(held):
        return "VARCHAR"
    if pa.types.is_boolean(held) or pa.types.is_null(held):
        return "BOOLEAN"
    if pa.types.is_integer(held) or pa.types.is_floating(held) or pa.types.is_decimal(held):
        return "DOUBLE"
    with sandbox() as con:
        return str(con.from_arrow(pa.table({"value": pa.array([], held)})).types[0])
