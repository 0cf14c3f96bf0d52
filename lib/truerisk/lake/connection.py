"""The one DuckDB connection that reads data: UTC, in process, quiet."""

import os
import tempfile

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A new in-memory connection in UTC."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    spill = os.path.join(tempfile.gettempdir(), "truerisk-duckdb")  # else in the working directory
    con.execute(f"SET temp_directory = '{spill}'")
    return con


def quote(name: str) -> str:
    """A column or view name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
