"""The registry's table: one row per event, in one order, each made for the state it follows."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable

from truerisk.lake.lake import Lake
from truerisk.lake.tables import REGISTRY, REGISTRY_SCHEMA
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
        everything = _all(lake, None if handle is None else handle.version())
        ours = everything[everything["problem"] == problem].sort_values("seq", ignore_index=True)
        first = 0 if everything.empty else int(everything["seq"].max()) + 1
        made = decide(ours)
        now = instant(None)
        records = [
            vars(e) | {"seq": first + i, "at": now, "payload": json.dumps(e.payload)}
            for i, e in enumerate(made)
        ]
        return pa.Table.from_pylist(records, schema=REGISTRY_SCHEMA)

    return lake.commit(REGISTRY, REGISTRY_SCHEMA, rows)


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
    rows = _all(lake, version)
    return rows[rows["problem"] == problem].sort_values("seq", ignore_index=True)


def _all(lake: Lake, version: int | None) -> pd.DataFrame:
    if version is None:
        return REGISTRY_SCHEMA.empty_table().to_pandas()
    return lake.read(REGISTRY, version)
