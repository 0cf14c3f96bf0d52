"""Which entities of a table are an application's, by the rules of the batch build's join."""

import re
import sqlite3
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from truerisk.errors import SourceError, told
from truerisk.features.online.store import Kept
from truerisk.features.online.values import restored
from truerisk.lake.contract import INTEGER
from truerisk.problem.expression import sandbox

ONE_TO_ONE = 1 << 53  # below it a whole number equals one double
LONG = 1 << 63


def entities(con: sqlite3.Connection, table: Kept, value: Any, windows: bool) -> list[Any]:
    """The entities, as the table keeps them, that equal an application's ``value``.

    At most one where both have one type, which takes no time. Types that differ are compared with
    every entity of the table as DuckDB compares them in the build: 12.0 equals 12. Raises
    SourceError where the build does, as for a text and a number where ``windows`` are wanted.
    """
    if value is None or value != value:
        return []
    kind, came = table.types[table.rows.by], type(value)
    if came is str and kind == "VARCHAR":
        return [value]
    if came is int and re.fullmatch(INTEGER, kind) and -LONG <= value < LONG:
        return [value]
    if came is float and re.fullmatch(INTEGER, kind) and abs(value) < ONE_TO_ONE:
        return [int(value)] if value.is_integer() else []
    return _compared(con, table, value, kind, windows)


def _compared(
    con: sqlite3.Connection, table: Kept, value: Any, kind: str, windows: bool
) -> list[Any]:
    # One step in the index per entity; DISTINCT would read every row.
    steps = f"""WITH RECURSIVE step(entity) AS (
  SELECT MIN(entity) FROM {table.table}
  UNION ALL SELECT (SELECT MIN(entity) FROM {table.table} WHERE entity > step.entity) FROM step
  WHERE step.entity IS NOT NULL)
SELECT entity FROM step WHERE entity IS NOT NULL"""
    held = [entity for (entity,) in con.execute(steps)]
    values = pa.array([restored(entity, kind) for entity in held])
    one = pa.Table.from_pandas(pd.DataFrame([{"value": value}]), preserve_index=False)
    with sandbox() as duck:
        duck.register("held", pa.table({"i": range(len(held)), "entity": values}))
        duck.register("one", one)
        try:
            # A window's rows are first those of any application, by IN, which is stricter.
            within = "WHERE entity IN (SELECT value FROM one)" if windows else ""
            found = duck.sql(
                f"SELECT i FROM (SELECT i, CAST(entity AS {kind}) AS entity FROM held) "
                f"JOIN one ON entity = one.value {within} ORDER BY i"
            ).fetchall()
        except duckdb.Error as error:
            raise SourceError(
                f'The application\'s "{table.rows.by}" is a {type(value).__name__}, which cannot '
                f'be compared with the {kind} of source "{table.rows.source}" '
                f"({told(error)})."
            ) from error
        finally:
            duck.unregister("held")
            duck.unregister("one")
    return [held[i] for (i,) in found]
