"""The features of one application, at once, from the online store."""

import os
import sqlite3
import threading
import weakref
from collections.abc import Mapping
from typing import Any, Self

import pandas as pd

from truerisk.errors import LakeError, SourceError, told
from truerisk.features.definitions import names
from truerisk.features.inputs import read_columns
from truerisk.features.kinds import kind_of
from truerisk.features.online.derived import Derived
from truerisk.features.online.entities import entity
from truerisk.features.online.layout import needed
from truerisk.features.online.newest import Newest
from truerisk.features.online.store import (
    Kept,
    advice,
    application_types,
    kept,
    layout,
    open_store,
    store_path,
)
from truerisk.features.online.types import (
    Typed,
    UnfitError,
    as_declared,
    as_feature,
    of_python,
    unsigned,
)
from truerisk.features.online.windows import Windows
from truerisk.lake.home import default_root
from truerisk.lake.lake import Lake, open_lake
from truerisk.problem.aggregate import aggregates
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem
from truerisk.wording.lists import did_you_mean

MOST = 8  # stores that features_for keeps open

_open: "dict[tuple[Any, ...], OnlineFeatures]" = {}
_opening = threading.Lock()


def features_for(
    problem: Problem,
    application: Mapping[str, Any],
    as_of: object,
    lake: Lake | None = None,
    store: str | os.PathLike[str] | None = None,
) -> dict[str, float | str]:
    """One application's features as of a time: what build_features gives for a spine of its row.

    ``application`` has the columns that features read; its key and its time may be missing.
    ``as_of`` is a time, UTC unless it says otherwise. ``store`` is the file that sync_online keeps,
    ``lake`` the one it must have been kept from. Names and order are those of the build; numbers
    are float, NaN where null, anything else is text. Raises SourceError for a missing column and
    LakeError for a store that is not there or was synced for other definitions.

    Any thread may call it. A store stays open; a caller that wants to close it, or to look up from
    many threads at once, makes an OnlineFeatures each.
    """
    root = lake.root if lake else default_root()
    place = (os.getpid(), id(problem), root, os.fspath(store or ""))
    with _opening:
        found = _open.get(place)
        if found is None:
            if len(_open) >= MOST:
                _open.pop(next(iter(_open)))
            found = _open[place] = OnlineFeatures(problem, store, lake)
    return found(application, as_of)


class OnlineFeatures:
    """Features of a problem from one store: the open file and what was planned for it.

    Call it with an application and a time. Threads may share one; they wait for each other. It must
    not be carried over a fork.
    """

    def __init__(
        self,
        problem: Problem,
        store: str | os.PathLike[str] | None = None,
        lake: Lake | None = None,
    ) -> None:
        self.problem = problem
        self.path = store_path(problem, store, lake)
        self.names = names(problem)
        self._lake = lake.root if lake else open_lake().root if store is None else None
        self._columns = read_columns(problem)
        self._derived = Derived(problem) if problem.features.derived else None
        self._lock = threading.Lock()
        self._layout: int | None = None
        self._types: dict[str, str] = {}
        self._plans: list[tuple[Kept, list[Newest | Windows]]] = []
        self._con = open_store(self.path, problem)
        # Nobody closes what features_for drops: another thread may be in it. So its end does, or
        # that of the process.
        self._end = weakref.finalize(self, self._con.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the object is of no use afterwards."""
        with self._lock:
            self._end()

    def __call__(self, application: Mapping[str, Any], as_of: object) -> dict[str, float | str]:
        """As features_for."""
        at = instant(as_of)  # type: ignore[arg-type]
        with self._lock:
            try:
                given, features = self._read(application, at)
            except sqlite3.Error as error:
                raise LakeError(
                    f"The online store at {self.path} cannot be read ({told(error)}); "
                    f"{advice(self.problem)} rebuilds a damaged one."
                ) from error
            derived = self._derived.values(given, features) if self._derived else {}
        found = given | features
        return {
            name: derived[name] if name in derived else as_feature(found[name][0])
            for name in self.names
        }

    def _given(self, application: Mapping[str, Any], at: pd.Timestamp) -> dict[str, Typed]:
        """What features read of the application, in the types of the build; its time is ``at``."""
        time, given = self.problem.applications.time, {}
        for column in self._columns:
            if column == time:
                given[column] = (at.tz_localize(None).isoformat(" "), "TIMESTAMP")
                continue
            if column not in application:
                raise SourceError(
                    f'{self.problem.where}: the application has no "{column}", which features '
                    f"read; {did_you_mean(column, map(str, application))}."
                )
            value, kind = application[column], self._types.get(column)
            try:
                given[column] = (as_declared(value, kind), kind) if kind else of_python(value)
            except UnfitError as error:
                wanted = f"which is {kind} in its source" if kind else "which no source declares"
                raise SourceError(
                    f'{self.problem.where}: the application\'s "{column}" came as '
                    f"{type(value).__name__} that cannot be taken for the column, {wanted}; give "
                    "it as the batch build has it."
                ) from error
        return given

    def _read(
        self, application: Mapping[str, Any], at: pd.Timestamp
    ) -> tuple[dict[str, Typed], dict[str, Typed]]:
        """The application's columns and the features over sources; one state of the file."""
        con, as_of = self._con, int(at.value) // 1000
        found: dict[str, Typed] = {}
        con.execute("BEGIN")
        try:
            if layout(con) != self._layout:
                self._plan()
            given = self._given(application, at)
            for table, plans in self._plans:
                own = entity(table, given[table.rows.by][0])
                seen = [] if own is None else [own]
                for plan in plans:
                    values = plan.read(con, seen, as_of)
                    found |= {name: (unsigned(v), plan.kinds[name]) for name, v in values.items()}
        finally:
            con.execute("COMMIT")
        return given, found

    def _plan(self) -> None:
        """Plan the queries for the tables as they are now."""
        problem, held = self.problem, kept(self._con)
        made = []
        for name, rows in needed(problem).items():
            table = held.get(name)
            if table is None or not table.rows.holds(rows):
                raise LakeError(
                    f"{problem.where}: the online store at {self.path} was not synced for these "
                    f'features over source "{rows.source}" by {rows.by}; run {advice(problem)}.'
                )
            if self._lake and table.place and not table.place.startswith(f"{self._lake}/"):
                raise LakeError(
                    f"{problem.where}: the online store at {self.path} was kept from the lake "
                    f"table {table.place.split()[0]}, not from the lake at {self._lake}; run "
                    f"{advice(problem)}."
                )
            made.append((table, self._plans_for(table)))
        self._types = application_types(self._con)[1]
        for column in problem.features.columns:
            if column in self._types:
                kind_of(problem, f"feature {column}", column, self._types[column])
        self._plans, self._layout = made, layout(self._con)

    def _plans_for(self, table: Kept) -> list[Newest | Windows]:
        features, key = self.problem.features, (table.rows.source, table.rows.by)
        newest = [entry for entry in features.latest if (entry.source, entry.by) == key]
        windows = [
            a
            for w in features.window
            if (w.source, w.by) == key
            for a in aggregates(w.source, w.over, w.compute)
        ]
        plans: list[Newest | Windows] = [Newest(table, newest)] if newest else []
        return [*plans, Windows(self.problem, table, windows)] if windows else plans
