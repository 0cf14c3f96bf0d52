"""The newest row of one table for one application: greatest (time, key) among the available."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from truerisk.features.online.store import Kept
from truerisk.features.online.types import carried, restored
from truerisk.features.sql.group import microseconds
from truerisk.problem.names import latest_name
from truerisk.problem.spec import Latest


class Newest:
    """The plan for all latest entries over one table; ``kinds`` as in Windows."""

    def __init__(self, table: Kept, wanted: Sequence[Latest]) -> None:
        self.table = table
        self._columns = list(dict.fromkeys(c for entry in wanted for c in entry.columns))
        self._wanted = [
            (
                latest_name(entry.source, column),
                1 + self._columns.index(column),
                table.types[column],
                None if entry.max_age is None else microseconds(entry.max_age),
            )
            for entry in wanted
            for column in entry.columns
        ]
        self.kinds = {name: carried(kind) for name, _, kind, _ in self._wanted}

    def read(self, con: sqlite3.Connection, entities: Sequence[Any], as_of: int) -> dict[str, Any]:
        """The features of the newest row available before ``as_of`` (µs); null when too old."""
        row = self._row(con, entities, as_of) if entities else None
        if row is None:
            return dict.fromkeys(self.kinds)
        age = as_of - row[0]
        return {
            name: restored(row[at], kind) if oldest is None or age <= oldest else None
            for name, at, kind, oldest in self._wanted
        }

    def _row(self, con: sqlite3.Connection, entities: Sequence[Any], as_of: int) -> Any:
        rows, delay = self.table.rows, self.table.rows.delay
        columns = ", ".join(f"v{rows.values.index(c)}" for c in self._columns)
        which = "= ?" if len(entities) == 1 else f"IN ({', '.join('?' * len(entities))})"
        seen = "available < ?" if delay is None else "time < ?"
        sql = (
            f"SELECT time, {columns} FROM {self.table.table} WHERE entity {which} AND {seen} "
            "ORDER BY time DESC, key DESC LIMIT 1"
        )
        return con.execute(sql, [*entities, as_of - (delay or 0)]).fetchone()
