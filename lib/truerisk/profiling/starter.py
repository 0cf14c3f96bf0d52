"""A problem file from somebody's files: guesses, each said in a comment, that parse and train."""

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from truerisk.errors import SourceError
from truerisk.features.dataset import RESERVED
from truerisk.lake.connection import connect, quote
from truerisk.lake.reader.forms import contract_line
from truerisk.problem.source import Column as Rule
from truerisk.profiling import roles
from truerisk.profiling.alone import alone
from truerisk.profiling.columns import AGAIN, Column, profile_columns
from truerisk.profiling.opening import open_file
from truerisk.profiling.roles import Event, quoted

HORIZONS = (7, 30, 60, 90, 180, 365, 730, 1095)  # days
LEVELS = 1000  # of a text that is still an input
ROW, ROW_TIME, SEEN = "row_number", "row_time", "observed_at"
START, SPAN = "2020-01-01", 730  # days over which rows without a time are laid out


@dataclass
class Starter:
    """The text of the file, what was guessed, what was left out and why, and when it is known."""

    text: str
    known_at: str
    guesses: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass
class _File:
    """One file, opened with the types it asks for; ``rules`` are the contract's lines."""

    path: str
    view: str
    columns: list[Column]
    rules: dict[str, dict[str, Any]]
    con: duckdb.DuckDBPyConnection


def starter(paths: list[str], name: str = "") -> Starter:
    """From one file that holds applications with their outcome, or from one of each.

    Raises SourceError for a file that holds no event, or for two that share no key.
    """
    if not 1 <= len(paths) <= 2:
        raise SourceError(
            f"init takes one or two files, applications and outcomes, not {len(paths)}."
        )
    con = connect()
    one = _open(con, paths[0], "applications")
    two = _open(con, paths[1], "outcomes") if len(paths) == 2 else None
    made = _Maker(one, two, name or _plain(Path(paths[0]).name.split(".")[0]))
    return made.starter()


def _open(con: duckdb.DuckDBPyConnection, path: str, view: str) -> _File:
    open_file(con, path, f"{view}_found")
    found = profile_columns(con, quote(f"{view}_found"))
    rules = {c.name: c.rules[0] for c in found if c.rules and not c.codes}
    if not rules:
        con.execute(f"CREATE VIEW {quote(view)} AS SELECT * FROM {quote(f'{view}_found')}")
        return _File(path, view, found, rules, con)
    open_file(con, path, view, {c: Rule(**r) for c, r in rules.items()})
    return _File(path, view, profile_columns(con, quote(view)), rules, con)


