"""A problem's sources, opened once at pinned versions, checked, with times as UTC.

Every opened source is a view of its own name with columns added: ``__time`` (event time) and
``__available`` (when the row could be seen) as TIMESTAMP in UTC, both also as whole microseconds
(``__time_us``, ``__available_us``), and ``__key``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import duckdb
import pandas as pd

from truerisk.errors import SourceError, did_you_mean, told
from truerisk.lake.connection import connect, quote
from truerisk.lake.contract import INTEGER, holds, repeats, row_checks
from truerisk.lake.lake import Lake
from truerisk.lake.place import Version, rows_of, times_of, version_of, view_names
from truerisk.lake.utc import mixed_zones, text_faults, utc_sql
from truerisk.problem.source import Source
from truerisk.problem.spec import Problem

DENSE = 64  # the range of dense integer keys, in keys
WIDEST = 2**62
Fetch = Callable[[str], tuple[Any, ...]]


class Sources:
    """Open sources of one problem. Use as a context manager; ``con`` is its connection."""

    def __init__(
        self, problem: Problem, lake: Lake, versions: Mapping[str, Version] | None = None
    ) -> None:
        self.problem = problem
        self.lake = lake
        self.con = connect()
        self.versions: dict[str, Version] = dict(versions or {})
        self.untimed: dict[str, int] = {}
        # (source, entity) → rows of the last spine built that have any row there
        self.matched: dict[tuple[str, str], int] = {}
        self._pinned_here: set[str] = set()
        self._raw: set[str] = set()
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
                self.versions[other] = version_of(other, self.problem, self.lake, self.versions)
                self._pinned_here.add(other)

    def view(self, name: str, columns: Iterable[str] = (), fetch: Fetch | None = None) -> str:
        """Open a source that has ``columns``; its view's name as a SQL identifier.

        ``fetch`` runs the checks of ``verify`` on another engine than this connection.

        Raises SourceError for a missing column, an empty table, null or repeated keys, times that
        cannot be read, and for what the contract forbids, always with a row count.
        """
        source, raw = self.problem.sources[name], self.con.table(self.raw(name))
        needed = [source.key, source.time, *columns, *source.contract]
        if source.available_at:
            needed.append(source.available_at)
        for column in needed:
            if column not in raw.columns:
                raise SourceError(
                    f'{self.where(name)} has no column "{column}"; '
                    f"{did_you_mean(column, raw.columns)}."
                )
        if name not in self.opened:
            self._define(name, source)
            if fetch is None:
                self.verify(name, self._fetch(name), self._distinct_keys(name))
            else:
                self.verify(name, fetch)
            self.opened.add(name)
        return quote(f"source_{name}")

    def raw(self, name: str) -> str:
        """Open a source's rows as they are, unchecked; the name of their view."""
        self.pin(name)
        for other in view_names(name, self.problem):
            self._raw_view(other)
        return _raw(name)

    def columns(self, name: str) -> dict[str, str]:
        """Column name → DuckDB type of a source, without the added ones."""
        raw = self.con.table(self.raw(name))
        return dict(zip(raw.columns, map(str, raw.types)))

    def frame(self, sql: str) -> pd.DataFrame:
        """The result of a query over the opened views."""
        return self.con.sql(sql).to_arrow_table().to_pandas()

    def _raw_view(self, name: str) -> None:
        if name in self._raw:
            return
        known = name in self._pinned_here
        rows = rows_of(self.con, name, self.problem, self.lake, self.versions, unchanged=known)
        source = self.problem.sources[name]
        if source.query is None and (source.path or ".parquet").endswith(".parquet"):
            rows.create_view(_raw(name))
        else:
            # A query may number its rows, and texts are read as values only once.
            try:
                rows.create(_raw(name))
            except duckdb.Error as error:
                raise self._unreadable(name, error) from error
        self.con.execute(f"CREATE VIEW {quote(name)} AS SELECT * FROM {quote(_raw(name))}")
        self._raw.add(name)

    def verify(self, name: str, fetch: Fetch, distinct: str = "count(DISTINCT __key)") -> None:
        """Refuse what would make a wrong number later, in the source of an opened view.

        ``fetch`` runs one SELECT of aggregates over the views ``raw_<name>`` and
        ``source_<name>`` and returns its one row; another engine gives its own. ``distinct`` is
        SQL for the number of different keys.
        """
        where, source, types = self.where(name), self.problem.sources[name], self.columns(name)
        for column in (source.time, source.available_at):
            if column:
                self._check_time(name, column, types[column], fetch)
        checks = []
        for column, rule in source.contract.items():
            timed = types[column] == "VARCHAR" and column in times_of(name, self.problem)
            if not timed and not holds(rule, types[column]):  # such texts are read as times
                raise SourceError(
                    f'{where}: column "{column}" holds {types[column]}, and its contract says '
                    f"{rule.type}."
                )
            broken = [(c.broken, c.sentence) for c in row_checks(column, rule, types[column])]
            broken += [(repeats(column), "repeats")] if rule.unique else []
            checks += [(sql, column, sentence) for sql, sentence in broken]
        counts = ["count(*)", "count(__key)", distinct, "count(__time)"]
        sql = ", ".join([*counts, *(c[0] for c in checks)])
        found = fetch(f"SELECT {sql} FROM {quote(f'source_{name}')}")
        rows, keys, different, times = found[:4]
        if rows == 0:
            raise SourceError(f"{where} is empty; it needs at least one row.")
        if keys < rows:
            raise SourceError(f'{where}: key "{source.key}" is null in {rows - keys:,} rows.')
        if different < rows:
            raise SourceError(
                f'{where}: key "{source.key}" repeats in {rows - different:,} of {rows:,} rows; '
                "it must name each row once."
            )
        self.untimed[name] = rows - times
        strict = (self.problem.application.source, self.problem.outcome.source)
        if times < rows and name in strict:
            raise SourceError(
                f'{where}: time "{source.time}" is null in {rows - times:,} of {rows:,} rows; '
                "every application and outcome needs its time."
            )
        for count, (_, column, sentence) in zip(found[4:], checks):
            if count:
                raise SourceError(
                    f'{where}: column "{column}" {sentence} in {int(count):,} of {rows:,} rows, '
                    "against its contract."
                )

    def _distinct_keys(self, name: str) -> str:
        """SQL for the number of different keys: of dense integers by a bit each, else by hashing.

        Both are exact; a bitmap takes a seventh of the time, and 12 MB for a hundred million keys.
        """
        source = self.problem.sources[name]
        if re.fullmatch(INTEGER, self.columns(name)[source.key]):
            low, high, n = self._fetch(name)(
                f"SELECT min(__key), max(__key), count(__key) FROM {quote(f'source_{name}')}"
            )
            if n and high - low < DENSE * n and abs(low) < WIDEST and abs(high) < WIDEST:
                return f"bit_count(bitstring_agg(__key, {low}, {high}))"
        return "count(DISTINCT __key)"

    def utc(self, name: str, column: str, kind: str) -> str:
        """SQL for a time column as TIMESTAMP in UTC; refuses one that cannot be read as such."""
        self._check_time(name, column, kind, self._fetch(name))
        return self._utc(name, column, kind)

    def _utc(self, name: str, column: str, kind: str) -> str:
        sql = utc_sql(column, kind)
        if sql is None:
            raise SourceError(f'{self.where(name)}: time "{column}" holds {kind}, not a time.')
        return sql

    def _check_time(self, name: str, column: str, kind: str, fetch: Fetch) -> None:
        if kind != "VARCHAR":
            return
        texts, zoned, good, bad = fetch(f"SELECT {text_faults(column)} FROM {quote(_raw(name))}")
        if good < texts:
            raise SourceError(
                f'{self.where(name)}: time "{column}" cannot be read in {texts - good:,} of '
                f"{texts:,} rows, such as {bad!r}; write 2026-06-30 or 2026-06-30T12:00:00+02:00."
            )
        mixed = mixed_zones(column, texts, zoned)
        if mixed:
            raise SourceError(f"{self.where(name)}: {mixed}")

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
        time = self._utc(name, source.time, types[source.time])
        if source.available_at:
            available = self._utc(name, source.available_at, types[source.available_at])
        else:
            available = f"{time} + to_seconds({int(source.delay.total_seconds())})"
        self.con.execute(
            f"CREATE OR REPLACE VIEW {quote(f'source_{name}')} AS SELECT *, {time} AS __time, "
            f"{available} AS __available, {quote(source.key)} AS __key, "
            f"epoch_us({time}) AS __time_us, epoch_us({available}) AS __available_us "
            f"FROM {quote(_raw(name))}"
        )

    def where(self, name: str) -> str:
        source = self.problem.sources[name]
        place = (source.table and f'lake table "{source.table}"') or source.path or "a query"
        return f'{self.problem.where}: source "{name}" ({place})'


def _raw(name: str) -> str:
    return f"raw_{name}"
