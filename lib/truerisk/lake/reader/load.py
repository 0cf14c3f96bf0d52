"""Text files become one typed table: the contract's types first, else what the whole file is.

The first rows rule types out, so that most files are read once, cell by cell into their types; a
file in which a later cell does not fit is read again as texts, counted and then typed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import duckdb

from truerisk.errors import SourceError
from truerisk.lake.contract import literal
from truerisk.lake.duck import quote
from truerisk.lake.reader.cells import STORED, Cell, cell, zoned
from truerisk.lake.reader.explain import explain_column
from truerisk.lake.reader.guess import NOTHING, ROWS, TEXT, candidates, guess, guessed_cell
from truerisk.lake.reader.listing import File
from truerisk.lake.reader.texts import Rows, reason, rows_of_file
from truerisk.lake.utc import mixed_zones
from truerisk.problem.source import Column
from truerisk.wording.counted import counted

UNREAD = "__unread"
READABLE = {"DOUBLE": "a number", "BIGINT": "a whole number", "BOOLEAN": "true or false"}


@dataclass(frozen=True)
class Wanted:
    """What is said about the columns of a source: its contract, and those that are times."""

    where: str
    contract: Mapping[str, Column] = field(default_factory=dict)
    times: frozenset[str] = frozenset()

    def rule(self, column: str) -> Column:
        return self.contract.get(column, Column())

    def stored(self, column: str) -> str | None:
        """The type that the contract, or being a time, gives a column."""
        kind = self.rule(column).type or ("time" if column in self.times else None)
        return STORED[kind] if kind else None


def load(
    con: duckdb.DuckDBPyConnection,
    found: list[File],
    table: str,
    wanted: Wanted,
    separator: str | None = None,
) -> dict[str, str]:
    """Create ``table`` with the rows of text files, in their order; column → DuckDB type.

    A column that nothing fills and no contract names has no type yet: it joins, adds and compares
    as null does, and is what a later file brings.

    A CSV's ``separator`` is told by its header, unless it is given.

    Raises SourceError for a file that cannot be read as a whole, and for cells that cannot be read
    as the contract says: how many, where the first is, and the line that would read them.
    """
    parts = [
        (file, rows_of_file(con, file, _called(wanted, file, found), separator)) for file in found
    ]
    columns = _columns(parts)
    rows = with_nulls(union(parts), columns, wanted)
    own = [c for c, kind in columns.items() if kind is None and wanted.stored(c) is None]
    try:
        sample = _sample(con, rows, own)
        silent = [c for c, cells in sample.items() if not any(v and v.strip() for v in cells)]
        cells = _cells(columns, candidates(sample), wanted)
        _create(con, table, rows, cells)
        if _doubtful(con, table, cells, silent, wanted):
            texts = quote(f"__texts_{table}")
            con.execute(f"CREATE OR REPLACE TEMP TABLE {texts} AS SELECT * FROM {rows}")
            declared = [c for c in cells if wanted.stored(c.column) is not None]
            refuse_unread(con, texts, dict.fromkeys(columns, TEXT), declared, wanted, parts)
            cells = _cells(columns, one_zone(con, texts, guess(con, texts, own)), wanted)
            _create(con, table, texts, cells)
            con.execute(f"DROP TABLE {texts}")
        else:
            cells = [guessed_cell(c.column, NOTHING) if c.column in silent else c for c in cells]
    except duckdb.Error as error:
        file = next((f for f in found if f.local in str(error)), found[0])
        where = _called(wanted, file, found)
        raise SourceError(f"{where} {reason(error, file)}.") from error
    return {c.column: c.stored for c in cells}


def listed(columns: Mapping[str, str]) -> str:
    """The columns that ``load`` made, in SQL."""
    names = {c: quote(c) for c in columns}
    return ", ".join(f"NULL AS {n}" if columns[c] == NOTHING else n for c, n in names.items())


def union(parts: Iterable[tuple[File, Rows]]) -> str:
    """SELECT of the rows of all files, by column name, with the columns that their folders give."""
    selects = []
    for file, rows in parts:
        listed = [quote(c) for c in rows.columns]
        lower = {c.lower() for c in rows.columns}
        listed += [
            f"CAST({'NULL' if v is None else literal(v)} AS VARCHAR) AS {quote(k)}"
            for k, v in file.partition
            if k.lower() not in lower
        ]
        selects.append(f"SELECT {', '.join(listed)} FROM {rows.sql}")
    return f"({' UNION ALL BY NAME '.join(selects)})"


def refuse_unread(
    con: duckdb.DuckDBPyConnection,
    view: str,
    kinds: Mapping[str, str],
    cells: list[Cell],
    wanted: Wanted,
    parts: list[tuple[File, Rows]] | None = None,
) -> None:
    """SourceError for cells of ``view`` (SQL) that cannot be read, with what would read them.

    ``kinds`` are the types of its columns. Also refuses texts of times with and without an offset.
    """
    asked = [c for c in cells if c.fault]
    if not asked:
        return
    texts = [c for c in asked if kinds[c.column] == TEXT and _without_format(c, wanted)]
    counts = [f"count(CASE WHEN {c.fault} THEN 1 END)" for c in asked]
    for c in texts:
        counts += [
            f"count({quote(c.column)})",
            f"count(CASE WHEN {zoned(quote(c.column))} THEN 1 END)",
        ]
    row = con.sql(f"SELECT count(*), {', '.join(counts)} FROM {view}").fetchall()[0]
    rows, faults = row[0], row[1 : 1 + len(asked)]
    for c, n in zip(asked, faults):
        if n:
            often = f"{n:,} of {counted(rows, 'row')}"
            said = _sentence(con, view, kinds, c, often, wanted, parts)
            raise SourceError(f"{wanted.where}: {said}.")
    for i, c in enumerate(texts):
        held, with_zone = row[1 + len(asked) + 2 * i : 3 + len(asked) + 2 * i]
        mixed = mixed_zones(c.column, held, with_zone)
        if mixed:
            raise SourceError(f"{wanted.where}: {mixed}")


def _sentence(
    con: duckdb.DuckDBPyConnection,
    view: str,
    kinds: Mapping[str, str],
    bad: Cell,
    often: str,
    wanted: Wanted,
    parts: list[tuple[File, Rows]] | None,
) -> str:
    """What cannot be read, how often, its form and first place, and the line that would read it."""
    is_time = bad.stored.startswith("TIMESTAMP")
    kind = "time" if is_time else "number"
    where = f"(SELECT {quote(bad.column)} FROM {view} WHERE {bad.fault})"
    forms = explain_column(con, where, bad.column).forms
    said = f'{"time" if is_time else "column"} "{bad.column}" '
    if parts is None and not is_time:
        said += f"holds {kinds[bad.column]}, and its contract says {wanted.rule(bad.column).type}: "
        said += "it "
    said += "cannot be read " + ("" if is_time else f"as {READABLE.get(bad.stored, bad.stored)} ")
    said += f"in {often}, such as {forms}"
    said += f", first in {_first(con, view, bad, parts)}"
    found = explain_column(con, view, bad.column, is_time)
    way = found.proposal
    if way and way.kind == kind and (not is_time or len(way.rules[0]) > 1):
        return f"{said}; write {found.line} in its contract"
    if is_time:
        return f"{said}; write 2026-06-30 or 2026-06-30T12:00:00+02:00, or give a format"
    keep = f'{bad.column} = {{ type = "text" }}'
    return f"{said}; list what means null in null_values, or write {keep}"


def _first(
    con: duckdb.DuckDBPyConnection,
    view: str,
    bad: Cell,
    parts: list[tuple[File, Rows]] | None,
) -> str:
    """The first row that cannot be read: its number, from 1, the header not counted, and file."""
    for file, rows in parts or []:
        if bad.column in rows.columns:
            n = _row(con, union([(file, rows)]), bad)
            if n is not None:
                return f"row {n:,}" + (f" of {file.name}" if len(parts or []) > 1 else "")
    return f"row {_row(con, view, bad):,}"


def _row(con: duckdb.DuckDBPyConnection, rows: str, bad: Cell) -> int | None:
    numbered = f"SELECT row_number() OVER () AS __n, {quote(bad.column)} FROM {rows}"
    return con.sql(f"SELECT min(__n) FROM ({numbered}) WHERE {bad.fault}").fetchall()[0][0]


def _without_format(c: Cell, wanted: Wanted) -> bool:
    return c.stored.startswith("TIMESTAMP") and wanted.rule(c.column).format is None


def _columns(parts: list[tuple[File, Rows]]) -> dict[str, str | None]:
    """Every column of any file, with the type that all the files' authors gave it, if any.

    Capitals make no other column; the first file's spelling stands, as in a UNION BY NAME.
    """
    found: dict[str, str | None] = {}
    first: dict[str, str] = {}
    for file, rows in parts:
        for column in rows.columns:
            name = first.setdefault(column.lower(), column)
            found[name] = TEXT if column in rows.typed or found.get(name) else None
        for column in (first.setdefault(k.lower(), k) for k, _ in file.partition):
            found.setdefault(column, None)
    return found


def _cells(
    columns: Mapping[str, str | None], kinds: Mapping[str, str], wanted: Wanted
) -> list[Cell]:
    return [
        guessed_cell(column, kinds.get(column, TEXT))
        if (stored := wanted.stored(column)) is None
        else cell(column, TEXT, stored, wanted.rule(column))
        for column in columns
    ]


def with_nulls(rows: str, columns: Iterable[str], wanted: Wanted) -> str:
    """The words for null of columns without a declared type are null before a type is guessed."""
    said = [c for c in columns if wanted.rule(c).null_values and wanted.stored(c) is None]
    if not said:
        return rows
    replaced = (f"{cell(c, TEXT, TEXT, wanted.rule(c)).sql} AS {quote(c)}" for c in said)
    return f"(SELECT * REPLACE ({', '.join(replaced)}) FROM {rows})"


def _sample(
    con: duckdb.DuckDBPyConnection, rows: str, columns: list[str]
) -> dict[str, list[str | None]]:
    if not columns:
        return {}
    listed = ", ".join(map(quote, columns))
    table = con.sql(f"SELECT {listed} FROM {rows} LIMIT {ROWS}").to_arrow_table()
    return {c: table[c].to_pylist() for c in columns}


def _create(con: duckdb.DuckDBPyConnection, table: str, rows: str, cells: list[Cell]) -> None:
    faults = " OR ".join(f"({c.fault})" for c in cells if c.fault) or "false"
    listed = ", ".join(f"{c.sql} AS {quote(c.column)}" for c in cells)
    times = "".join(
        f", CASE WHEN {t} IS NOT NULL THEN {zoned(t)} END AS __zoned_{i}"
        for i, c in enumerate(cells)
        if c.stored == STORED["time"]
        for t in [quote(c.column)]
    )
    con.execute(
        f"CREATE OR REPLACE TABLE {quote(table)} AS SELECT {listed}{times}, {faults} AS {UNREAD} "
        f"FROM {rows}"
    )


def _doubtful(
    con: duckdb.DuckDBPyConnection,
    table: str,
    cells: list[Cell],
    silent: list[str],
    wanted: Wanted,
) -> bool:
    """True where a cell did not fit its column's type, or a column's first rows said nothing."""
    counts = [f"count(CASE WHEN {UNREAD} THEN 1 END)", *(f"count({quote(c)})" for c in silent)]
    zones = [i for i, c in enumerate(cells) if c.stored == STORED["time"]]
    zones = [i for i in zones if _without_format(cells[i], wanted)]
    counts += [f"min(__zoned_{i}) <> max(__zoned_{i})" for i in zones]
    row = con.sql(f"SELECT {', '.join(counts)} FROM {quote(table)}").fetchall()[0]
    return any(row)


def one_zone(con: duckdb.DuckDBPyConnection, rows: str, kinds: dict[str, str]) -> dict[str, str]:
    """Guessed times that mix offsets and none stay texts: nobody said that they are times."""
    times = [c for c, kind in kinds.items() if kind == STORED["time"]]
    if not times:
        return kinds
    sql = ", ".join(f"min({z}) <> max({z})" for z in (zoned(quote(c)) for c in times))
    row = con.sql(f"SELECT {sql} FROM {rows}").fetchall()[0]
    return kinds | {c: TEXT for c, mixed in zip(times, row) if mixed}


def _called(wanted: Wanted, file: File, found: list[File]) -> str:
    return wanted.where if len(found) == 1 else f"{wanted.where}: file {file.name}"
