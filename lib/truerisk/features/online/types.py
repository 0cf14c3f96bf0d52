"""One value in the type that its column has in the batch build, and the value as a literal."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from truerisk.features.kinds import TEXT
from truerisk.lake.contract import INTEGER, literal
from truerisk.lake.reader.cells import FLOATS
from truerisk.lake.reader.guess import NOTHING
from truerisk.lake.sources.declared import EXACT, NUMERAL, TRUTH

TEXTS = r"VARCHAR|UUID|ENUM.*"
CENTS = "DECIMAL(18,2)"

LONG = 1 << 63
KINDS = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", str: "VARCHAR", datetime: "TIMESTAMP"}
SECONDS = r"TIMESTAMP.*|DATE"

Typed = tuple[Any, str]


class UnfitError(Exception):
    """A value that cannot have the type of its column."""


class UnusualError(Exception):
    """A value for which only a frame itself can tell; the build's own way must be gone."""


def as_declared(value: Any, kind: str) -> Any:
    """A value that came with a request, as its column of a DuckDB type holds it; None for null.

    The rules are those of ``lake.sources.declared.border``: what cannot be kept exactly is
    UnfitError.
    """
    came = type(value)
    if came is str and kind == "VARCHAR":
        return value
    if came is float and kind == "DOUBLE":
        return None if value != value else value
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        return as_declared(value.item(), kind)
    if isinstance(value, float | Decimal) and value != value:
        return None
    if kind == "BOOLEAN":
        return _truth(value)
    if re.fullmatch(TEXT, kind):
        return value if isinstance(value, str) else str(_whole(value))
    if re.fullmatch(SECONDS, kind) and isinstance(value, str | date):
        return value.isoformat() if isinstance(value, date) else value
    if isinstance(value, str):
        value = _numeral(value)
    if re.fullmatch(INTEGER, kind):
        return _whole(value)
    if kind in FLOATS:
        return _double(value, kind)
    if kind.startswith("DECIMAL"):
        return _decimal(value, scale(kind))
    raise UnfitError


def of_python(value: Any) -> Typed:
    """A value of a column that no source declares, with the type of its own."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA:
        return None, "DOUBLE"
    if isinstance(value, Decimal) and value.is_finite():
        _, digits, exponent = value.as_tuple()
        places = max(0, -int(exponent))
        return value, f"DECIMAL({max(len(digits) + max(0, int(exponent)), places)},{places})"
    if type(value) not in KINDS:
        raise UnfitError
    return (None if value != value else value), KINDS[type(value)]


def carried(kind: str) -> str:
    """The type of a column of the build's frame, into which values of ``kind`` were put."""
    if kind == "HUGEINT":
        return "DECIMAL(38,0)"
    if kind == '"NULL"':
        return "DOUBLE"
    return "VARCHAR" if re.fullmatch(TEXT, kind) else kind


def as_literal(value: Any, kind: str) -> str:
    """The value as SQL of its type."""
    if value is None:
        return f"NULL::{kind}"
    if isinstance(value, str) and "\0" in value:
        raise UnusualError("a null character")
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


def _truth(value: Any) -> bool:
    if isinstance(value, str) and re.match(TRUTH, value):
        return value.strip().lower() == "true"
    if isinstance(value, bool | int | float | Decimal) and value in (0, 1):
        return bool(value)
    raise UnfitError


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise UnfitError
    if isinstance(value, float) and not (value.is_integer() and abs(value) < EXACT):
        raise UnfitError
    if not -LONG <= value < LONG or value != int(value):
        raise UnfitError
    return int(value)


def _double(value: Any, kind: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise UnfitError
    if isinstance(value, int) and abs(value) >= EXACT:
        raise UnfitError
    return float(np.float32(value)) if kind == "FLOAT" else float(value)


def _decimal(value: Any, digits: int) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise UnfitError
    try:
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        kept = exact.quantize(Decimal(1).scaleb(-digits))
    except InvalidOperation:
        raise UnfitError from None
    if kept != exact:
        raise UnfitError
    return kept


def _numeral(text: str) -> int | float:
    if not re.match(NUMERAL, text):
        raise UnfitError
    text = text.strip()
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


# A DuckDB value as SQLite keeps it, and back: equal values stay equal, and in the same order.
# Decimals are kept as whole numbers of their last digit, so that SQLite adds them exactly; times as
# microseconds (nanoseconds where the column has them). Columns have no affinity: a double keeps its
# sign of zero. NaN is null before it comes here.


def stored(sql: str, kind: str) -> str | None:
    """SQL for ``sql``, of a DuckDB type, as SQLite keeps it; None for a type it cannot keep.

    What does not fit 64 bits fails when the query runs.
    """
    if re.fullmatch(INTEGER, kind) or kind == "BOOLEAN":
        return f"CAST({sql} AS BIGINT)"
    if kind in FLOATS:
        return f"CAST({sql} AS DOUBLE)"
    if kind.startswith("DECIMAL"):
        return f"CAST(replace(CAST({sql} AS VARCHAR), '.', '') AS BIGINT)"
    if re.fullmatch(TEXTS, kind):
        return f"CAST({sql} AS VARCHAR)"
    if kind == NOTHING:
        return "NULL"
    if kind == "TIMESTAMP_NS":
        return f"epoch_ns({sql})"
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"epoch_us({sql})"
    return None


def restored(value: Any, kind: str) -> Any:
    """What ``stored`` kept, as Python has it: bool, int, float, Decimal, str or None."""
    if value is None:
        return None
    if kind in FLOATS:
        return float(value)
    if kind == "BOOLEAN":
        return bool(value)
    return Decimal(value).scaleb(-scale(kind)) if kind.startswith("DECIMAL") else value


def number(value: Any, kind: str) -> float:
    """A number that ``stored`` kept, as the nearest double; Python divides whole numbers so."""
    digits = scale(kind)
    return value / 10**digits if digits else float(value)


def unsigned(value: Any) -> Any:
    """The value of a feature; zero has no sign, as in the build."""
    return value + 0.0 if type(value) is float else value


def scale(kind: str) -> int:
    """How many digits after the point a DECIMAL type keeps; 0 for any other type."""
    found = re.fullmatch(r"DECIMAL\(\d+,\s*(\d+)\)", kind)
    return int(found[1]) if found else 0
