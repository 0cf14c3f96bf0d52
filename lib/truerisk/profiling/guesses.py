"""What somebody's files are taken to be: keys, times, event, horizon, inputs; each is said."""

import math
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from truerisk.errors import SourceError
from truerisk.features.dataset import RESERVED
from truerisk.lake.duck import quote
from truerisk.problem.source import Column as Rule
from truerisk.profiling import roles
from truerisk.profiling.alone import Alone, alone, stand_out
from truerisk.profiling.columns import AGAIN, Column, profile_columns
from truerisk.profiling.opening import open_file
from truerisk.profiling.roles import Event
from truerisk.wording.counted import counted

HORIZONS = (7, 30, 60, 90, 180, 365, 730, 1095)  # days
LEVELS = 1000  # of a text that is still an input
ROW, ROW_TIME, SEEN = "row_number", "row_time", "observed_at"
LEAST_MATURE, JUDGED = 0.5, 0.25  # shares of the applications
ALIKE = 0.9  # share of one key's values that another must hold
DAY = pd.Timedelta(days=1)
START, SPAN = "2020-01-01", 730  # days over which rows without a time are laid out


@dataclass(kw_only=True)
class File:
    """One file, opened with the types it asks for; ``rules`` are the contract's lines."""

    path: str
    view: str
    columns: list[Column]
    rules: dict[str, dict[str, Any]]
    con: duckdb.DuckDBPyConnection
    doubts: tuple[str, ...] = ()


def open_as_asked(con: duckdb.DuckDBPyConnection, path: str, view: str) -> File:
    open_file(con, path, f"{view}_found")
    found = profile_columns(con, quote(f"{view}_found"))
    rules = {c.name: c.rules[0] for c in found if c.rules and not c.codes}
    doubts = tuple(f"{c.name} has two readings: {c.line}" for c in found if len(c.rules) > 1)
    if not rules:
        con.execute(f"CREATE VIEW {quote(view)} AS SELECT * FROM {quote(f'{view}_found')}")
        return File(path=path, view=view, columns=found, rules=rules, con=con)
    open_file(con, path, view, {c: Rule(**r) for c, r in rules.items()})
    return File(
        path=path,
        view=view,
        columns=profile_columns(con, quote(view)),
        rules=rules,
        con=con,
        doubts=doubts,
    )


