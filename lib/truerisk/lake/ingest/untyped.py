"""New columns whose type nothing says for sure: numbers in another dress, and nothing at all.

A lake table never changes a column's type, so what cannot be known yet is not decided.
"""

from collections.abc import Collection, Mapping

import duckdb

from truerisk.errors import SourceError
from truerisk.lake.duck import quote
from truerisk.lake.ingest.limits import Flag
from truerisk.lake.reader.cells import Cell
from truerisk.lake.reader.explain import Explained
from truerisk.lake.reader.guess import TEXT
from truerisk.problem.source import Column


def new_texts(
    found: list[Cell], held: Mapping[str, str], contract: Mapping[str, Column]
) -> list[str]:
    """Columns that are text only because nothing says otherwise: not the table, not a contract."""
    texts = [c.column for c in found if c.stored == TEXT and c.column not in held]
    return [c for c in texts if c not in contract or contract[c].type is None]


def without_values(
    con: duckdb.DuckDBPyConnection,
    view: str,
    found: list[Cell],
    held: Mapping[str, str],
    contract: Mapping[str, Column],
) -> list[str]:
    """New columns without a declared type that no row of ``view`` fills."""
    untyped = new_texts(found, held, contract)
    if not untyped:
        return []
    counts = ", ".join(f"count(NULLIF(trim({quote(c)}), ''))" for c in untyped)
    rows, *filled = con.sql(f"SELECT count(*), {counts} FROM {view}").fetchall()[0]
    return [c for c, n in zip(untyped, filled) if rows and not n]


def said_of_empty(empty: list[str], asked: Collection[str | None]) -> list[Flag]:
    """Those that nobody asks for wait until values come; the others become texts, for good."""
    waiting = [c for c in empty if c not in asked]
    said: list[Flag] = []
    if waiting:
        sentence = f"left out while empty, since nothing tells their type: {', '.join(waiting)}"
        said.append({"kind": "left_out", "sentence": sentence})
    for c in (c for c in empty if c in asked):
        sentence = f'column "{c}" is empty and became text; for numbers declare its type first'
        said.append({"kind": "as_text", "sentence": sentence})
    return said


def said_of_numbers(
    odd: list[tuple[Explained, int]], read: Collection[str], where: str, final: bool
) -> list[Flag]:
    """New columns of numbers that would be stored as texts, for good: said, where none reads them.

    Raises SourceError for one that the problem computes with.
    """
    said: list[Flag] = []
    for found, row in odd:
        about = f'column "{found.column}" {found.said}, the first in row {row:,}'
        if found.column in read and not final:
            raise SourceError(f"{where}: {about}; nothing was ingested; write {found.advice}.")
        mixed = found.proposal and found.proposal.mixed
        better = "" if mixed else f"; {found.line} in its contract would have read it"
        sentence = f"{about}; it became text{better}"
        said.append({"kind": "as_text", "sentence": sentence})
    return said
