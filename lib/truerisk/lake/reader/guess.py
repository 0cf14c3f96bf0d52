"""The type of text columns that no contract names: the narrowest that every cell of the file is.

A few rows rule types out (one cell is enough), all rows decide. Leading zeros, or more digits than
a number holds, mean a name.
"""

import re
from collections.abc import Iterable, Mapping

import duckdb

from truerisk.lake.duck import quote
from truerisk.lake.reader.cells import ISO, STORED, Cell, iso_time

GUESSES = {  # the narrowest first
    "BIGINT": r"^\s*[+-]?(0|[1-9]\d{0,17})\s*$",
    "DOUBLE": (r"^\s*([+-]?((0|[1-9]\d{0,14})([.]\d*)?|[.]\d+)([eE][+-]\d+)?|[nN][aA][nN])\s*$"),
    "BOOLEAN": r"^\s*(?i:true|false)\s*$",
    STORED["time"]: ISO,
}
TEXT = "VARCHAR"
NOTHING = '"NULL"'  # DuckDB's own type of what is null everywhere: no value tells another
ROWS = 2000  # looked at to rule types out


def candidates(values: Mapping[str, Iterable[str | None]]) -> dict[str, str]:
    """Column → the narrowest type that its first cells could all be; text where they are none."""
    found = {}
    for column, cells in values.items():
        filled = [c for c in cells if c is not None and c.strip()]
        fits = (k for k, s in GUESSES.items() if filled and all(re.match(s, c) for c in filled))
        found[column] = next(fits, TEXT)
    return found


def guessed_cell(column: str, kind: str) -> Cell:
    """A text column read as one of GUESSES; NaN is null."""
    c = quote(column)
    if kind == NOTHING:
        return Cell(column, NOTHING, "NULL")
    if kind == TEXT:
        return Cell(column, TEXT, c)
    fits = f"regexp_matches({c}, '{GUESSES[kind]}')"
    read = f"TRY_CAST({c} AS {kind})"
    if kind == "BIGINT":  # a text that a whole number is written as is one; the shape asks the rest
        read = f"CASE WHEN CAST({read} AS VARCHAR) = {c} THEN {read} WHEN {fits} THEN {read} END"
    elif kind == "BOOLEAN":
        read = (
            f"CASE WHEN regexp_matches({c}, '{GUESSES[kind]}') THEN CAST(trim({c}) AS BOOLEAN) END"
        )
    elif kind == "DOUBLE":
        read = f"CASE WHEN {fits} THEN {read} END"
    else:
        read = iso_time(c)
    if kind == "DOUBLE":
        read = f"CASE WHEN NOT isnan({read}) THEN {read} END"
    none = "('', 'nan')" if kind == "DOUBLE" else "('')"
    fault = (
        f"CASE WHEN {c} IS NOT NULL AND ({read}) IS NULL THEN lower(trim({c})) NOT IN {none} "
        "ELSE false END"
    )
    return Cell(column, kind, read, fault)


def guess(con: duckdb.DuckDBPyConnection, view: str, columns: list[str]) -> dict[str, str]:
    """The type of each text column over all rows of ``view``; NOTHING where no cell is filled."""
    if not columns:
        return {}
    counts = ", ".join(
        f"count(NULLIF(trim({quote(c)}), '')), "
        + ", ".join(_count(c, kind, shape) for kind, shape in GUESSES.items())
        for c in columns
    )
    row = con.sql(f"SELECT {counts} FROM {view}").fetchall()[0]
    wide = len(GUESSES) + 1
    kinds = {}
    for i, column in enumerate(columns):
        cells, *fits = row[wide * i : wide * (i + 1)]
        kind = next((k for k, n in zip(GUESSES, fits) if n == cells), TEXT)
        kinds[column] = kind if cells else NOTHING
    return kinds


def _count(column: str, kind: str, shape: str) -> str:
    c = quote(column)
    fits = f"regexp_matches({c}, '{shape}')"
    if kind == STORED["time"]:
        fits = f"{iso_time(c)} IS NOT NULL"
    return f"count(CASE WHEN {fits} THEN 1 END)"
