"""The rows of one key, without reading a table whole."""

from typing import Any

import duckdb

from truerisk.lake.duck import session
from truerisk.lake.lake import Lake


def rows_where(
    lake: Lake, table: str, column: str, value: str, version: int | None = None
) -> list[dict[str, Any]]:
    """The rows of a table with this text in a column, as Arrow gives them; none without a table."""
    if version is None and lake.version(table) is None:
        return []
    with session() as con:
        held = lake.scan(con, table, version)
        wanted = duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value)
        return held.filter(wanted).to_arrow_table().to_pylist()
