"""Time and key of a source's rows as one whole number, by which the newest row is found.

An ASOF join compares one value. The number has the order of (time, key) exactly, so that two rows
at one time need no sort of their own; 64 bits hold it where times are whole seconds or few, else
128. Where keys are no whole numbers, or both ranges are too wide, there is none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from truerisk.lake.contract import INTEGER

SECOND = 1_000_000  # microseconds
TYPES = {"BIGINT": 2**62, "HUGEINT": 2**126}  # what they hold, with room to spare


@dataclass(frozen=True, kw_only=True)
class Rank:
    """``(time − first) / unit · width + (key − low)``, of a DuckDB ``type``; times in µs."""

    type: str
    first: int
    last: int
    unit: int
    low: int
    width: int

    def row(self) -> str:
        """SQL for the number of a row, from __time_us and __key."""
        time = f"(CAST(__time_us AS {self.type}) - {self.first}) // {self.unit}"
        return f"{time} * {self.width} + (CAST(__key AS {self.type}) - {self.low})"

    def edge(self, delay: int) -> str:
        """SQL for what rows with time < __as_of − delay lie below, and no others."""
        early, late = self.first + delay, self.last + delay + 1
        since = f"CAST(LEAST(GREATEST(__as_of, {early}), {late}) - {early} AS {self.type})"
        return f"({since} + {self.unit - 1}) // {self.unit} * {self.width}"


def ranges(rows: str) -> str:
    """The query that ``rank`` needs the answer of, over the FROM and WHERE of the rows."""
    return f"""SELECT MIN(__time_us) AS first, MAX(__time_us) AS last,
  MIN(__key) AS low, MAX(__key) AS high, BOOL_AND(__time_us % {SECOND} = 0) AS seconds
{rows}"""


def is_ranked(key: str) -> bool:
    """True when keys of this DuckDB type are whole numbers."""
    return bool(re.fullmatch(INTEGER, key))


def rank(found: Mapping[str, Any]) -> Rank | None:
    """The number for rows with these ranges, in the narrowest type; None where none holds it."""
    if found.get("first") is None:  # no rows
        return None
    first, last, low, high = (int(found[name]) for name in ("first", "last", "low", "high"))
    unit = SECOND if found["seconds"] else 1
    largest = ((last - first) // unit + 1) * (high - low + 1)
    reach = max(largest, last - first + unit, *map(abs, (first, last, low, high)))
    kind = next((kind for kind, limit in TYPES.items() if reach < limit), None)
    return (
        None
        if kind is None
        else Rank(type=kind, first=first, last=last, unit=unit, low=low, width=high - low + 1)
    )
