"""The one DuckDB connection that reads data: UTC, in process, quiet."""

import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

import duckdb

# What an engine may still set on a connection that is confined.
KEPT_FREE = ("memory_limit", "threads")

_turns = itertools.count()


def connect() -> duckdb.DuckDBPyConnection:
    """A new in-memory connection in UTC; it neither installs nor loads an extension."""
    con = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    con.execute("SET TimeZone = 'UTC'")
    spill = os.path.join(tempfile.gettempdir(), "truerisk-duckdb")  # else in the working directory
    con.execute(f"SET temp_directory = '{spill}'")
    return con


@contextmanager
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the one instance that this process keeps, for our own SQL over the lake.

    Making an instance takes 20 ms of CPU, a session on one less than 1. The views that it creates
    are its own and gone with it.
    """
    con = _kept(os.getpid()).cursor()
    own = f"session_{next(_turns)}"
    con.execute(f"CREATE SCHEMA {own}; SET schema = '{own}'; SET TimeZone = 'UTC'")
    try:
        yield con
    finally:
        con.execute(f"DROP SCHEMA {own} CASCADE")
        con.close()


@cache
def _kept(process: int) -> duckdb.DuckDBPyConnection:
    """The instance of a process: one that was forked off cannot use its parent's threads."""
    con = connect()
    con.execute("SET enable_external_file_cache = false")  # it would outlive a file that changed
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
