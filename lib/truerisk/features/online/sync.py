"""Keep the online store from the same sources as the batch build, by the same definitions.

A lake table only grows, so that what came since the last time is added. Files and queries may say
anything when they change: their table is built again, as after a change of what it must hold. All
of it is one transaction; readers see the former state until then, and a killed sync leaves it.
"""

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from deltalake import DeltaTable

from truerisk.errors import LakeError
from truerisk.features.inputs import check_inputs
from truerisk.features.online.anew import anew, aside
from truerisk.features.online.extract import described, rows_of, still_there
from truerisk.features.online.layout import Layout, needed, rules
from truerisk.features.online.store import (
    Kept,
    application_types,
    damage,
    describe,
    drop,
    insert,
    keep_application_types,
    kept,
    open_store,
    rebuild,
    store_path,
    writing,
)
from truerisk.lake.duck import quote
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.sources.sources import Sources
from truerisk.problem.spec import Problem

HEADER = b"SQLite format 3\0"
ENDINGS = (".sqlite", ".sqlite3", ".db")
NEW = "it is new"
REPLACE = "REPLACE"  # what was added as it happened gives way to what the lake says of it
BUILT, EXTENDED, UNCHANGED, DROPPED = "built", "extended", "unchanged", "dropped"


@dataclass(frozen=True)
class SyncedTable:
    """What happened to one table: built, extended, unchanged or dropped; rows written; why."""

    name: str
    what: str
    rows: int
    because: str


@dataclass(frozen=True)
class Synced:
    """The store's file and what happened to each of its tables."""

    path: str
    tables: tuple[SyncedTable, ...]


@dataclass(frozen=True)
class Change:
    """What one table needs: ``rows`` are what it must hold, None where it is to be dropped."""

    what: str
    because: str
    rows: Layout | None
    old: Kept | None


def sync_online(
    problem: Problem, lake: Lake | None = None, store: str | os.PathLike[str] | None = None
) -> Synced:
    """Bring the online store up to its sources; what happened to each table.

    Writes a file, ``store`` or ``online/<problem>.sqlite`` in the home of the lake; one that is
    damaged is set aside once another is whole, and a sync that is refused writes nothing. Sources
    are checked as for a build. Tables that only other definitions of the problem need are kept up
    too, as long as their source says the same of its rows. Raises SourceError and ProblemError as
    build_features does, and LakeError where the store cannot be written.
    """
    lake = lake or open_lake()
    path = store_path(problem, store, lake)
    with Sources(problem, lake) as sources:
        for rows in needed(problem).values():
            sources.pin(rows.source)
        wrong = repairable(path)
        if wrong or not os.path.exists(path):
            damaged = f"the store was damaged ({wrong}) and is kept as {aside(path)}"
            new = damaged if wrong else NEW
            try:
                with anew(path) as beside:
                    return replace(_bring(sources, beside, new), path=path)
            except FileExistsError:  # another sync was faster
                pass
        return _bring(sources, path, NEW)


def _bring(sources: Sources, path: str, new: str) -> Synced:
    """Bring one file up to the sources; ``new`` says why a table that is not there is built."""
    problem = sources.problem
    con = open_store(path, problem, create=True)
    try:
        changes = plan(sources, kept(con), new)
        done = dict.fromkeys(changes, 0)
        own = problem.application.source
        sources.pin(own)
        version = f"{sources.versions[own]} {rules(problem, own)}"
        same = application_types(con)[0] == version
        if not same or any(change.what != UNCHANGED for change in changes.values()):
            check_inputs(sources)
            with writing(con, path):
                changes = plan(sources, kept(con), new)
                done = {name: _apply(con, sources, change) for name, change in changes.items()}
                if not same:
                    keep_application_types(con, version, sources.columns(own))
    finally:
        con.close()
    return Synced(
        path,
        tuple(SyncedTable(n, c.what, done[n], c.because) for n, c in changes.items()),
    )


def repairable(path: str) -> str:
    """What is wrong with a store that is there, empty where nothing is.

    Raises LakeError for a file that never was a store.
    """
    wrong = damage(path)
    if not wrong:
        return ""
    with open(path, "rb") as file:
        known = path.endswith(ENDINGS) or file.read(len(HEADER)) == HEADER
    if not known:
        raise LakeError(f"{path} is no online store; give --store a name of its own.")
    return wrong


def plan(sources: Sources, held: Mapping[str, Kept], new: str = NEW) -> dict[str, Change]:
    """What each table needs, by name; pins what is not pinned, reads no rows.

    ``new`` says why a table that is not held is built.
    """
    problem = sources.problem
    wanted = needed(problem)
    return {
        name: _change(sources, wanted.get(name), held.get(name), new)
        for name in sorted({*wanted, *held})
    }


def _change(sources: Sources, wanted: Layout | None, old: Kept | None, new: str) -> Change:
    if old is None:
        return Change(BUILT, new, wanted, old)
    source = old.rows.source
    same = source in sources.problem.sources and rules(sources.problem, source) == old.rows.rules
    if wanted is None and not same:
        return Change(DROPPED, "no feature reads it, and its source says otherwise now", None, old)
    sources.pin(source)
    place, version = _place(sources, source), sources.versions[source]
    if wanted is not None and not same:
        return Change(BUILT, "the definition of its source changed", wanted, old)
    if wanted is not None and not old.rows.holds(wanted):
        return Change(BUILT, "features read more of it", wanted.with_those_of(old.rows), old)
    if (place, version) == (old.place, old.version):
        return Change(UNCHANGED, "its source has not changed", old.rows, old)
    if isinstance(version, int) and place == old.place and version > int(old.version):
        because = f"the lake table went from version {old.version} to {version}"
        return Change(EXTENDED, because, old.rows, old)
    return Change(BUILT, "its source was replaced", old.rows, old)


def _apply(con: sqlite3.Connection, sources: Sources, change: Change) -> int:
    """Carry out a change within a transaction; how many rows were written."""
    if change.what == UNCHANGED:
        return 0
    if change.rows is None:
        assert change.old is not None
        drop(con, change.old)
        return 0
    name = change.rows.source
    place, version = _place(sources, name), sources.versions[name]
    if change.what == EXTENDED:
        assert change.old is not None
        table = replace(change.old, version=version)
        written = insert(con, table, rows_of(sources, table, _unseen(sources, change.old)), REPLACE)
    else:
        rows = still_there(sources, change.rows)
        table = described(sources, rows, place, version)
        written = rebuild(con, table, change.old, rows_of(sources, table))
    describe(con, table)
    return written


def _unseen(sources: Sources, old: Kept) -> str:
    """The SQL condition for rows that the lake table did not have when it was last read."""
    table = sources.problem.sources[old.rows.source].table
    assert table is not None
    before = f"before {old.rows.source}"
    relation = sources.lake.scan(sources.con, table, int(old.version))
    relation.create_view(before, replace=True)
    return f"__key NOT IN (SELECT {quote(old.key)} FROM {quote(before)})"


def _place(sources: Sources, name: str) -> str:
    """Which lake table a source is, or nothing: other sources are told apart by their version."""
    table = sources.problem.sources[name].table
    if table is None:
        return ""
    # The id tells a table from another one that was made later in its place.
    path = f"{sources.lake.root}/{table}"
    return f"{path} {DeltaTable(path).metadata().id}"
