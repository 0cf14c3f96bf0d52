"""The registry's table: one row per event, in one order, each made for the state it follows.

Each event is a link of a chain: it holds the hash of the one before.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable

from truerisk.errors import RegistryError
from truerisk.lake import chain
from truerisk.lake.lake import Lake
from truerisk.lake.tables import REGISTRY, REGISTRY_KEY, REGISTRY_SCHEMA
from truerisk.problem.instant import instant


@dataclass(frozen=True)
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


def history(lake: Lake, problem: str) -> pd.DataFrame:
    """All events of a problem, oldest first; empty when there is none."""
    version = lake.version(REGISTRY)
    return _history(lake, problem, version)


def record(lake: Lake, problem: str, decide: Callable[[pd.DataFrame], list[Event]]) -> int:
    """Append the events that ``decide`` makes of the newest history; it may raise to refuse.

    If another process appends first, ``decide`` sees that history too before anything is written:
    of two people who approve at once, the second is told about the first.
    """

    def rows(handle: DeltaTable | None) -> pa.Table:
        version = None if handle is None else handle.version()
        held = _all(lake, version)
        _refuse_broken(lake, held, noted)
        everything = held.to_pandas()
        ours = everything[everything["problem"] == problem].sort_values("seq", ignore_index=True)
        first = 0 if everything.empty else int(everything["seq"].max()) + 1
        made = decide(ours)
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


def champion(events: pd.DataFrame) -> str | None:
    """The version that decides, None before the first promotion."""
    moves = events[events["event"].isin(["promoted", "rolled back"])]
    return None if moves.empty else str(moves["version"].iloc[-1])


def status(events: pd.DataFrame, version: str) -> str:
    """champion, approved (once, not now), rejected, submitted, or unknown: the last event tells."""
    own = events.loc[events["version"] == version, "event"]
    if own.empty:
        return "unknown"
    if champion(events) == version:
        return "champion"
    last = str(own.iloc[-1])
    return last if last in ("submitted", "rejected") else "approved"


def _history(lake: Lake, problem: str, version: int | None) -> pd.DataFrame:
    rows = _all(lake, version).to_pandas()
    return rows[rows["problem"] == problem].sort_values("seq", ignore_index=True)


def _all(lake: Lake, version: int | None) -> pa.Table:
    return REGISTRY_SCHEMA.empty_table() if version is None else lake.arrow(REGISTRY, version)


def _refuse_broken(lake: Lake, rows: pa.Table, noted: chain.Head | None) -> None:
    broken = next(chain.breaks(rows, REGISTRY_KEY, noted), None)
    if broken:
        raise RegistryError(
            f"The registry of the lake at {lake.root} was changed from outside: {broken}; "
            "`truerisk verify` says all; restore the table from a copy."
        )
