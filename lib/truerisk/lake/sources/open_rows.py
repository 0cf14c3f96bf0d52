"""The rows of a source as its contract reads them: one view, whatever they lie in.

Texts that the contract, or being a time, calls something else are read as that, cell by cell; NaN
is null; all else stays as it is. What a query reads is loaded before the query runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from truerisk.errors import SourceError
from truerisk.lake.contract import holds, literal
from truerisk.lake.duck import quote
from truerisk.lake.lake import Lake
from truerisk.lake.reader.cells import STORED, Cell, cell, family, readable
from truerisk.lake.reader.explain import explain_column
from truerisk.lake.reader.guess import TEXT, candidates, guessed_cell
from truerisk.lake.reader.listing import File, format_of
from truerisk.lake.reader.load import Wanted, listed, load, refuse_unread
from truerisk.lake.reader.parquet import parquet_rows
from truerisk.lake.sources.queries import Read
from truerisk.lake.sources.versions import Version, files_of, query_of, times_of, where_is
from truerisk.lake.sources.views import came_view
from truerisk.problem.source import Column
from truerisk.problem.spec import Problem


@dataclass(frozen=True)
class Opened:
    """``files`` read (0 for a lake table); ``texts`` where some were text files.

    ``as_stored``: every value is what the file or table holds, but that NaN is null.
    """

    files: int
    texts: bool
    as_stored: bool


def open_rows(
    con: duckdb.DuckDBPyConnection,
    name: str,
    problem: Problem,
    lake: Lake,
    versions: Mapping[str, Version],
) -> Opened:
    """Create the view ``__came_<name>``; its query's sources must be open as views of their names.

    Raises SourceError for what cannot be read, with counts and the contract's line that reads it.
    """
    source, rows = problem.sources[name], f"__rows_{name}"
    wanted = Wanted(where_is(name, problem), source.contract, frozenset(times_of(name, problem)))
    if source.table is not None:
        lake.scan(con, source.table, int(versions[name])).create_view(rows)
        return Opened(0, False, _typed_view(con, name, rows, wanted, []))
    if source.path is not None:
        found = files_of(source.path, name, problem)
        if found[0].format == "parquet":
            con.execute(f"CREATE VIEW {quote(rows)} AS SELECT * FROM {_parquet(found, wanted)}")
            return Opened(len(found), False, _typed_view(con, name, rows, wanted, found))
        columns = load(con, found, rows, wanted)
        con.execute(
            f"CREATE VIEW {quote(came_view(name))} AS SELECT {listed(columns)} FROM {quote(rows)}"
        )
        return Opened(len(found), True, False)
    query = query_of(name, problem)
    views, count = [], 0
    for i, read in enumerate(query.reads):
        found = [f for path in read.paths for f in files_of(path, name, problem)]
        views.append(_read(con, read, f"__file_{name}_{i}", found, wanted))
        count += len(found)
    # A query may number its rows, so it runs once.
    con.execute(f"CREATE TABLE {quote(rows)} AS {query.over(views)}")
    texts = any(format_of(path) != "parquet" for path in query.paths)
    return Opened(count, texts, _typed_view(con, name, rows, wanted, []))


def _parquet(found: list[File], wanted: Wanted) -> str:
    return parquet_rows(found, wanted.where)


def _read(
    con: duckdb.DuckDBPyConnection, read: Read, view: str, found: list[File], wanted: Wanted
) -> str:
    """The name of a view of what a query reads from files, in one place."""
    name = read.named or view
    if con.sql("SELECT 1 FROM duckdb_views() WHERE view_name = ?", params=[name]).fetchall():
        return name  # named twice in one query, or by another
    rows = f"__rows{view}"
    if read.own_way:
        paths = ", ".join(literal(f.local) for f in found)
        options = "".join(f", {k} = {_literal(v)}" for k, v in read.options.items())
        function = read.node["function"]["function_name"]
        con.execute(f"CREATE TABLE {quote(rows)} AS SELECT * FROM {function}([{paths}]{options})")
        shown = "*"
    elif found[0].format == "parquet":
        con.execute(f"CREATE VIEW {quote(rows)} AS SELECT * FROM {_parquet(found, wanted)}")
        shown = _listed(_cells(con, rows, Wanted(wanted.where), found))
    else:
        shown = listed(load(con, found, rows, wanted, read.separator))
    con.execute(f"CREATE VIEW {quote(name)} AS SELECT {shown} FROM {quote(rows)}")
    return name


def _literal(value: object) -> str:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(str(k))}: {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return str(value)


def _typed_view(
    con: duckdb.DuckDBPyConnection, name: str, rows: str, wanted: Wanted, found: list[File]
) -> bool:
    """Create ``__came_<name>`` over ``rows``; True where no value but NaN is changed."""
    cells, kinds = _cells(con, rows, wanted, found), _kinds(con, rows)
    refuse_unread(con, quote(rows), kinds, cells, wanted)
    con.execute(
        f"CREATE VIEW {quote(came_view(name))} AS SELECT {_listed(cells)} FROM {quote(rows)}"
    )
    return all(c.stored == kinds[c.column] and not wanted.rule(c.column).null_values for c in cells)


def _cells(
    con: duckdb.DuckDBPyConnection, rows: str, wanted: Wanted, found: list[File]
) -> list[Cell]:
    parted: dict[str, list[str | None]] = {}
    for key, value in (pair for file in found for pair in file.partition):
        parted.setdefault(key, []).append(value)
    guessed = candidates(parted)
    cells = []
    for column, kind in _kinds(con, rows).items():
        rule, is_time = wanted.rule(column), column in wanted.times
        if kind == TEXT and column in guessed and wanted.stored(column) is None:
            cells.append(guessed_cell(column, guessed[column]))
            continue
        stored = _stored(kind, rule, is_time)
        if family(kind) == "number" and family(stored) == "time" and rule.format is None:
            at = explain_column(con, quote(rows), column, time=True)
            line = f"; write {at.line} in its contract" if at.proposal else ""
            raise SourceError(
                f'{wanted.where}: time "{column}" holds {kind}, not a time, as {at.forms}{line}.'
            )
        cells.append(cell(column, kind, stored, rule))
    return cells


def _stored(kind: str, rule: Column, is_time: bool) -> str:
    """The type that a column is read as: its own, where that can be what it is said to be."""
    said = rule if rule.type else Column(type="time" if is_time else None)
    if said.type is None or holds(said, kind):
        return kind
    return STORED[said.type] if readable(kind, STORED[said.type]) else kind


def _kinds(con: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    table = con.table(quote(rows))
    return dict(zip(table.columns, map(str, table.types)))


def _listed(cells: list[Cell]) -> str:
    return ", ".join(f"{c.sql} AS {quote(c.column)}" for c in cells)
