"""Derived features of one application, by prepared statements of the engine the build uses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd

from truerisk.features.build import plain, with_derived
from truerisk.features.online.typed import (
    NULL,
    Typed,
    UnusualError,
    as_feature,
    as_literal,
    of_duckdb,
    of_python,
)
from truerisk.lake.connection import quote
from truerisk.problem.expression import columns_of, sandbox
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
        self._levels = _levels(self._reads)
        self._con = sandbox()
        self._prepared: dict[tuple[Any, ...], str] = {}

    def values(
        self, application: Mapping[str, Any], features: Mapping[str, Typed]
    ) -> dict[str, float | str]:
        """Each derived feature by name.

        ``application`` are columns as Python has them, ``features`` those of the sources with the
        DuckDB type they are built with. Raises ProblemError for what cannot be computed.
        """
        try:
            return self._fast(application, features)
        except (UnusualError, duckdb.Error):
            return self._as_built(application, features)

    def _fast(
        self, application: Mapping[str, Any], features: Mapping[str, Typed]
    ) -> dict[str, float | str]:
        read = set().union(*self._reads.values())
        columns = {
            n.lower(): (n, of_python(v)) for n, v in application.items() if n.lower() in read
        }
        columns |= {n.lower(): (n, of_duckdb(*v)) for n, v in features.items() if n.lower() in read}
        found: dict[str, float | str] = {}
        for level in self._levels:
            wanted = sorted(set().union(*(self._reads[name] for name in level)) & columns.keys())
            made = self._run(level, [columns[c] for c in wanted])
            for name, (value, kind) in made.items():
                found[name] = as_feature(value)
                if name.lower() in read:
                    columns[name.lower()] = (name, of_duckdb(value, kind))
        return found

    def _run(self, level: list[str], inputs: list[tuple[str, Typed]]) -> dict[str, Typed]:
        shape = (*level, *((name, kind) for name, (_, kind) in inputs))
        if shape not in self._prepared:
            self._prepare(shape, level, inputs)
        values = ", ".join(as_literal(*value) for _, value in inputs if value[1] != NULL)
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
        columns, n = ["1 AS __row"], 0
        for name, (_, kind) in inputs:
            n += kind != NULL
            value = "NULL" if kind == NULL else f"CAST(${n} AS {kind})"
            columns.append(f"{value} AS {quote(name)}")
        statement = f"p{len(self._prepared)}"
        made = ", ".join(f"({self._sql[name]}\n)" for name in level)
        self._con.execute(
            f"PREPARE {statement} AS SELECT {made} FROM (SELECT {', '.join(columns)})"
        )
        self._prepared[shape] = statement

    def _as_built(
        self, application: Mapping[str, Any], features: Mapping[str, Typed]
    ) -> dict[str, float | str]:
        """The build's own way, over a frame of one row: slower, for any type, and its errors."""
        frame = pd.DataFrame([dict(application)])
        for name, value in application.items():
            if isinstance(value, datetime):
                frame[name] = frame[name].astype("datetime64[us]")
        if features:
            listed = ", ".join(f"CAST(? AS {k}) AS {quote(n)}" for n, (_, k) in features.items())
            values = [value for value, _ in features.values()]
            with sandbox() as con:
                made = con.sql(f"SELECT {listed}", params=values).to_arrow_table().to_pandas()
            frame = pd.concat([frame, made], axis=1)
        frame = with_derived(self.problem, frame)
        return {
            name: as_feature(plain(self.problem, name, frame[name]).iloc[0]) for name in self._sql
        }


def _levels(reads: Mapping[str, set[str]]) -> list[list[str]]:
    """Features that read nothing derived, then those that read them, and so on; in their order."""
    level: dict[str, int] = {}
    for name, read in reads.items():
        level[name] = max((1 + level[d] for d in level if d.lower() in read), default=0)
    return [[n for n in level if level[n] == i] for i in sorted(set(level.values()))]
