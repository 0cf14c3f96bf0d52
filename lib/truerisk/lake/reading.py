"""How each column of a new file becomes what the lake table holds, or why it never can.

The type is the table's own; for a column that the table does not have, the contract's (money is
float unless the file has decimals); else the file's. Texts are read cell by cell, and a cell that
cannot be read rejects its row. Any other change of type refuses the file.
"""

import re
from dataclasses import dataclass

import duckdb

from truerisk.errors import SourceError
from truerisk.lake.connection import quote
from truerisk.lake.contract import INTEGER, holds
from truerisk.lake.utc import mixed_zones, text_faults
from truerisk.problem.source import Column

STORED = {
    "float": "DOUBLE",
    "money": "DOUBLE",
    "integer": "BIGINT",
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMP WITH TIME ZONE",
}
WIDER = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER"}  # Delta has no unsigned numbers
FAMILIES = {
    "number": r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*",
    "text": r"VARCHAR|ENUM.*|UUID|TIME|INTERVAL",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMP.*|DATE",
}
WHOLE = r"^\s*[+-]?\d+(\.0*)?\s*$"
GUESS_WHOLE = r"^-?(0|[1-9]\d{0,17})$"  # leading zeros mean a name, not a number
GUESS_BOOLEAN = r"^(?i:true|false)$"


@dataclass(frozen=True)
class Reading:
    """A column: ``sql`` gives it as ``stored``; ``fault`` is true for a cell it cannot read."""

    column: str
    stored: str
    sql: str
    fault: str | None = None


def family(kind: str) -> str:
    """number, text, boolean, time; any other type is its own family."""
    return next((f for f, shape in FAMILIES.items() if re.fullmatch(shape, kind)), kind)


def readings(
    con: duckdb.DuckDBPyConnection,
    view: str,
    arrived: dict[str, str],
    held: dict[str, str],
    contract: dict[str, Column],
    times: set[str],
    where: str,
    from_text: bool,
) -> list[Reading]:
    """One reading per column of ``view``, whose columns are ``arrived`` (name → DuckDB type).

    ``held`` are the table's columns, empty for a table that is not there yet; ``from_text`` says
    that the file has no types of its own (CSV). Raises SourceError, beginning with ``where``.
    """
    lower = {c.lower(): c for c in held}
    for column in arrived:
        if lower.get(column.lower(), column) != column:
            raise SourceError(
                f'{where}: column "{column}" is "{lower[column.lower()]}" in the lake table; '
                "write it so in the file; nothing was ingested."
            )
    bare = [c for c in arrived if from_text and c not in held and c not in times]
    bare = [c for c in bare if c not in contract or contract[c].type is None]
    guessed = _guess(con, view, bare)
    found, lossy = [], []
    for column, kind in arrived.items():
        rule = contract.get(column, Column())
        stored = held.get(column) or guessed.get(column) or _stored(kind, rule, column in times)
        if not holds(rule, stored):
            raise SourceError(
                f'{where}: the lake table holds {stored} in column "{column}", and the contract '
                f"says {rule.type}; correct the contract, or give the source a new table."
            )
        said = from_text or rule.type is not None or column in times
        if family(kind) != family(stored) and not (family(kind) == "text" and said):
            raise SourceError(_change(where, column, kind, stored, bool(held.get(column))))
        reading = _reading(column, kind, stored)
        found.append(reading)
        if family(kind) == family(stored) == "number" and kind != stored:
            lossy.append(reading)
    _refuse_loss(con, view, arrived, lossy, where)
    for column in (r.column for r in found if r.fault and family(r.stored) == "time"):
        texts, zoned, _, _ = con.sql(f"SELECT {text_faults(column)} FROM {view}").fetchall()[0]
        mixed = mixed_zones(column, texts, zoned)
        if mixed:
            raise SourceError(f"{where}: {mixed.rstrip('.')}; nothing was ingested.")
    return found


def _stored(kind: str, rule: Column, is_time: bool) -> str:
    if rule.type == "money" and kind.startswith("DECIMAL"):
        return kind
    if rule.type or is_time:
        return STORED[rule.type or "time"]
    if family(kind) == "text":
        return "VARCHAR"
    if family(kind) == "time":
        return STORED["time"]
    if kind.startswith("U") or kind == "HUGEINT":
        return WIDER.get(kind, "BIGINT")
    return kind


