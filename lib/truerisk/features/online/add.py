"""Events as they happen: into the store at once, before the lake has them."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from truerisk.errors import LakeError, SourceError
from truerisk.features.online.extract import rows_of
from truerisk.features.online.layout import rules
from truerisk.features.online.store import (
    Kept,
    advice,
    insert,
    kept,
    open_store,
    store_path,
    told_of,
    writing,
)
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.sources.declared import Declared
from truerisk.lake.sources.open_rows import Opened
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.views import came_view, raw_view
from truerisk.lake.stored_types import as_arrow
from truerisk.problem.spec import Problem
from truerisk.wording.lists import did_you_mean, one_of


def add_events(
    problem: Problem,
    source: str,
    rows: pd.DataFrame | pa.Table | Iterable[Mapping[str, Any]],
    store: str | os.PathLike[str] | None = None,
    lake: Lake | None = None,
) -> int:
    """Add new rows of a source to the online store; how many it did not hold yet.

    ``store`` defaults to the one in the home of ``lake`` (default: TRUERISK_LAKE).
    ``rows`` have the source's columns, as a frame or a list of mappings, and are checked as the
    source is. Read before you add: a feature never sees the event it is asked for. A key that is
    held already is left as it is, so that a retry adds nothing. The next sync of the lake table or
    file that has these rows replaces them by what it says of them. Raises SourceError for rows that
    break the contract and LakeError for a store that cannot take them; then none is added.
    """
    path = store_path(problem, store, lake)
    con = open_store(path, problem)
    try:
        with told_of(path, problem):
            held = kept(con).values()
        tables = [t for t in held if t.rows.source == source]
        if not tables:
            names = one_of({t.rows.source for t in held})
            raise LakeError(
                f"{problem.where}: the online store at {path} keeps nothing of source "
                f'"{source}"; it keeps {names}.'
            )
        if any(t.rows.rules != rules(problem, source) for t in tables):
            raise LakeError(
                f"{problem.where}: the online store at {path} was synced for another definition "
                f'of source "{source}"; run {advice(problem)}.'
            )
        with _Given(problem, source, tables, rows) as given, writing(con, path):
            return max([insert(con, t, list(rows_of(given, t, added=1)), "IGNORE") for t in tables])
    finally:
        con.close()


class _Given(Sources):
    """Rows in hand in place of a source's own, with its types, its times and its checks."""

    def __init__(self, problem: Problem, source: str, tables: list[Kept], rows: Any) -> None:
        super().__init__(problem, open_lake())
        types = {column: kind for table in tables for column, kind in table.types.items()}
        given = rows if isinstance(rows, pd.DataFrame | pa.Table) else pd.DataFrame(list(rows))
        table = as_arrow(given)
        lacking = sorted(types.keys() - set(table.column_names))
        if lacking:
            raise SourceError(
                f'{self.where(source)}: the new rows have no "{lacking[0]}"; '
                f"{did_you_mean(lacking[0], table.column_names)}."
            )
        self.con.register(came_view(source), table.select(list(types)))
        self._raw[source] = Opened(0, False, False)
        kept_so = {c: Declared(k, f"the online store keeps {k}") for c, k in types.items()}
        self.declare(source, kept_so)

    def raw(self, name: str) -> str:
        """The view of the rows in hand."""
        return raw_view(name)
