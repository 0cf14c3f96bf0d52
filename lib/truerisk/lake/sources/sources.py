"""A problem's sources, opened once at pinned versions, checked, with times as UTC.

Every opened source is a view ``__source_<name>`` with columns added: ``__time`` (event time) and
``__available`` (when the row could be seen) as TIMESTAMP in UTC, both also as whole microseconds
(``__time_us``, ``__available_us``), and ``__key``. Names that begin with __ are ours alone, so that
they never meet those of a lender's columns. Rows as they are read, NaN being null and every column
of its declared type, are the view ``__raw_<name>``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import duckdb
import pandas as pd

from truerisk.errors import SourceError, told
from truerisk.lake.contract import INTEGER, different_integers, holds, repeats, row_checks
from truerisk.lake.duck import confine, connect, quote
from truerisk.lake.lake import Lake
from truerisk.lake.sources.declared import Declared, bordered, declared_in
from truerisk.lake.sources.open_rows import Opened, open_rows
from truerisk.lake.sources.values import infinities, passing_for_texts
from truerisk.lake.sources.versions import (
    Version,
    check_unchanged,
    reach,
    times_of,
    version_of,
    view_names,
    where_is,
)
from truerisk.lake.sources.views import OURS, came_view, checked, raw_view
from truerisk.lake.utc import utc_sql
from truerisk.problem.frames import as_frame
from truerisk.problem.source import Source
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted
from truerisk.wording.lists import did_you_mean

Fetch = Callable[[str], tuple[Any, ...]]


class Sources:
    """Open sources of one problem. Use as a context manager; ``con`` is its connection.

    ``con`` reaches the files and lake tables that the problem names, ``reads`` (files, folders) and
    nothing else, from the moment the first source is opened.
    """

    def __init__(
        self,
        problem: Problem,
        lake: Lake,
        versions: Mapping[str, Version] | None = None,
        reads: Iterable[str] = (),
    ) -> None:
        self.problem = problem
        self.lake = lake
        self.con = connect()
        self.versions: dict[str, Version] = dict(versions or {})
        self.untimed: dict[str, int] = {}
        # (source, entity) → rows of the last spine built that have any row there
        self.matched: dict[tuple[str, str], int] = {}
        self._pinned_here: set[str] = set()
        self._reads = list(reads)
        self._raw: dict[str, Opened] = {}
        self._columns: dict[str, dict[str, str]] = {}
        self._recast: set[str] = set()
        self._looked_at: set[tuple[str, str]] = set()
        self._entities: dict[str, dict[str, Declared]] = {}
        self.opened: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.con.close()

    def pin(self, name: str) -> None:
        """Fix the version of a source, and of those its query reads, without opening it."""
        for other in view_names(name, self.problem):
            if other not in self.versions:
                self.versions[other] = version_of(self.problem, self.lake, other, self.versions)
                self._pinned_here.add(other)

    def view(self, name: str, columns: Iterable[str] = (), fetch: Fetch | None = None) -> str:
        """Open a source that has ``columns``; its view's name as a SQL identifier.

        ``fetch`` runs the checks of ``verify`` on another engine than this connection.

        Raises SourceError for a missing column, an empty table, null or repeated keys, times that
        cannot be read, and for what the contract forbids, always with a row count.
        """
        source, held = self.problem.sources[name], self.columns(name)
        view = quote(checked(name))
        needed = [source.key, source.time, *columns, *source.contract]
        if source.available_at:
            needed.append(source.available_at)
        for column in needed:
            if column.startswith(OURS):
                raise SourceError(
                    f'{self.where(name)}: column "{column}" begins with {OURS}, as truerisk\'s own '
                    "do; give it another name, for example with a query."
                )
            if column not in held:
                raise SourceError(
                    f'{self.where(name)} has no column "{column}"; {did_you_mean(column, held)}.'
                )
        if name not in self.opened:
            self._define(name, source)
            distinct = "count(DISTINCT __key)" if fetch else self._distinct_keys(name)
            self.verify(name, fetch or self._fetch(name), distinct)
            self.opened.add(name)
        new = [c for c in dict.fromkeys(columns) if (name, c) not in self._looked_at]
        self._looked_at |= {(name, c) for c in new}
        wrong = infinities(source, self.columns(name), new, view, fetch or self._fetch(name))
        if not wrong and self._raw[name].texts:
            wrong = passing_for_texts(self.con, source, self.columns(name), new, raw_view(name))
        if wrong:
            raise SourceError(f"{self.where(name)}: {wrong}")
        return view

    def declare(self, name: str, types: Mapping[str, Declared]) -> None:
        """Read columns of a source as these types, whatever else declares them."""
        if types != self._entities.get(name, {}):
            self._entities[name] = dict(types)
            self.opened.discard(name)
            if name in self._raw:
                self._pass_border(name)

    def raw(self, name: str) -> str:
        """Open a source's rows as they are, unchecked; the name of their view."""
        self.pin(name)
        for other in view_names(name, self.problem):
            self._raw_view(other)
        return raw_view(name)

    def columns(self, name: str) -> dict[str, str]:
        """Column name → DuckDB type of a source, without the added ones."""
        self.raw(name)
        return dict(self._columns[name])

    def frame(self, sql: str) -> pd.DataFrame:
        """The result of a query over the opened views."""
        return as_frame(self.con.sql(sql).to_arrow_table())

    def as_stored(self, name: str) -> bool:
        """True where another engine reads the same values from the files, but for NaN."""
        self.raw(name)
        return self._raw[name].as_stored and name not in self._recast

    def read(self, name: str) -> str:
        """What a source was read from, in words: ``12 files, 3,400 rows``."""
        (rows,), many = self.con.table(self.raw(name)).shape[:1], self._raw[name].files
        return f"{counted(many, 'file')}, " * (many > 0) + counted(rows, "row")

    def many_files(self) -> dict[str, str]:
        """Source → what it was read from, of those opened that lie in more than one file."""
        return {name: self.read(name) for name, how in self._raw.items() if how.files > 1}

    def _raw_view(self, name: str) -> None:
        if name in self._raw:
            return
        if not self._raw:
            paths, folders = reach(self.problem, self.lake)
            confine(self.con, [*paths, *self._reads], [*folders, *self._reads])
        if name not in self._pinned_here and self.problem.sources[name].table is None:
            check_unchanged(self.problem, self.lake, name, self.versions)
        try:
            opened = open_rows(self.con, name, self.problem, self.lake, self.versions)
        except duckdb.Error as error:
            source = self.problem.sources[name]
            place = source.path or ("its query" if source.query else f"table {source.table}")
            raise SourceError(
                f'{self.problem.where}: source "{name}" cannot be read from {place} '
                f"({told(error)})."
            ) from error
        self._raw[name] = opened
        self._pass_border(name)

    def _pass_border(self, name: str) -> None:
        """The view of the rows in their declared types."""
        rows, times = self.con.table(quote(came_view(name))), times_of(name, self.problem)
        came = dict(zip(rows.columns, map(str, rows.types)))
        declared = declared_in(self.problem, name, came, times) | self._entities.get(name, {})
        if any(came.get(column, told.type) != told.type for column, told in declared.items()):
            self._recast.add(name)
        try:
            read = bordered(rows, declared, self.where(name))
            read.create_view(raw_view(name), replace=True)
        except duckdb.Error as error:
            raise self._unreadable(name, error) from error
        self._columns[name] = dict(zip(read.columns, map(str, read.types)))
        self.con.execute(
            f"CREATE OR REPLACE VIEW {quote(name)} AS SELECT * FROM {quote(raw_view(name))}"
        )

    def verify(self, name: str, fetch: Fetch, distinct: str = "count(DISTINCT __key)") -> None:
        """Refuse what would make a wrong number later, in the source of an opened view.

        ``fetch`` runs one SELECT of aggregates over the views ``__raw_<name>`` and
        ``__source_<name>`` and returns its one row; another engine gives its own. ``distinct`` is
        SQL for the number of different keys.
        """
        where, source, types = self.where(name), self.problem.sources[name], self.columns(name)
        checks = []
        for column, rule in source.contract.items():
            if not holds(rule, types[column]):
                raise SourceError(
                    f'{where}: column "{column}" holds {types[column]}, and its contract says '
                    f"{rule.type}."
                )
            row = [(c.broken, column, c.sentence) for c in row_checks(column, rule, types[column])]
            checks += row + ([(repeats(column), column, "repeats")] if rule.unique else [])
        counts = ["count(*)", "count(__key)", distinct, "count(__time)"]
        sql = ", ".join([*counts, *(c[0] for c in checks)])
        found = fetch(f"SELECT {sql} FROM {quote(checked(name))}")
        rows, keys, different, times = found[:4]
        of = counted(rows, "row")
        if keys < rows:
            raise SourceError(f'{where}: key "{source.key}" is null in {rows - keys:,} of {of}.')
        if different < rows:
            raise SourceError(
                f'{where}: key "{source.key}" repeats in {rows - different:,} of {of}; '
                "it must name each row once."
            )
        self.untimed[name] = rows - times
        strict = (self.problem.application.source, self.problem.outcome.source)
        if times < rows and name in strict:
            raise SourceError(
                f'{where}: time "{source.time}" is null in {rows - times:,} of {of}; '
                "every application and outcome needs its time."
            )
        for count, (_, column, sentence) in zip(found[4:], checks):
            if count:
                raise SourceError(
                    f'{where}: column "{column}" {sentence} in {int(count):,} of {of}, '
                    "against its contract."
                )

    def _distinct_keys(self, name: str) -> str:
        """SQL for the number of different keys."""
        if re.fullmatch(INTEGER, self.columns(name)[self.problem.sources[name].key]):
            found = f"SELECT min(__key), max(__key), count(__key) FROM {quote(checked(name))}"
            return different_integers("__key", *self._fetch(name)(found))
        return "count(DISTINCT __key)"

    def utc(self, name: str, column: str, kind: str) -> str:
        """SQL for a time column as TIMESTAMP in UTC; refuses one that cannot be read as such."""
        sql = utc_sql(column, kind)
        if sql is None:
            raise SourceError(f'{self.where(name)}: time "{column}" holds {kind}, not a time.')
        return sql

    def _fetch(self, name: str) -> Fetch:
        """Runs a check on this connection; what cannot be computed is one sentence."""

        def fetch(sql: str) -> tuple[Any, ...]:
            try:
                return self.con.sql(sql).fetchall()[0]
            except duckdb.Error as error:
                raise self._unreadable(name, error) from error

        return fetch

    def _unreadable(self, name: str, error: duckdb.Error) -> SourceError:
        return SourceError(f"{self.where(name)} cannot be read ({told(error)}).")

    def _define(self, name: str, source: Source) -> None:
        """The view with the time columns."""
        types = self.columns(name)
        time = self.utc(name, source.time, types[source.time])
        if source.available_at:
            available = self.utc(name, source.available_at, types[source.available_at])
        else:
            available = f"{time} + to_seconds({int(source.delay.total_seconds())})"
        self.con.execute(
            f"CREATE OR REPLACE VIEW {quote(checked(name))} AS SELECT *, {time} AS __time, "
            f"{available} AS __available, {quote(source.key)} AS __key, "
            f"epoch_us({time}) AS __time_us, epoch_us({available}) AS __available_us "
            f"FROM {quote(raw_view(name))}"
        )

    def where(self, name: str) -> str:
        """How messages name a source."""
        return where_is(name, self.problem)
