"""What every source of a problem is: whose, where, how fresh, how much, and what changed in it."""

from collections.abc import Mapping

import duckdb
import pandas as pd

from truerisk.catalog import history
from truerisk.catalog.describe import available_words, contract_words, place_words
from truerisk.catalog.entries import ColumnEntry, Point, SourceEntry, node
from truerisk.catalog.snapshot import profile
from truerisk.errors import DamagedError, LakeError, TrueriskError, told
from truerisk.lake.ingest.profile import names_somebody
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.problem.spec import Problem

NOW = "counted when this catalogue was written"


def describe_sources(
    problem: Problem, lake: Lake, as_of: pd.Timestamp
) -> tuple[list[SourceEntry], list[ColumnEntry]]:
    """Every source of a problem and its columns; one that cannot be opened says why."""
    entries, columns = [], []
    for name in problem.sources:
        entry = _declared(problem, name)
        with Sources(problem, lake) as sources:
            try:
                found = profile(sources, name, _named(problem, name), as_of)
                entry.version = _version(sources.versions[name])
            except (TrueriskError, duckdb.Error) as error:
                entry.trouble = _sentence(problem, error)
                entry.status = "damaged" if isinstance(error, DamagedError) else "missing"
                found = {"columns": {}}
        own = _columns(problem, name, found["columns"])
        if not entry.trouble:
            _counted(entry, found, as_of)
            try:
                _history(entry, own, found, lake, problem.sources[name].table)
            except LakeError as error:  # what ingests recorded is damaged, and the rows are not
                entry.seen = str(error)
        entries.append(entry)
        columns += own
    return entries, columns


def _declared(problem: Problem, name: str) -> SourceEntry:
    source = problem.sources[name]
    return SourceEntry(
        id=node("source", problem.name, name),
        problem=problem.name,
        name=name,
        roles=_roles(problem, name),
        owner=source.owner,
        description=source.description,
        place=place_words(problem, name),
        query=(source.query or (source.ingest.query if source.ingest else None) or "").strip(),
        key=source.key,
        time=source.time,
        available=available_words(source) if source.time else "",
        limit=source.freshness.total_seconds() if source.freshness else None,
    )


def _roles(problem: Problem, name: str) -> list[str]:
    features = problem.features
    histories = {f.source for f in features.latest} | {f.source for f in features.window}
    roles = [
        ("applications", name == problem.application.source),
        ("outcomes", name == problem.outcome.source),
        ("history", name in histories),
    ]
    return [role for role, true in roles if true] or ["read by queries only"]


def _columns(problem: Problem, name: str, found: Mapping[str, dict]) -> list[ColumnEntry]:
    """One entry per column; of a source that cannot be opened those its contract names."""
    contract = problem.sources[name].contract
    return [
        ColumnEntry(
            id=node("column", problem.name, f"{name}.{column}"),
            problem=problem.name,
            source=name,
            name=column,
            contract=contract_words(contract.get(column)),
            **{k: v for k, v in found.get(column, {}).items() if k != "months"},
        )
        for column in dict.fromkeys([*found, *([] if found else contract)])
    ]


def _counted(entry: SourceEntry, found: dict, as_of: pd.Timestamp) -> None:
    entry.rows, entry.untimed, entry.ahead = found["rows"], found["untimed"], found["ahead"]
    entry.oldest, entry.newest = (
        None if at is None else pd.Timestamp(at, tz="UTC")
        for at in (found["oldest"], found["newest"])
    )
    if not entry.rows:
        entry.status = "empty"
    elif entry.newest is None:
        # One that only queries read declares no time, and lacks nothing.
        entry.status = "without times" if entry.time else "no time of its own"
    else:
        entry.behind = (as_of - entry.newest).total_seconds()
        entry.status = "no limit"
        if entry.limit is not None:
            entry.status = "fresh" if entry.behind <= entry.limit else "stale"


def _history(
    entry: SourceEntry, columns: list[ColumnEntry], found: dict, lake: Lake, table: str | None
) -> None:
    """By ingest where there was one, else by month of event time."""
    months = [Point(at=month, rows=rows) for month, rows in found["months"]]
    entry.history = months
    batches, points = history.batches(lake, table) if table else ([], {})
    if not batches or table is None:
        entry.seen = f"never ingested: {NOW}, by month of {entry.time or 'event time'}"
        for column in columns:
            nulls = found["columns"][column.name]["months"]
            column.history = [Point(at=p.at, rows=p.rows, nulls=n) for p, n in zip(months, nulls)]
        return
    times = "once" if len(batches) == 1 else f"{len(batches):,} times"
    entry.seen = f"ingested {times}: changes and history as recorded then; rows {NOW}"
    entry.ingests = batches
    entry.quarantined = history.quarantined(lake, table)
    entry.changes = history.changes(lake, table)
    for column in columns:
        column.history = points.get(column.name, [])
        column.changes = [c for c in entry.changes if c.column == column.name]


def _named(problem: Problem, name: str) -> set[str]:
    return {column for column in names_somebody(problem, name) if column}


def _version(version: int | str) -> str:
    return f"version {version}" if isinstance(version, int) else str(version)[:19]


def _sentence(problem: Problem, error: Exception) -> str:
    return told(error).removeprefix(f"{problem.where}: ")
