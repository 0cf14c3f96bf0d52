"""The store: one SQLite file per problem, a table per source and entity, and what each holds.

A table is ``WITHOUT ROWID`` in the order (entity, time, key), so that the rows a window covers lie
side by side. Readers see one state of the whole file (WAL) and never wait; there is one writer at a
time. ``PRAGMA user_version`` counts the changes of layout: readers plan again when it moves.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote as url

from truerisk.errors import LakeError, told
from truerisk.features.online.layout import Layout
from truerisk.lake import objects
from truerisk.lake.duck import quote
from truerisk.lake.home import home
from truerisk.lake.lake import Lake
from truerisk.lake.sources.versions import Version
from truerisk.problem.spec import Problem

FORMAT = 2
WAIT = 60.0  # seconds for another writer to finish
KEPT = "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, described TEXT NOT NULL)"
APPLICATION = "CREATE TABLE IF NOT EXISTS application (version TEXT NOT NULL, types TEXT NOT NULL)"
MAPPED = 1 << 31  # bytes of the file that a reader maps instead of copying


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A table as it is held: its rows, the source's key, the DuckDB type of each column they
    are computed from, and the place and version that they came from."""

    rows: Layout
    key: str
    types: dict[str, str]
    place: str
    version: Version
    format: int = FORMAT

    @property
    def table(self) -> str:
        """Its name as a SQL identifier."""
        return quote(self.rows.name)

    @property
    def columns(self) -> list[str]:
        """Its columns in order; the flag ``added`` marks rows that no sync has seen yet."""
        rows = self.rows
        return [
            *("entity", "time", "key"),
            *(["available"] if rows.delay is None else []),
            *(f"v{i}" for i in range(len(rows.values))),
            *(f"m{i}" for i in range(len(rows.cents))),
            *(f"f{i}" for i in range(len(rows.filters))),
            "added",
        ]


def store_path(
    problem: Problem, store: str | os.PathLike[str] | None, lake: Lake | None = None
) -> str:
    """``store``, else ``online/<problem>.sqlite`` in the home of the lake (default: TRUERISK_LAKE).

    Raises LakeError for a store that is to lie elsewhere than on a local disk.
    """
    if store is not None and objects.is_remote(os.fspath(store)):
        raise LakeError(f"The online store cannot lie at {store}; give a local path.")
    own = home(lake.root if lake else None) / "online" / f"{problem.name}.sqlite"
    return os.path.abspath(store or own)


def open_store(path: str, problem: Problem, create: bool = False) -> sqlite3.Connection:
    """A connection in autocommit, which any thread may use, one at a time.

    Raises LakeError when there is no store, unless it is to be created, or when it is no store.
    """
    if create:
        make_folder(path)
    elif not os.path.exists(path):
        raise LakeError(f"There is no online store at {path}; {advice(problem)} makes it.")
    with told_of(path, problem):
        con = sqlite3.connect(
            f"file:{url(path)}?mode={'rwc' if create else 'rw'}",
            uri=True,
            timeout=WAIT,
            isolation_level=None,
            check_same_thread=False,
        )
    try:
        con.execute(f"PRAGMA mmap_size = {MAPPED}")
        if create:
            con.execute("PRAGMA journal_mode = WAL")
            con.execute("PRAGMA synchronous = NORMAL")
            con.execute(KEPT)
            con.execute(APPLICATION)
    except sqlite3.Error:
        con.close()
        with told_of(path, problem):
            raise
    return con


