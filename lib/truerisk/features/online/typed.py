"""The DuckDB type that one value has in the batch build's frame, and the value as a literal.

The build carries columns through pandas, where a type is that of the values: a null integer is a
null double, a null boolean has no type, a decimal has as many digits as it needs.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from truerisk.features.online.values import FLOATS
from truerisk.lake.contract import INTEGER, literal

NULL = '"NULL"'  # what DuckDB calls the type of NULL
LONG = 1 << 63
DIGITS = 38  # of a decimal at most
PLAIN = {bool: "BOOLEAN", float: "DOUBLE", str: "VARCHAR", datetime: "TIMESTAMP"}
NUMPY = (np.bool_, np.int64, np.float64, np.str_)

Typed = tuple[Any, str]


class UnusualError(Exception):
    """A value for which only a frame itself can tell; the build's own way must be gone."""


def of_python(value: Any) -> Typed:
    """A value of an application, as in a frame of one row."""
    if isinstance(value, NUMPY):
        value = value.item()
    came = type(value)
    if value is None:
        return None, NULL
    if came is int and -LONG <= value < LONG:
        return value, "BIGINT"
    if came is Decimal:
        return _decimal(value)
    if came not in PLAIN or (came is str and "\0" in value):
        raise UnusualError(came.__name__)
    return (None if value != value else value), PLAIN[came]


def of_duckdb(value: Any, kind: str) -> Typed:
    """A value that a query gave with this type, after it went through a frame of one row."""
    if re.fullmatch(INTEGER, kind) and "HUGE" not in kind:
        return (None, "DOUBLE") if value is None else (value, kind)
    if kind in FLOATS:
        return (None if value != value else value), kind
    if kind == "VARCHAR":
        if value is not None and "\0" in value:
            raise UnusualError(kind)
        return value, kind
    if value is None and (kind in ("BOOLEAN", NULL) or kind.startswith("DECIMAL")):
        return None, NULL
    if kind == "BOOLEAN":
        return value, kind
    if kind.startswith("DECIMAL"):
        return _decimal(value)
    raise UnusualError(kind)


def as_literal(value: Any, kind: str) -> str:
    """The value as SQL of its type."""
    if value is None:
        return f"NULL::{kind}"
    return f"{literal(repr(value) if isinstance(value, float) else str(value))}::{kind}"


def as_feature(value: Any) -> float | str:
    """Numbers as float, texts as they are, NaN for null."""
    if type(value) is float:  # most are
        return value
    if value is None or value != value:
        return float("nan")
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | int | float | Decimal | np.number | np.bool_):
        return float(value)
    raise UnusualError(type(value).__name__)


def _decimal(value: Decimal) -> Typed:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise UnusualError("decimal")
    scale = max(0, -exponent)
    precision = max(len(digits) + max(0, exponent), scale)
    if precision > DIGITS:
        raise UnusualError("decimal")
    return value, f"DECIMAL({precision},{scale})"
