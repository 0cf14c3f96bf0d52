"""How each column of a new file becomes what the lake table holds, or why it never can.

The type is the table's own; for a column that the table does not have, the contract's (money is
float unless the file has decimals); else the file's. Texts are read cell by cell, and a cell that
cannot be read rejects its row. Any other change of type refuses the file.
"""

from dataclasses import dataclass

import duckdb

from truerisk.errors import SourceError
from truerisk.lake.contract import holds
from truerisk.lake.duck import quote
from truerisk.lake.ingest.judge import Verdict
from truerisk.lake.ingest.untyped import new_texts
from truerisk.lake.reader.cells import STORED, Cell, cell, family, readable, zoned
from truerisk.lake.reader.explain import Explained, explain_column
from truerisk.lake.reader.guess import GUESSES, NOTHING, TEXT, guess, guessed_cell
from truerisk.lake.reader.load import Wanted, one_zone, with_nulls
from truerisk.lake.utc import mixed_zones
from truerisk.problem.source import Column

WIDER = {"UTINYINT": "SMALLINT", "USMALLINT": "INTEGER"}  # Delta has no unsigned numbers


@dataclass(frozen=True)
class Arrived:
    """A file as it came: the view of its rows, its columns (name → DuckDB type), and whether it has
    no types of its own (CSV)."""

    view: str
    columns: dict[str, str]
    from_text: bool


def readings(
    con: duckdb.DuckDBPyConnection,
    file: Arrived,
    held: dict[str, str],
    contract: dict[str, Column],
    times: set[str],
    where: str,
) -> list[Cell]:
    """One cell per column of the file.

    ``held`` are the table's columns, empty for a table that is not there yet. Raises SourceError,
    beginning with ``where``.
    """
    view, arrived, from_text = file.view, file.columns, file.from_text
    lower = {c.lower(): c for c in held}
    for column in arrived:
        if lower.get(column.lower(), column) != column:
            raise SourceError(
                f'{where}: column "{column}" is "{lower[column.lower()]}" in the lake table; '
                "write it so in the file; nothing was ingested."
            )
    bare = [c for c in arrived if from_text and c not in held and c not in times]
    bare = [c for c in bare if c not in contract or contract[c].type is None]
    rows = with_nulls(view, bare, Wanted(where, contract))
    found_in = one_zone(con, rows, guess(con, rows, bare))
    guessed = {c: TEXT if kind == NOTHING else kind for c, kind in found_in.items()}
    found, lossy = [], []
    for column, kind in arrived.items():
        rule = contract.get(column, Column())
        stored = held.get(column) or guessed.get(column) or _stored(kind, rule, column in times)
        if not holds(rule, stored):
            raise SourceError(
                f'{where}: the lake table holds {stored} in column "{column}", and the contract '
                f"says {rule.type}; correct the contract, or give the source a new table."
            )
        if column in guessed and not rule.null_values:
            found.append(guessed_cell(column, guessed[column]))
            continue
        said = from_text or rule.type is not None or column in times
        if family(kind) != family(stored) and not (said and readable(kind, stored)):
            raise SourceError(_change(where, column, kind, stored, bool(held.get(column))))
        reading = cell(column, kind, stored, rule)
        found.append(reading)
        if family(kind) == family(stored) == "number" and kind != stored and not reading.fault:
            lossy.append(reading)
    _refuse_loss(con, file, lossy, where)
    for column in (r.column for r in found if r.fault and family(r.stored) == "time"):
        if family(arrived[column]) != "text" or contract.get(column, Column()).format:
            continue
        c = quote(column)
        sql = f"SELECT count({c}), count(CASE WHEN {zoned(c)} THEN 1 END) FROM {view}"
        mixed = mixed_zones(column, *con.sql(sql).fetchall()[0])
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


def line_for(con: duckdb.DuckDBPyConnection, view: str, verdict: Verdict, found: list[Cell]) -> str:
    """The contract's line that would read most of what could not be read; "" where there is none.

    Asked of the column with the most unreadable cells.
    """
    unread = next((r.check.column for r in verdict.reasons if r.check.rule == "type"), None)
    stored = next((c.stored for c in found if c.column == unread), None)
    if unread is None or stored is None:
        return ""
    is_time = family(stored) == "time"
    explained = explain_column(con, view, unread, is_time)
    proposal = explained.proposal
    kind = proposal.kind if proposal and not proposal.mixed else ""
    return explained.line if kind == ("time" if is_time else "number") else ""


def passing_for_texts(
    con: duckdb.DuckDBPyConnection,
    view: str,
    found: list[Cell],
    held: dict[str, str],
    contract: dict[str, Column],
) -> list[tuple[Explained, int]]:
    """New text columns that hold numbers or times in another dress, with the first such row.

    ``view`` has the file's rows as they came, numbered in ``__row``.
    """
    seen = []
    for column in new_texts(found, held, contract):
        explained = explain_column(con, view, column)
        if explained.suspicious:
            c = quote(column)
            odd = f"trim({c}) <> '' AND NOT regexp_matches({c}, '{GUESSES['DOUBLE']}')"
            first = con.sql(f"SELECT min(__row) FROM {view} WHERE {odd}").fetchall()[0][0]
            seen.append((explained, first))
    return seen


def _refuse_loss(
    con: duckdb.DuckDBPyConnection, file: Arrived, lossy: list[Cell], where: str
) -> None:
    """Numbers of another type are welcome as long as every one of them is kept exactly."""
    if not lossy:
        return
    counts = ", ".join(
        f"count(CASE WHEN CAST(TRY_CAST({c} AS {r.stored}) AS {file.columns[r.column]}) "
        f"IS DISTINCT FROM {c} THEN 1 END)"
        for r in lossy
        for c in [quote(r.column)]
    )
    row = con.sql(f"SELECT {counts}, count(*) FROM {file.view}").fetchall()[0]
    for reading, lost in zip(lossy, row):
        if lost:
            kind = file.columns[reading.column]
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
