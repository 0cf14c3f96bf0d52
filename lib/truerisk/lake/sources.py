"""A problem's sources, opened once at pinned versions, checked, with times as UTC.

Every opened source is a view of its own name with three columns added: ``__time`` (event time),
``__available`` (when the row could be seen) as TIMESTAMP in UTC, and ``__key``.
"""

import re
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import duckdb
import pandas as pd

from truerisk.errors import SourceError, did_you_mean
from truerisk.lake.connection import connect, quote
from truerisk.lake.lake import Lake
from truerisk.lake.place import Version, rows_of, times_of, version_of, view_names
from truerisk.problem.spec import Column, Problem, Source

INTEGER = r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?"
NUMBER = rf"{INTEGER}|DOUBLE|FLOAT|DECIMAL.*"
KINDS = {
    "float": NUMBER,
    "money": NUMBER,
    "integer": INTEGER,
    "text": "VARCHAR|ENUM.*",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMP.*|DATE",
}
OFFSET = r"(Z|[+-]\d{2}(:?\d{2})?|UTC)$"


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

    def view(self, name: str, columns: Iterable[str] = ()) -> str:
        """Open a source that has ``columns``; its view's name as a SQL identifier.

        Raises SourceError for a missing column, an empty table, null or repeated keys, times that
        cannot be read, and for what the contract forbids, always with a row count.
        """
        self.pin(name)
        for other in view_names(name, self.problem):
            self._raw_view(other)
        source = self.problem.sources[name]
        raw = self.con.table(_raw(name))
        needed = [source.key, source.time, *columns, *source.contract]
        if source.available_at:
            needed.append(source.available_at)
        for column in needed:
            if column not in raw.columns:
                raise SourceError(
                    f'{self._where(name)} has no column "{column}"; '
                    f"{did_you_mean(column, raw.columns)}."
                )
        if name not in self.opened:
            self._check(name, source, raw)
            self.opened.add(name)
        return quote(f"source_{name}")

    def columns(self, name: str) -> dict[str, str]:
        """Column name → DuckDB type of an opened source, without the added ones."""
        raw = self.con.table(_raw(name))
        return dict(zip(raw.columns, map(str, raw.types)))

    def frame(self, sql: str) -> pd.DataFrame:
        """The result of a query over the opened views."""
        return self.con.sql(sql).to_arrow_table().to_pandas()

    def _raw_view(self, name: str) -> None:
        if name in self._raw:
            return
        rows = rows_of(self.con, name, self.problem, self.lake, self.versions)
        if self.problem.sources[name].query is not None:
            # A query may number its rows: computed once, every reader sees the same numbers.
            rows.create(_raw(name))
        else:
            rows.create_view(_raw(name))
        self.con.execute(f"CREATE VIEW {quote(name)} AS SELECT * FROM {quote(_raw(name))}")
        self._raw.add(name)

    def _check(self, name: str, source: Source, raw: duckdb.DuckDBPyRelation) -> None:
        """Refuse what would make a wrong number later; then add the time columns."""
        where = self._where(name)
        types = self.columns(name)
        time = self.utc(name, source.time, types[source.time])
        if source.available_at:
            available = self.utc(name, source.available_at, types[source.available_at])
        else:
            available = f"{time} + to_seconds({int(source.delay.total_seconds())})"
        self.con.execute(
            f"CREATE VIEW {quote(f'source_{name}')} AS SELECT *, {time} AS __time, "
            f"{available} AS __available, {quote(source.key)} AS __key FROM {quote(_raw(name))}"
        )
        for column, rule in source.contract.items():
            if types[column] != "VARCHAR" or column not in times_of(name, self.problem):
                self._check_type(where, column, rule, types[column])  # utc() reads texts as times
        counts = ["count(*)", "count(__key)", "count(DISTINCT __key)", "count(__time)"]
        broken = [
            (f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)", column, sentence)
            for column, rule in source.contract.items()
            for condition, sentence in _conditions(column, rule)
        ]
        sql = ", ".join([*counts, *(b[0] for b in broken)])
        try:
            found = self.con.sql(f"SELECT {sql} FROM {quote(f'source_{name}')}").fetchall()[0]
        except duckdb.Error as error:
            raise SourceError(f"{where} cannot be read ({str(error).splitlines()[0]}).") from error
        rows, keys, distinct, times = found[:4]
        if rows == 0:
            raise SourceError(f"{where} is empty; it needs at least one row.")
        if keys < rows:
            raise SourceError(f'{where}: key "{source.key}" is null in {rows - keys:,} rows.')
        if distinct < rows:
            raise SourceError(
                f'{where}: key "{source.key}" repeats in {rows - distinct:,} of {rows:,} rows; '
                "it must name each row once."
            )
        self.untimed[name] = rows - times
        strict = (self.problem.application.source, self.problem.outcome.source)
        if times < rows and name in strict:
            raise SourceError(
                f'{where}: time "{source.time}" is null in {rows - times:,} of {rows:,} rows; '
                "every application and outcome needs its time."
            )
        for count, (_, column, sentence) in zip(found[4:], broken):
            if count:
                raise SourceError(
                    f'{where}: column "{column}" {sentence} in {int(count):,} of {rows:,} rows, '
                    "against its contract."
                )

    def utc(self, name: str, column: str, kind: str) -> str:
        """SQL for a time column as TIMESTAMP in UTC; refuses a column that mixes zones."""
        c = quote(column)
        if kind in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
            return f"make_timestamp(epoch_us(CAST({c} AS TIMESTAMPTZ)))"
        if kind.startswith("TIMESTAMP") or kind == "DATE":
            return f"CAST({c} AS TIMESTAMP)"
        if kind != "VARCHAR":
            raise SourceError(f'{self._where(name)}: time "{column}" holds {kind}, not a time.')
        sql = (
            f"count({c}), count(CASE WHEN length({c}) > 10 AND regexp_matches({c}, '{OFFSET}') "
            f"THEN 1 END), count(TRY_CAST({c} AS TIMESTAMPTZ)), "
            f"min(CASE WHEN TRY_CAST({c} AS TIMESTAMPTZ) IS NULL THEN {c} END)"
        )
        texts, zoned, good, bad = self.con.sql(f"SELECT {sql} FROM {quote(_raw(name))}").fetchall()[
            0
        ]
        if good < texts:
            raise SourceError(
                f'{self._where(name)}: time "{column}" cannot be read in {texts - good:,} of '
                f"{texts:,} rows, such as {bad!r}; write 2026-06-30 or 2026-06-30T12:00:00+02:00."
            )
        if 0 < zoned < texts:
            raise SourceError(
                f'{self._where(name)}: time "{column}" mixes times with an offset ({zoned:,} rows) '
                f"and without one ({texts - zoned:,} rows); give all of them a zone or none."
            )
        return f"make_timestamp(epoch_us(TRY_CAST({c} AS TIMESTAMPTZ)))"

    def _check_type(self, where: str, column: str, rule: Column, kind: str) -> None:
        if rule.type and not re.fullmatch(KINDS[rule.type], kind):
            raise SourceError(
                f'{where}: column "{column}" holds {kind}, and its contract says {rule.type}.'
            )

    def _where(self, name: str) -> str:
        source = self.problem.sources[name]
        place = (source.table and f'lake table "{source.table}"') or source.path or "a query"
        return f'{self.problem.where}: source "{name}" ({place})'


def _raw(name: str) -> str:
    return f"raw_{name}"


def _conditions(column: str, rule: Column) -> list[tuple[str, str]]:
    c = quote(column)
    found = []
    if not rule.nullable:
        found.append((f"{c} IS NULL", "is null"))
    if rule.min is not None:
        found.append((f"{c} < {rule.min}", f"is below {rule.min:g}"))
    if rule.max is not None:
        found.append((f"{c} > {rule.max}", f"is above {rule.max:g}"))
    return found