def make_folder(path: str) -> None:
    """The folder that a store is to lie in; LakeError where it cannot be made."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LakeError(f"The online store at {path} cannot be made ({told(error)}).") from error


def damage(path: str) -> str:
    """What is wrong with the file, empty where it is whole or not there."""
    if not os.path.exists(path):
        return ""
    try:
        with closing(sqlite3.connect(f"file:{url(path)}?mode=rw", uri=True, timeout=WAIT)) as con:
            said = str(con.execute("PRAGMA quick_check(1)").fetchone()[0])
            if said == "ok" and con.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                kept(con)
    except sqlite3.OperationalError as error:  # locked, or not to be read: no damage
        missing = "no such table" in str(error)
        return "it keeps no list of its tables" if missing else ""
    except (sqlite3.Error, LakeError) as error:
        return told(error)
    return "" if said == "ok" else "its pages do not fit together"


@contextmanager
def told_of(path: str, problem: Problem) -> Iterator[None]:
    """Whatever SQLite says of the store, as one sentence with the way out."""
    try:
        yield
    except sqlite3.Error as error:
        raise LakeError(
            f"The online store at {path} cannot be read ({told(error)}); {advice(problem)} "
            "rebuilds a damaged one."
        ) from error


def advice(problem: Problem) -> str:
    """The command that mends a store."""
    return f"`truerisk features sync {problem.called}`"


@contextmanager
def writing(con: sqlite3.Connection, path: str) -> Iterator[None]:
    """One transaction: all of it is in the file afterwards, or, whatever happens, nothing."""
    try:
        con.execute("BEGIN IMMEDIATE")
        try:
            yield
            con.execute("COMMIT")
        except BaseException:
            con.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise LakeError(f"The online store at {path} cannot be written ({told(error)}).") from error


def kept(con: sqlite3.Connection) -> dict[str, Kept]:
    """The tables of the store by name."""
    with closing(con.execute("SELECT described FROM kept ORDER BY name")) as found:
        return {k.rows.name: k for k in (_read(text) for (text,) in found)}


def _read(text: str) -> Kept:
    try:
        said = json.loads(text)
        number = said["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError("An online store is damaged: it does not say what it keeps.") from error
    if number != FORMAT:
        raise LakeError(
            f"An online store has format {number}, and this version reads format {FORMAT}; "
            "delete the file and sync again, it holds nothing of its own."
        )
    rows: Any = said.pop("rows")
    rows = {k: tuple(v) if isinstance(v, list) else v for k, v in rows.items()}
    return Kept(rows=Layout(**rows), **said)


def describe(con: sqlite3.Connection, table: Kept) -> None:
    """Say what a table holds now."""
    text = json.dumps(asdict(table))
    con.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", [table.rows.name, text])


def application_types(con: sqlite3.Connection) -> tuple[str, dict[str, str]]:
    """The version of the application source that was read last, and its columns' DuckDB types."""
    row = con.execute("SELECT version, types FROM application").fetchone()
    return (row[0], json.loads(row[1])) if row else ("", {})


def keep_application_types(con: sqlite3.Connection, version: str, types: dict[str, str]) -> None:
    """Say of which types the columns of an application are; readers plan again."""
    con.execute("DELETE FROM application")
    con.execute("INSERT INTO application VALUES (?, ?)", [version, json.dumps(types)])
    _layout_changed(con)


def rebuild(con: sqlite3.Connection, table: Kept, old: Kept | None, rows: Iterable[Any]) -> int:
    """The table with these rows in place of those it had, of which it keeps what was only added.

    Rows that were added under another definition are dropped: they lack what the new one needs.
    Returns how many of ``rows`` were written.
    """
    new = replace(table, rows=replace(table.rows, source=f"new {table.rows.source}"))
    con.execute(
        f"CREATE TABLE {new.table} ({', '.join(table.columns)}, "
        "PRIMARY KEY (entity, time, key)) WITHOUT ROWID"
    )
    written = insert(con, new, rows)
    con.execute(f"CREATE UNIQUE INDEX {quote(f'key {layout(con)}')} ON {new.table} (key)")
    if old is not None:
        if old.rows == table.rows and old.types == table.types:
            con.execute(f"INSERT OR IGNORE INTO {new.table} SELECT * FROM {old.table} WHERE added")
        con.execute(f"DROP TABLE {old.table}")
    con.execute(f"ALTER TABLE {new.table} RENAME TO {table.table}")
    _layout_changed(con)
    return written


def insert(con: sqlite3.Connection, table: Kept, rows: Iterable[Any], held: str = "ABORT") -> int:
    """Insert rows in the order of the table's columns; how many were written.

    ``held`` says what to do with a key that is held already: ABORT, IGNORE or REPLACE.
    """
    places = ", ".join("?" * len(table.columns))
    before = con.total_changes
    con.executemany(f"INSERT OR {held} INTO {table.table} VALUES ({places})", rows)
    return con.total_changes - before


def drop(con: sqlite3.Connection, table: Kept) -> None:
    """Forget a table."""
    con.execute(f"DROP TABLE {table.table}")
    con.execute("DELETE FROM kept WHERE name = ?", [table.rows.name])
    _layout_changed(con)


def layout(con: sqlite3.Connection) -> int:
    """How often the layout has changed."""
    return int(con.execute("PRAGMA user_version").fetchone()[0])


def _layout_changed(con: sqlite3.Connection) -> None:
    con.execute(f"PRAGMA user_version = {layout(con) + 1}")
