"""The registry's table: one row per event, in one order, each made for the state it follows.

Each event is a link of a chain: it holds the hash of the one before.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import DeltaTable

from truerisk.errors import RegistryError
from truerisk.lake import chain
from truerisk.lake.lake import Lake
from truerisk.lake.tables import REGISTRY, REGISTRY_KEY, REGISTRY_SCHEMA
from truerisk.problem.instant import instant

if TYPE_CHECKING:
    import pandas as pd

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = dict[str, Any]  # an event as the table holds it: the columns of REGISTRY_SCHEMA


@dataclass(frozen=True, kw_only=True)
class Event:
    """``event`` is one of submitted, approved, rejected, promoted, rolled back."""

    problem: str
    version: str
    event: str
    by: str
    because: str
    report_hash: str = ""
    expected_champion: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


def events_of(problem: str, lake: Lake) -> list[Row]:
    """All events of a problem, oldest first; empty when there is none."""
    return _of(_all(lake, lake.version(REGISTRY)), problem)


def history(problem: str, lake: Lake) -> "pd.DataFrame":
    """All events of a problem as a frame, oldest first; empty when there is none."""
    rows = _all(lake, lake.version(REGISTRY)).to_pandas()
    return rows[rows["problem"] == problem].sort_values("seq", ignore_index=True)


def record(problem: str, lake: Lake, decide: Callable[[list[Row]], list[Event]]) -> int:
    """Append the events that ``decide`` makes of the newest history; it may raise to refuse.

    If another process appends first, ``decide`` sees that history too before anything is written:
    of two people who approve at once, the second is told about the first.
    """

    def rows(handle: DeltaTable | None) -> pa.Table:
        version = None if handle is None else handle.version()
        held = _all(lake, version)
        _refuse_broken(lake, held, noted)
        first = max((seq + 1 for seq in held["seq"].to_pylist()), default=0)
        made = decide(_of(held, problem))
        now = instant(None)
        links, newest = [], chain.newest(held, REGISTRY_KEY)
        for i, event in enumerate(made):
            kept = {"seq": first + i, "at": now, "payload": json.dumps(event.payload)}
            row = pa.Table.from_pylist([vars(event) | kept], schema=REGISTRY_SCHEMA)
            sealed, newest = chain.link(newest, row, REGISTRY_KEY)
            links.append(sealed)
        head[:] = [newest]
        return pa.concat_tables(links) if links else REGISTRY_SCHEMA.empty_table()

    noted = chain.noted(lake, REGISTRY)  # before the table is read: no note is ahead of it
    head: list[chain.Head] = []
    written = lake.commit(REGISTRY, REGISTRY_SCHEMA, rows)
    if written:
        chain.note(lake, REGISTRY, head[0])
    return written


def check_chain(lake: Lake) -> None:
    """RegistryError where an event was edited, is missing, or was not written by the registry."""
    noted = chain.noted(lake, REGISTRY)
    _refuse_broken(lake, _all(lake, lake.version(REGISTRY)), noted)


def champion(problem: str, lake: Lake) -> str | None:
    """The version that decides, None before the first promotion."""
    return champion_in(events_of(problem, lake))


def champion_in(events: list[Row]) -> str | None:
    """The version that decides after these events, None before the first promotion."""
    moves = [e["version"] for e in events if e["event"] in ("promoted", "rolled back")]
    return moves[-1] if moves else None


def status(events: list[Row], version: str) -> str:
    """champion, approved (once, not now), rejected, submitted, or unknown: the last event tells."""
    own = [e["event"] for e in events if e["version"] == version]
    if not own:
        return "unknown"
    if champion_in(events) == version:
        return "champion"
    return own[-1] if own[-1] in ("submitted", "rejected") else "approved"


def _of(rows: pa.Table, problem: str) -> list[Row]:
    # Arrow imports pandas to make a time of a time, and its functions to cast; not to view bytes.
    counts = [us for part in rows["at"].chunks for us in part.view(pa.int64()).to_pylist()]
    times = [EPOCH + timedelta(microseconds=us) for us in counts]
    every = [row | {"at": at} for row, at in zip(rows.drop_columns("at").to_pylist(), times)]
    return sorted((row for row in every if row["problem"] == problem), key=lambda row: row["seq"])


def _all(lake: Lake, version: int | None) -> pa.Table:
    return REGISTRY_SCHEMA.empty_table() if version is None else lake.arrow(REGISTRY, version)


def _refuse_broken(lake: Lake, rows: pa.Table, noted: chain.Head | None) -> None:
    broken = next(chain.breaks(rows, REGISTRY_KEY, noted), None)
    if broken:
        raise RegistryError(
            f"The registry of the lake at {lake.root} was changed from outside: {broken}; "
            "`truerisk verify` says all; restore the table from a copy."
        )