class _Maker:
    def __init__(self, one: _File, two: _File | None, name: str) -> None:
        self.one, self.two, self.name = one, two, name
        self.guesses: list[str] = []
        self.keys = roles.key_of(one.columns, two.columns if two else None)
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
        self.event: Event = event
        seen = roles.time_of(two.columns, roles.SEEN) if two else None
        self.seen = seen.name if seen else None
        self.key = self.keys[0] if self.keys else ROW
        self.subject = roles.subject_of(one.columns, self.key)
        self._lay_out()

    def _lay_out(self) -> None:
        """Views ``a`` (key, time and all columns) and ``o`` (key, event, seen), and the horizon."""
        con, own = self.one.con, ""
        if self.keys is None:
            own += f"row_number() OVER () AS {ROW}, "
            self.guesses.append("no column names each row once: the row's number is the key")
        if self.time is None:
            rows = self.one.columns[0].rows
            step = max(1, SPAN * 86_400 // max(rows, 1))
            own += (
                f"TIMESTAMP '{START}' + to_seconds({step} * (row_number() OVER () - 1)) "
                f"AS {ROW_TIME}, "
            )
            self.guesses.append(
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
        if self.joined.empty:
            raise SourceError(
                f"{self.one.path} and {self.two.path if self.two else ''}: no {self.key} is in "
                "both; ids must be written alike."
            )
        self.horizon = self._horizon()

    def _horizon(self) -> int:
        days = self.joined.loc[self.joined["e"].eq(1), "days"].dropna()
        if self.seen is None:
            self.guesses.append(
                "no time when outcomes were seen: each is taken as seen 30 days after its "
                "application; name the real time and horizon"
            )
            return 30
        late = float(days[days >= 0].quantile(0.95)) if (days >= 0).any() else 30.0
        horizon = next((h for h in HORIZONS if h >= late), HORIZONS[-1])
        self.guesses.append(f"horizon {horizon}d: 95% of events come within {late:.0f} days")
        return horizon

    def starter(self) -> Starter:
        inputs, left_out = self._inputs()
        at = pd.to_datetime(self.joined["at"], utc=True)
        seen = at + pd.to_timedelta(self.joined["days"].fillna(self.horizon), unit="D")
        known = seen.max().floor("D") + pd.Timedelta(days=1)
        mature = at + pd.Timedelta(days=self.horizon) <= known
        if mature.mean() < 0.5:
            known = at.max().floor("D") + pd.Timedelta(days=self.horizon + 1)
            mature = mature | True
        window = math.ceil((known - at.min()) / pd.Timedelta(days=1)) + 1
        old = at[mature]
        holdout = max(1, math.ceil((old.max() - old.quantile(0.75)) / pd.Timedelta(days=1)))
        if self.event.guessed:
            self.guesses.append(f"the event is taken to be {self.event.sql}")
        text = "\n".join(
            [*self._head(), *self._sources(), *self._body(inputs, left_out, window, holdout)]
        )
        return Starter(text + "\n", f"{known:%Y-%m-%d}", self.guesses, left_out)

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
        for column in self._too_good(inputs):
            left[column] = "ranks the event too well to have been known then"
            inputs.remove(column)
        if not inputs:
            raise SourceError(f"{self.one.path}: no column is left as an input.")
        return inputs, left

    def _too_good(self, inputs: list[str]) -> list[str]:
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
        return [a.column for a in alone(frame, event, inputs) if a.too_good]

    def _head(self) -> list[str]:
        said = [f"# {line}" for line in _wrapped(self.guesses)]
        return [
            "# A start, guessed from the files. Read every line; `truerisk check` says what it "
            "finds.",
            *said,
            f'name = "{self.name}"',
            'description = "Say what is decided."',
            "",
        ]

    def _sources(self) -> list[str]:
        one, two = self.one, self.two
        lines: list[str] = []
        if self.own:
            lines += [*_source("file", one.path, "", "", one), "", "[sources.applications]"]
            lines += [f"query = {_text(f'SELECT {self.own}* FROM file')}"]
            lines += [f"key = {_text(self.key)}", f"time = {_text(self.at)}", ""]
        else:
            lines += [*_source("applications", one.path, self.key, self.at, one), ""]
        if two is None or self.seen is None:
            k, t = quoted(self.key), quoted(self.at)
            seen = f"{t} + INTERVAL {self.horizon} DAY AS {SEEN}"
            if two is None:
                columns = ", ".join(dict.fromkeys([k, quoted(self.event.column)]))
                query = f"SELECT {columns}, {seen} FROM applications"
            else:
                theirs = quoted(self.keys[1])  # type: ignore[index]
                lines += [*_source("outcomes_file", two.path, "", "", two), ""]
                query = (
                    f"SELECT o.*, a.{seen} FROM outcomes_file o JOIN applications a "
                    f"ON a.{k} = o.{theirs}"
                )
            key = self.key if two is None else self.keys[1]  # type: ignore[index]
            lines += ["[sources.outcomes]", f"query = {_text(query)}"]
            return [*lines, f"key = {_text(key)}", f'time = "{SEEN}"', ""]
        return [*lines, *_source("outcomes", two.path, self.keys[1], self.seen, two), ""]  # type: ignore[index]

    def _body(
        self, inputs: list[str], left_out: dict[str, str], window: int, holdout: int
    ) -> list[str]:
        amount = roles.amount_of([c for c in self.one.columns if c.name in inputs])
        worth = f" * {quoted(amount)}" if amount else ""
        listed = "".join(f"    {_text(c)},\n" for c in inputs)
        return [
            "[application]",
            'source = "applications"',
            f"subject = {_text(self.subject)}",
            "",
            "[outcome]",
            'source = "outcomes"',
            f"event = {_text(self.event.sql)}",
            f"observed = {_text(self.seen or SEEN)}",
            f'horizon = "{self.horizon}d"',
            "",
            "[features]",
            f"columns = [\n{listed}]",
            *([f"# left out: {name}: {why}" for name, why in left_out.items()]),
            "",
            "[candidates.prior]",
            "[candidates.scorecard]",
            "[candidates.boosting]",
            "",
            "# Dollars: put in what a decision is worth to you.",
            "[actions.approve]",
            "reveals = true",
            f"if_event = {_text(f'-0.6{worth}')}",
            f"if_no_event = {_text(f'0.1{worth}')}",
            "[actions.decline]",
            "reveals = false",
            'if_event = "0"',
            'if_no_event = "0"',
            "",
            "[exploration]",
            'action = "approve"',
            "share_of_profit = 0.02",
            "",
            "[training]",
            f'window = "{window}d"',
            f'holdout = "{holdout}d"',
        ]


def _source(name: str, path: str, key: str, time: str, file: _File) -> list[str]:
    lines = [f"[sources.{name}]", f"path = {_text(path)}"]
    lines += [f"key = {_text(key)}", f"time = {_text(time)}"] if key else []
    coded = [c for c in file.columns if c.codes]
    if file.rules or coded:
        lines.append(f"[sources.{name}.contract]")
        lines += [contract_line(c, rule) for c, rule in file.rules.items()]
        lines += [f"# {c.line}  # {c.coded:.1%} of rows: a code?" for c in coded]
    return lines


def _plain(text: str) -> str:
    name = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")
    return name if re.match(r"[a-z]", name) else f"problem_{name}".strip("_")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _wrapped(sentences: list[str]) -> list[str]:
    return [f"Guessed: {sentence}." for sentence in sentences]
