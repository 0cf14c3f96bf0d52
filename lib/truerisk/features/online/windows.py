"""The windows of one table for one application: exact parts in SQLite, ordered doubles in Python.

The longest window is cut at the edges of the others and each piece is read once. Distinct values
come with their last time, which says in which of the windows they lie.
"""

import math
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any

from truerisk.features.online.partial_aggregates import PartialAggregates, Row, is_ordered
from truerisk.features.online.store import Kept
from truerisk.features.online.types import scale
from truerisk.features.sql.group import microseconds
from truerisk.problem.aggregate import Aggregate
from truerisk.problem.spec import Problem

NUMBERS = Sequence[float]

KINDS = {"count": "BIGINT", "distinct": "BIGINT"}
Part = tuple[str, str | None]  # a column and the flag of its filter


class Windows:
    """The plan for one table; ``kinds`` are the DuckDB types of its features as they are built."""

    def __init__(self, problem: Problem, table: Kept, wanted: Sequence[Aggregate]) -> None:
        self.table = table
        self.partials = PartialAggregates(table)
        self.kinds: dict[str, str] = {}
        self.lengths = sorted({microseconds(a.window) for a in wanted})
        self._finish: list[tuple[str, int, Callable[[Row, int], Any]]] = []
        self._distinct: dict[Part, list[tuple[str, int, int]]] = {}
        self._ordered: dict[Part, list[tuple[str, int, str]]] = {}
        self._one: dict[str, int] = {}
        for a in wanted:
            window = self.lengths.index(microseconds(a.window))
            self.kinds[a.name] = KINDS.get(a.function, "DOUBLE")
            if a.column is None:
                self._finish.append((a.name, window, self.partials.finish(problem, a)))
                continue
            (column, kind), flag = self.partials.column(problem, a), self.partials.flag(a)
            if a.function == "distinct":
                found = (a.name, window, self.partials.rows(a))
                self._distinct.setdefault((column, flag), []).append(found)
            elif is_ordered(a, kind):
                self._one[column] = 10 ** scale(kind)
                self._ordered.setdefault((column, flag), []).append((a.name, window, a.function))
            else:
                self._finish.append((a.name, window, self.partials.finish(problem, a)))

    def read(self, con: sqlite3.Connection, entities: Sequence[Any], as_of: int) -> dict[str, Any]:
        """The features of the rows of ``entities`` that were available before ``as_of`` (µs)."""
        starts = [as_of - length for length in self.lengths]
        merged = self._pieces(con, entities, as_of, starts)
        values = {name: finish(merged[w], as_of) for name, w, finish in self._finish}
        for part, wanted in self._distinct.items():
            last = self._last_times(con, entities, as_of, part) if entities else []
            for name, w, rows in wanted:
                many = len(last) - bisect_left(last, starts[w])
                values[name] = many if merged[w][rows] else None
        if self._ordered:
            parts = self._in_order(con, entities, as_of) if entities else {}
            for part, listed in self._ordered.items():
                times, numbers = parts.get(part, ([], []))
                for name, w, function in listed:
                    values[name] = FUNCTIONS[function](numbers[bisect_left(times, starts[w]) :])
        return values

    def _pieces(
        self, con: sqlite3.Connection, entities: Sequence[Any], as_of: int, starts: list[int]
    ) -> list[Row]:
        """The terms over each window, from the shortest to the longest."""
        merged = [self.partials.empty] * len(starts)
        if not self.partials.sql or not entities:
            return merged
        select = f"SELECT {', '.join(self.partials.sql)} {self._from(entities)}"
        row, until = self.partials.empty, as_of
        for i, start in enumerate(starts):
            piece = con.execute(select, self._bound(entities, as_of, start, until)).fetchone()
            row = [merge(a, b) for merge, a, b in zip(self.partials.merges, row, piece)]
            merged[i], until = row, start
        return merged

    def _last_times(
        self, con: sqlite3.Connection, entities: Sequence[Any], as_of: int, part: Part
    ) -> list[int]:
        """When each distinct value came last, in order."""
        column, flag = part
        sql = (
            f"SELECT MAX(time) {self._from(entities)} AND {column} IS NOT NULL"
            f"{f' AND {flag}' if flag else ''} GROUP BY {column}"
        )
        bound = self._bound(entities, as_of, as_of - self.lengths[-1], as_of)
        return sorted(time for (time,) in con.execute(sql, bound))

    def _in_order(
        self, con: sqlite3.Connection, entities: Sequence[Any], as_of: int
    ) -> dict[Part, tuple[list[int], list[float]]]:
        """The times and values of each column whose order counts."""
        columns = sorted({c for part in self._ordered for c in part if c})
        sql = f"SELECT time, {', '.join(columns)} {self._from(entities)} ORDER BY time, key"
        bound = self._bound(entities, as_of, as_of - self.lengths[-1], as_of)
        rows = con.execute(sql, bound).fetchall()
        found = {}
        for column, flag in self._ordered:
            at, one = 1 + columns.index(column), self._one[column]
            kept = [row for row in rows if row[at] is not None]
            if flag:
                is_kept = 1 + columns.index(flag)
                kept = [row for row in kept if row[is_kept]]
            # A whole number of cents by 100 is the nearest double.
            numbers = [float(row[at]) if one == 1 else row[at] / one for row in kept]
            found[column, flag] = ([row[0] for row in kept], numbers)
        return found

    def _from(self, entities: Sequence[Any]) -> str:
        available = " AND available < ?" if self.table.rows.delay is None else ""
        which = "= ?" if len(entities) == 1 else f"IN ({', '.join('?' * len(entities))})"
        return f"FROM {self.table.table} WHERE entity {which} AND time >= ? AND time < ?{available}"

    def _bound(self, entities: Sequence[Any], as_of: int, since: int, until: int) -> list[Any]:
        """The parameters of ``_from``: what is seen lies ``delay`` before ``as_of``."""
        delay = self.table.rows.delay
        if delay is None:
            return [*entities, since, until, as_of]
        return [*entities, since, min(until, as_of - delay)]


# Sums of doubles: added one by one in the order of (time, key), as the batch build adds them.
# Another order, or a running total less an earlier one, would give another double.


def total(values: NUMBERS) -> float | None:
    """Their sum from the first to the last, null for none."""
    return reduce(add, values, 0.0) if values else None


def mean(values: NUMBERS) -> float | None:
    """Their sum by their number, null for none."""
    found = total(values)
    return None if found is None else found / len(values)


def deviation(values: NUMBERS) -> float | None:
    """The sample standard deviation by Welford's recurrence, null for fewer than two."""
    if len(values) < 2:
        return None
    middle = squares = 0.0
    for n, value in enumerate(values, 1):
        away = value - middle
        middle += away / n
        squares += away * (value - middle)
    return math.sqrt(squares / (len(values) - 1))


FUNCTIONS = {"sum": total, "mean": mean, "std": deviation}
