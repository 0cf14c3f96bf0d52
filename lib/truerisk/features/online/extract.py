"""The rows of an opened source as a table of the store keeps them, computed by DuckDB.

Filters, cents and times are evaluated by the engine of the batch build over the same view, so that
they mean the same.
"""

import re
from collections.abc import Iterator
from typing import Any

import duckdb

from truerisk.errors import SourceError, told
from truerisk.features.online.layout import Layout
from truerisk.features.online.store import Kept
from truerisk.features.online.types import CENTS, stored
from truerisk.lake.duck import quote
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import Version
from truerisk.problem.expression import columns_of

TIMES = "TIMESTAMP|DATE"
CHUNK = 20_000  # rows in Python at a time


def described(sources: Sources, rows: Layout, place: str, version: Version) -> Kept:
    """A table with these rows, of the types that the source has now.

    Raises SourceError for a column of a type that the store cannot keep.
    """
    name, source = rows.source, sources.problem.sources[rows.source]
    held = {c.lower(): kind for c, kind in sources.columns(name).items()}
    kept = {rows.by, source.key, *rows.values}
    read = {source.time, *([source.available_at] if source.available_at else [])}
    read |= kept | {*rows.cents, *source.contract}.union(*map(columns_of, rows.filters))
    types = {c: held[c.lower()] for c in sorted(read)}
    for column in sorted(kept):
        if stored(quote(column), types[column]) is None or (
            column == rows.by and re.match(TIMES, types[column])
        ):
            raise SourceError(
                f'{sources.where(name)}: column "{column}" holds {types[column]}, which the online '
                f"store cannot keep{' as an entity' if column == rows.by else ''}; make it a "
                "number or a text."
            )
    return Kept(rows=rows, key=source.key, types=types, place=place, version=version)


def still_there(sources: Sources, rows: Layout) -> Layout:
    """The rows without the columns and filters that the source no longer has."""
    names = {c.lower() for c in sources.columns(rows.source)}
    return Layout(
        source=rows.source,
        by=rows.by,
        rules=rows.rules,
        delay=rows.delay,
        values=tuple(c for c in rows.values if c.lower() in names),
        cents=tuple(c for c in rows.cents if c.lower() in names),
        filters=tuple(f for f in rows.filters if {c.lower() for c in columns_of(f)} <= names),
    )


def rows_of(sources: Sources, table: Kept, kept: str = "TRUE", added: int = 0) -> Iterator[Any]:
    """The rows for which the SQL condition ``kept`` is true, in the order of the table.

    A row without its time, its entity or its availability can never be seen, and is left out.
    Raises SourceError for a value that the store cannot keep.
    """
    rows = table.rows
    view = sources.view(rows.source, [rows.by, *rows.values, *rows.cents])
    where = f"__time_us IS NOT NULL AND {quote(rows.by)} IS NOT NULL AND ({kept})"
    if rows.delay is None:
        where += " AND __available_us IS NOT NULL"
    selected = ", ".join(_selected(table, added))
    try:
        found = sources.con.execute(f"SELECT {selected} FROM {view} WHERE {where} ORDER BY 1, 2, 3")
        while chunk := found.fetchmany(CHUNK):
            yield from chunk
    except duckdb.Error as error:
        raise SourceError(
            f"{sources.where(rows.source)}: its rows cannot be kept in the online store "
            f"({told(error)})."
        ) from error


def _selected(table: Kept, added: int) -> list[str]:
    """The SQL of each column of the table over the source's view."""
    rows, types = table.rows, table.types
    read = [stored(quote(c), types[c]) for c in (rows.by, table.key, *rows.values)]
    entity, key, *values = map(str, read)
    return [
        *(entity, "__time_us", key),
        *(["__available_us"] if rows.delay is None else []),
        *values,
        *(f"{stored(f'CAST({quote(c)} AS {CENTS})', CENTS)}" for c in rows.cents),
        *(f"CASE WHEN ({f}\n) THEN 1 ELSE 0 END" for f in rows.filters),
        str(added),
    ]
