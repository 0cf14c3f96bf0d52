"""The one DuckDB connection that reads data: UTC, in process, quiet."""

import os
import tempfile
from collections.abc import Iterable

import duckdb

# What an engine may still set on a connection that is confined.
KEPT_FREE = ("memory_limit", "threads")


def connect() -> duckdb.DuckDBPyConnection:
    """A new in-memory connection in UTC; it neither installs nor loads an extension."""
    con = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    con.execute("SET TimeZone = 'UTC'")
    spill = os.path.join(tempfile.gettempdir(), "truerisk-duckdb")  # else in the working directory
    con.execute(f"SET temp_directory = '{spill}'")
    return con


def confine(
    con: duckdb.DuckDBPyConnection, paths: Iterable[str], folders: Iterable[str] = ()
) -> None:
    """From now on ``con`` reaches these files and what lies in these folders, and nothing else.

    For good: neither this nor any other setting that matters can be changed afterwards.
    """
    con.execute(f"SET allowed_paths = {sorted(set(paths))!r}")
    con.execute(f"SET allowed_directories = {sorted(set(folders))!r}")
    con.execute("SET enable_external_access = false")
    con.execute(f"SET allowed_configs = {list(KEPT_FREE)!r}")
    con.execute("SET lock_configuration = true")


def quote(name: str) -> str:
    """A column or view name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
