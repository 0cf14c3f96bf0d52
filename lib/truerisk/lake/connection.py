"""The one DuckDB connection that reads data: UTC, in process, quiet."""

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A new in-memory connection in UTC."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    return con


def quote(name: str) -> str:
    """A column or view name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