def _reading(column: str, kind: str, stored: str) -> Reading:
    c = quote(column)
    if family(kind) != "text" or family(stored) == "text":
        return Reading(column, stored, f"CAST({c} AS {stored})")
    if re.fullmatch(INTEGER, stored):
        cell = f"CASE WHEN regexp_matches({c}, '{WHOLE}') THEN TRY_CAST({c} AS {stored}) END"
    elif stored.startswith("DECIMAL"):  # a cast alone would round
        cell = (
            f"CASE WHEN CAST(TRY_CAST({c} AS {stored}) AS DOUBLE) = TRY_CAST({c} AS DOUBLE) "
            f"THEN TRY_CAST({c} AS {stored}) END"
        )
    elif family(stored) == "number":
        cell = f"CASE WHEN isfinite(TRY_CAST({c} AS {stored})) THEN TRY_CAST({c} AS {stored}) END"
    else:
        cell = f"TRY_CAST({c} AS {stored})"
        if stored.startswith("TIMESTAMP") and stored != STORED["time"]:  # the offset counts
            cell = f"CAST(TRY_CAST({c} AS TIMESTAMPTZ) AS {stored})"
    return Reading(column, stored, cell, f"{c} IS NOT NULL AND ({cell}) IS NULL")


def _guess(con: duckdb.DuckDBPyConnection, view: str, columns: list[str]) -> dict[str, str]:
    """The narrowest of integer, float, boolean and text that every cell of a column is."""
    if not columns:
        return {}
    counts = ", ".join(
        f"count({c}), count(CASE WHEN regexp_matches({c}, '{GUESS_WHOLE}') THEN 1 END), "
        f"count(CASE WHEN isfinite(TRY_CAST({c} AS DOUBLE)) AND NOT regexp_matches({c}, "
        f"'^[+-]?0\\d') THEN 1 END), "
        f"count(CASE WHEN regexp_matches({c}, '{GUESS_BOOLEAN}') THEN 1 END)"
        for c in map(quote, columns)
    )
    row = con.sql(f"SELECT {counts} FROM {view}").fetchall()[0]
    kinds = {}
    for i, column in enumerate(columns):
        cells, whole, numbers, booleans = row[4 * i : 4 * i + 4]
        fits = [(whole, "BIGINT"), (numbers, "DOUBLE"), (booleans, "BOOLEAN")]
        kinds[column] = next((k for n, k in fits if cells and n == cells), "VARCHAR")
    return kinds


def _refuse_loss(
    con: duckdb.DuckDBPyConnection,
    view: str,
    arrived: dict[str, str],
    lossy: list[Reading],
    where: str,
) -> None:
    """Numbers of another type are welcome as long as every one of them is kept exactly."""
    if not lossy:
        return
    counts = ", ".join(
        f"count(CASE WHEN CAST(TRY_CAST({c} AS {r.stored}) AS {arrived[r.column]}) IS DISTINCT "
        f"FROM {c} THEN 1 END)"
        for r in lossy
        for c in [quote(r.column)]
    )
    row = con.sql(f"SELECT {counts}, count(*) FROM {view}").fetchall()[0]
    for reading, lost in zip(lossy, row):
        if lost:
            kind = arrived[reading.column]
            raise SourceError(
                f'{where}: column "{reading.column}" holds {kind}, and {lost:,} of {row[-1]:,} '
                f"values do not fit {reading.stored}, which the lake table holds; nothing was "
                f"ingested; {_way_out(reading.stored)}"
            )


def _change(where: str, column: str, kind: str, stored: str, in_table: bool) -> str:
    by = "the lake table holds" if in_table else "the contract says"
    return (
        f'{where}: column "{column}" holds {kind} where {by} {stored}; nothing was ingested; '
        f"{_way_out(stored)}"
    )


def _way_out(stored: str) -> str:
    return (
        f"write it as {stored} in the file, or give the source a new table for the new type "
        "(a lake table never changes a column's type)."
    )
