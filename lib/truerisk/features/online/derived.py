"""Derived features of one application, by prepared statements of the engine the build uses.

Plain arithmetic needs no engine, and is most of what is derived: see ``arithmetic``.
"""

import math
from collections.abc import Mapping
from typing import Any

import duckdb

from truerisk.features.build import with_derived
from truerisk.features.kinds import as_input
from truerisk.features.online.arithmetic import OtherwiseError, Part, compiled
from truerisk.features.online.types import Typed, UnusualError, as_feature, as_literal, carried
from truerisk.lake.duck import quote
from truerisk.problem.expression import columns_of, sandbox
from truerisk.problem.frames import as_frame
from truerisk.problem.names import derived_order
from truerisk.problem.spec import Problem

MOST = 256  # prepared statements: one per level and combination of types


class Derived:
    """The derived features of a problem; not for two threads at once.

    Features of one level read none of each other, and are computed together. ``reads`` names the
    columns of the application that they read.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        written = problem.features.derived
        self._sql = {name: written[name].sql for name in derived_order(problem.features)}
        self._reads = {n: {c.lower() for c in columns_of(sql)} for n, sql in self._sql.items()}
        self._read = set().union(*self._reads.values())
        self._levels = _levels(self._reads)
        self._con = sandbox()
        self._prepared: dict[tuple[Any, ...], str] = {}
        self._plain: dict[tuple[Any, ...], list[Part] | None] = {}

    def values(
        self, application: Mapping[str, Typed], features: Mapping[str, Typed]
    ) -> dict[str, float | str]:
        """Each derived feature by name.

        ``application`` are its columns and ``features`` those of the sources, both with the DuckDB
        type that they have in the build. Raises ProblemError for what cannot be computed.
        """
        try:
            return self._fast(application, features)
        except (UnusualError, duckdb.Error):
            return self._as_built(application, features)

    def _fast(
        self, application: Mapping[str, Typed], features: Mapping[str, Typed]
    ) -> dict[str, float | str]:
        columns = {
            n.lower(): (n, value)
            for given in (application, features)
            for n, value in given.items()
            if n.lower() in self._read
        }
        found: dict[str, float | str] = {}
        for level in self._levels:
            wanted = sorted(set().union(*(self._reads[name] for name in level)) & columns.keys())
            inputs = [columns[c] for c in wanted]
            made = self._plainly(level, inputs) or self._run(level, inputs)
            for name, (value, kind) in made.items():
                known = None if value != value else value
                if type(known) is float and math.isinf(known):
                    raise UnusualError("infinite")
                found[name] = as_feature(known)
                if name.lower() in self._read:
                    columns[name.lower()] = (name, (known, carried(kind)))
        return found

    def _plainly(
        self, level: list[str], inputs: list[tuple[str, Typed]]
    ) -> dict[str, Typed] | None:
        """The level by plain arithmetic; None where the engine must compute any of it."""
        shape = _shape(level, inputs)
        if shape not in self._plain:
            types = {name.lower(): kind for name, (_, kind) in inputs}
            parts = [compiled(self._sql[name], types) for name in level]
            if len(self._plain) >= MOST:
                self._plain = {}
            self._plain[shape] = [p for p in parts if p] if all(parts) else None
        plain = self._plain[shape]
        if plain is None:
            return None
        row = {name.lower(): value for name, (value, _) in inputs}
        try:
            return {name: (part.value(row), part.kind) for name, part in zip(level, plain)}
        except OtherwiseError:
            return None

    def _run(self, level: list[str], inputs: list[tuple[str, Typed]]) -> dict[str, Typed]:
        shape = _shape(level, inputs)
        if shape not in self._prepared:
            self._prepare(shape, level, inputs)
        values = ", ".join(as_literal(*value) for _, value in inputs)
        self._con.execute(f"EXECUTE {self._prepared[shape]}{f'({values})' if values else ''}")
        kinds = [str(described[1]) for described in self._con.description]
        row = self._con.fetchone()
        assert row is not None
        return {name: (value, kind) for name, value, kind in zip(level, row, kinds)}

    def _prepare(
        self, shape: tuple[Any, ...], level: list[str], inputs: list[tuple[str, Typed]]
    ) -> None:
        if len(self._prepared) >= MOST:
            self._con, self._prepared = sandbox(), {}
        columns = [f"CAST(${n} AS {k}) AS {quote(c)}" for n, (c, (_, k)) in enumerate(inputs, 1)]
        rows = ", ".join(["1 AS __row", *columns])
        statement = f"p{len(self._prepared)}"
        made = ", ".join(f"({self._sql[name]}\n)" for name in level)
        self._con.execute(f"PREPARE {statement} AS SELECT {made} FROM (SELECT {rows})")
        self._prepared[shape] = statement

    def _as_built(
        self, application: Mapping[str, Typed], features: Mapping[str, Typed]
    ) -> dict[str, float | str]:
        """The build's own way, over a frame of one row: slower, for any type, and its errors."""
        given = {**application, **features}
        listed = ", ".join(
            ["1 AS __row", *(f"CAST(? AS {k}) AS {quote(n)}" for n, (_, k) in given.items())]
        )
        with sandbox() as con:
            values = [value for value, _ in given.values()]
            made = con.sql(f"SELECT {listed}", params=values).to_arrow_table()
        frame = with_derived(self.problem, as_frame(made))
        return {
            name: as_feature(as_input(self.problem, name, frame[name]).iloc[0])
            for name in self._sql
        }


def _shape(level: list[str], inputs: list[tuple[str, Typed]]) -> tuple[Any, ...]:
    """What a level is planned for: its features, and the types of what they read."""
    return (*level, *((name, kind) for name, (_, kind) in inputs))


def _levels(reads: Mapping[str, set[str]]) -> list[list[str]]:
    """Features that read nothing derived, then those that read them, and so on; in their order."""
    level: dict[str, int] = {}
    for name, read in reads.items():
        level[name] = max((1 + level[d] for d in level if d.lower() in read), default=0)
    return [[n for n in level if level[n] == i] for i in sorted(set(level.values()))]
