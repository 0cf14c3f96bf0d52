"""The parts of aggregates that SQLite computes, each once for all features that share it.

A term is an SQL aggregate whose value over a window is had from its values over the window's
pieces: counts and exact sums add up, least and greatest are those of the pieces.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from truerisk.features.online.layout import to_the_cent
from truerisk.features.online.store import Kept
from truerisk.features.online.types import CENTS, number, scale
from truerisk.features.sql.aggregate import DAY
from truerisk.features.sql.group import EXACT
from truerisk.problem.aggregate import Aggregate
from truerisk.problem.spec import Problem

NARROW = r"U?(TINY|SMALL)INT|INTEGER"
HALF = 32  # bits
Row = list[Any]
Merge = Callable[[Any, Any], Any]


def add(a: int, b: int) -> int:
    return a + b


def least(a: Any, b: Any) -> Any:
    return b if a is None or (b is not None and b < a) else a


def greatest(a: Any, b: Any) -> Any:
    return b if a is None or (b is not None and b > a) else a


@dataclass
class PartialAggregates:
    """The terms of one table's windows: their SQL, how pieces merge, their value over no rows."""

    table: Kept
    sql: list[str] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    empty: Row = field(default_factory=list)

    def term(self, sql: str, merge: Merge = add) -> int:
        """The place of a term in a row of them."""
        if sql not in self.sql:
            self.sql.append(sql)
            self.merges.append(merge)
            self.empty.append(0 if merge is add else None)
        return self.sql.index(sql)

    def flag(self, a: Aggregate) -> str | None:
        """The column that says which rows fulfil ``where``."""
        return f"f{self.table.rows.filters.index(a.where)}" if a.where else None

    def column(self, problem: Problem, a: Aggregate) -> tuple[str, str]:
        """The column an aggregate is taken over, and the DuckDB type of its values."""
        assert a.column is not None
        rows = self.table.rows
        if to_the_cent(problem, rows.source, a.column, a.function):
            return f"m{rows.cents.index(a.column)}", CENTS
        return f"v{rows.values.index(a.column)}", self.table.types[a.column]

    def rows(self, a: Aggregate) -> int:
        """The term that counts the rows which fulfil ``where``."""
        flag = self.flag(a)
        return self.term(f"COUNT(NULLIF({flag}, 0))" if flag else "COUNT(*)")

    def finish(self, problem: Problem, a: Aggregate) -> Callable[[Row, int], Any]:
        """What makes the feature of a row of terms and ``as_of`` (µs)."""
        n, flag = self.rows(a), self.flag(a)
        if a.function == "count":
            return lambda row, as_of: row[n]
        if a.function == "share":
            every = self.term("COUNT(*)")
            return lambda row, as_of: float(row[n]) / row[every] if row[every] else None
        if a.function in ("since_last", "since_first"):
            last = a.function == "since_last"
            time = f"CASE WHEN {flag} THEN time END" if flag else "time"
            t = self.term(f"{'MAX' if last else 'MIN'}({time})", greatest if last else least)
            day = float(DAY)
            return lambda row, as_of: float(as_of - row[t]) / day if row[n] else None
        column, kind = self.column(problem, a)
        value = f"CASE WHEN {flag} THEN {column} END" if flag else column
        if a.function in ("min", "max"):
            merge = least if a.function == "min" else greatest
            t = self.term(f"{a.function.upper()}({value})", merge)
            return lambda row, as_of: None if row[t] is None else number(row[t], kind)
        return self._exact(a, value, kind)

    def _exact(self, a: Aggregate, value: str, kind: str) -> Callable[[Row, int], Any]:
        """A sum of whole numbers in two halves, neither of which can pass 64 bits."""
        many, one = self.term(f"COUNT({value})"), 10 ** scale(kind)
        if re.fullmatch(NARROW, kind):
            high, low = None, self.term(f"COALESCE(SUM({value}), 0)")
        else:
            high = self.term(f"COALESCE(SUM({value} >> {HALF}), 0)")
            low = self.term(f"COALESCE(SUM({value} & {(1 << HALF) - 1}), 0)")

        def finished(row: Row, as_of: int) -> float | None:
            if not row[many]:
                return None
            total = (row[low] + (row[high] << HALF if high is not None else 0)) / one
            return total if a.function == "sum" else total / row[many]

        return finished


def is_ordered(a: Aggregate, kind: str) -> bool:
    """True when the aggregate depends on the order of its rows."""
    return a.function == "std" or (a.function in ("sum", "mean") and not re.fullmatch(EXACT, kind))
