"""A DuckDB value as SQLite keeps it, and back: equal values stay equal, and in the same order.

Decimals are kept as whole numbers of their last digit, so that SQLite adds them exactly; times as
microseconds (nanoseconds where the column has them). Columns have no affinity: a double keeps its
sign of zero. NaN is null before it comes here.
"""

import re
from decimal import Decimal
from typing import Any

from truerisk.lake.contract import INTEGER
from truerisk.lake.reader.cells import FLOATS
from truerisk.lake.reader.guess import NOTHING

TEXTS = r"VARCHAR|UUID|ENUM.*"
CENTS = "DECIMAL(18,2)"


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