class Guesses:
    """What is taken of one file that holds applications and outcome, or of one of each."""

    def __init__(self, one: File, two: File | None) -> None:
        self.one, self.two = one, two
        self.said: list[str] = [d for file in (one, two) if file for d in file.doubts]
        self.keys = roles.key_of(one.columns, two.columns if two else None) or self._same_values()
        if self.keys is None and two is not None:
            raise SourceError(
                f"{one.path} and {two.path} share no column that names each row once in both; "
                "give both files the application's key under one name."
            )
        time = roles.time_of(one.columns, roles.APPLIED)
        self.time = time.name if time else None
        taken = {n for n in (*(self.keys or ()), self.time) if n}
        side = two or one
        event = roles.event_of(side.columns, taken)
        if event is None:
            raise roles.needs(
                "no column of two values is named like an outcome (default, fraud, bad, label, …)",
                side.path, side.columns,
            )  # fmt: skip
        other = roles.event_of(one.columns, taken) if two and event.guessed else None
        if two and other and not other.guessed:
            raise SourceError(
                f"{one.path} holds {other.column}, named like an outcome, and {two.path} holds "
                "none so named: name the applications first."
            )
        self.event: Event = event
        if event.guessed:
            self.said.append(f"the event is taken to be {event.sql}")
        seen = roles.time_of(two.columns, roles.SEEN) if two else None
        self.seen = seen.name if seen else None
        self.key = self.keys[0] if self.keys else ROW
        self.subject = roles.subject_of(one.columns, self.key)
        self._lay_out()
        self._when()
        self.inputs, self.left_out = self._inputs()

    def _same_values(self) -> tuple[str, str] | None:
        """Keys of two names: columns that name each row once, the second's values in the first."""
        if self.two is None:
            return None
        for mine in (c for c in self.one.columns if c.unique):
            for theirs in (c for c in self.two.columns if c.unique and c.kind == mine.kind):
                a, b = quote(mine.name), quote(theirs.name)
                met = self.one.con.sql(
                    f"SELECT avg(CASE WHEN {b} IN (SELECT {a} FROM applications) THEN 1.0 ELSE 0 "
                    "END) FROM outcomes"
                ).fetchall()[0][0]
                if met >= ALIKE and mine.kind in ("number", "text"):
                    self.said.append(f"{theirs.name} of the outcomes is {mine.name}")
                    return mine.name, theirs.name
        return None

    def _lay_out(self) -> None:
        """Views ``a`` (key, time and all columns) and ``o`` (key, event, seen), and the horizon."""
        con, own = self.one.con, ""
        if self.keys is None:
            own += f"row_number() OVER () AS {ROW}, "
            self.said.append("no column names each row once: the row's number is the key")
        if self.time is None:
            rows = self.one.columns[0].rows
            step = max(1, SPAN * 86_400 // max(rows, 1))
            own += (
                f"TIMESTAMP '{START}' + to_seconds({step} * (row_number() OVER () - 1)) "
                f"AS {ROW_TIME}, "
            )
            self.said.append(
                "no time that every row has: rows are taken in the file's order, as if they came "
                f"evenly from {START} on; name the real time of application"
            )
        self.own = own
        self.at = self.time or ROW_TIME
        con.execute(f"CREATE VIEW a AS SELECT {own}* FROM applications")
        k, t = quote(self.key), quote(self.at)
        event = f"CAST(({self.event.sql}) AS INTEGER)"
        if self.two is None:
            con.execute(f"CREATE VIEW o AS SELECT {k} AS k, {event} AS e, NULL AS seen FROM a")
        else:
            seen = quote(self.seen) if self.seen else "NULL"
            con.execute(
                f"CREATE VIEW o AS SELECT {quote(self.keys[1])} AS k, {event} AS e, "  # type: ignore[index]
                f"{seen} AS seen FROM outcomes"
            )
        self.joined = con.sql(
            f"SELECT a.{t} AS at, o.e, epoch(CAST(o.seen AS TIMESTAMP) - CAST(a.{t} AS TIMESTAMP)) "
            f"/ 86400 AS days FROM a JOIN o ON o.k = a.{k} ORDER BY 1"
        ).to_arrow_table().to_pandas()  # fmt: skip
        early = int((self.joined["days"] < 0).sum())
        if early:
            self.said.append(
                f"{self.seen} lies before the application in {counted(early, 'row')}, so it is "
                "not taken"
            )
            self.seen, self.joined["days"] = None, np.nan
        if self.joined.empty:
            raise SourceError(
                f"{self.one.path} and {self.two.path if self.two else ''}: no {self.key} is in "
                "both; ids must be written alike."
            )
        self.horizon = self._horizon()

    def _horizon(self) -> int:
        days = self.joined.loc[self.joined["e"].eq(1), "days"].dropna()
        if self.seen is None:
            self.said.append(
                "no time when outcomes were seen: each is taken as seen 30 days after its "
                "application; name the real time and horizon"
            )
            return 30
        late = float(days[days >= 0].quantile(0.95)) if (days >= 0).any() else 30.0
        horizon = next((h for h in HORIZONS if h >= late), HORIZONS[-1])
        self.said.append(f"horizon {horizon}d: 95% of events come within {late:.0f} days")
        return horizon

    def _when(self) -> None:
        """When all is known, and the window and the holdout that the data's own span asks for."""
        at = pd.to_datetime(self.joined["at"], utc=True)
        seen = at + pd.to_timedelta(self.joined["days"].fillna(self.horizon), unit="D")
        known = seen.max().floor("D") + pd.Timedelta(days=1)
        mature = at + pd.Timedelta(days=self.horizon) <= known
        if mature.mean() < LEAST_MATURE:
            known = at.max().floor("D") + pd.Timedelta(days=self.horizon + 1)
            mature = at.notna()
        self.known_at = f"{known:%Y-%m-%d}"
        self.window = math.ceil((known - at.min()) / DAY) + 1
        old = at[mature]
        self.holdout = max(1, math.ceil((old.max() - old.quantile(1 - JUDGED)) / DAY))

    def _inputs(self) -> tuple[list[str], dict[str, str]]:
        left: dict[str, str] = {}
        mine = {self.key, self.at, self.subject}
        one_file = self.two is None
        for c in self.one.columns:
            if c.name in mine:
                continue
            if one_file and c.name == self.event.column:
                left[c.name] = "the event"
            elif c.name in RESERVED:
                left[c.name] = "a reserved name; give it another one in a query"
            elif c.nulls == c.rows or c.constant:
                left[c.name] = "always null" if c.nulls == c.rows else "one value in all rows"
            elif roles.is_time(c):
                left[c.name] = "a time; derive days from it"
            elif c.kind not in ("number", "text", "boolean"):
                left[c.name] = f"holds {c.stored}"
            elif c.unique and c.stored not in ("DOUBLE", "FLOAT"):
                left[c.name] = "another key"
            elif c.kind == "text" and c.levels > min(LEVELS, (c.rows - c.nulls) / AGAIN):
                left[c.name] = f"names or free text: {c.levels:,} levels"
        inputs = [c.name for c in self.one.columns if c.name not in left and c.name not in mine]
        found = self._alone(inputs)
        for column in (a.column for a in found if a.too_good):
            left[column] = "ranks the event too well to have been known then"
            inputs.remove(column)
        self.asked = stand_out([a for a in found if a.column in inputs])
        if not inputs:
            raise SourceError(f"{self.one.path}: no column is left as an input.")
        return inputs, left

    def _alone(self, inputs: list[str]) -> list[Alone]:
        listed = "".join(f", a.{quote(c)}" for c in inputs)
        frame = self.one.con.sql(
            f"SELECT o.e AS __event{listed} FROM a JOIN o ON o.k = a.{quote(self.key)} "
            "WHERE o.e IS NOT NULL ORDER BY hash(o.k)"
        ).to_arrow_table().to_pandas()  # fmt: skip
        event = frame["__event"].to_numpy(dtype=float)
        if set(np.unique(event)) - {0.0, 1.0} or event.min(initial=1) == event.max(initial=0):
            raise SourceError(
                f"{(self.two or self.one).path}: {self.event.sql} is the same in all rows."
            )
        return alone(frame, event, inputs)
