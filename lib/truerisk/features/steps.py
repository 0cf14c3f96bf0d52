"""The queries that build a problem's features over a spine, each with the reason for its form."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pandas as pd
import pyarrow as pa

from truerisk.features.engines import Engine
from truerisk.features.plan import plan, sizes, sizes_query
from truerisk.features.sql.group import Group, microseconds
from truerisk.features.sql.latest import from_where
from truerisk.features.sql.latest import latest as latest_sql
from truerisk.features.sql.rank import is_ranked, ranges
from truerisk.features.sql.rank import rank as ranked
from truerisk.lake.sources.sources import Sources
from truerisk.problem.aggregate import aggregates
from truerisk.problem.names import latest_name
from truerisk.problem.source import Source
from truerisk.problem.spec import Latest, Problem


@dataclass(frozen=True, kw_only=True)
class Step:
    """Queries of one form, each a chunk of the spine; together they give ``names``.

    ``matched`` are the rows of the spine that have any row in the source, where that was counted.

    ``run`` takes what runs a query and returns row numbers and features, in any order of rows.
    """

    source: str
    by: str
    names: list[str]
    formulation: str
    because: str
    queries: list[str]
    run: Callable[[Callable[[str], pa.Table]], pa.Table]
    matched: int | None = None


def entities(problem: Problem) -> list[str]:
    """The application columns that sources are joined by."""
    features = problem.features
    joined = [f.by for f in features.latest] + [f.by for f in features.window]
    return list(dict.fromkeys(joined))


def steps(sources: Sources, engine: Engine, known_at: pd.Timestamp | None) -> Iterator[Step]:
    """One step per source and entity of latest entries, one per formulation of each group.

    The spine is known already.
    """
    known = None if known_at is None else _microseconds(known_at)
    yield from _newest(sources, engine, known)
    for group, name in groups(sources, engine, known):
        seen = sizes(engine.run(sizes_query(group)).to_pandas())
        for choice in plan(group, seen, engine.memory):
            yield Step(
                source=name,
                by=group.by,
                names=[a.name for a in choice.group.aggregates],
                formulation=choice.formulation,
                because=choice.because,
                queries=choice.queries(),
                run=choice.run,
                matched=seen.matched,
            )


def _newest(sources: Sources, engine: Engine, known: int | None) -> Iterator[Step]:
    """The latest entries over one source by one entity, together."""
    problem = sources.problem
    wanted: dict[tuple[str, str], list[Latest]] = {}
    for latest in problem.features.latest:
        wanted.setdefault((latest.source, latest.by), []).append(latest)
    for (name, by), entries in wanted.items():
        source = problem.sources[name]
        delay = _delay(source)
        columns = dict.fromkeys(c for entry in entries for c in entry.columns)
        view = engine.source(name, [by, *columns])
        asof, rank = engine.asof and delay is not None, None
        if asof and is_ranked(sources.columns(name)[source.key]):
            rank = ranked(engine.run(ranges(from_where(view, by, known))).to_pylist()[0])
        query = latest_sql(view, entries, delay, known, engine.asof, rank)
        yield Step(
            source=name,
            by=by,
            names=[latest_name(name, column) for entry in entries for column in entry.columns],
            formulation="ASOF join" if asof else "newest row",
            because="one delay for all rows, so the order of time is the order of availability"
            if asof
            else "every row has its own availability"
            if delay is None
            else "the engine has no ASOF join",
            queries=[query],
            run=partial(_fetch, query),
        )


def groups(sources: Sources, engine: Engine, known: int | None) -> Iterator[tuple[Group, str]]:
    """The windows of all entries over one source by one entity, together."""
    problem = sources.problem
    wanted: dict[tuple[str, str], list] = {}
    for window in problem.features.window:
        made = aggregates(window.source, window.over, window.compute)
        wanted.setdefault((window.source, window.by), []).extend(made)
    for (name, by), made in wanted.items():
        source = problem.sources[name]
        columns = sorted(set().union(*(a.columns for a in made)))
        view = engine.source(name, [by, *columns])
        money = [c for c, rule in source.contract.items() if rule.type == "money"]
        types = sources.columns(name)
        yield (
            Group(
                view=view,
                by=by,
                aggregates=tuple(made),
                types=types,
                money=money,
                delay=_delay(source),
                known_at=known,
            ),
            name,
        )


def _fetch(query: str, fetch: Callable[[str], pa.Table]) -> pa.Table:
    return fetch(query)


def _delay(source: Source) -> int | None:
    return None if source.available_at else microseconds(source.delay)


def _microseconds(at: pd.Timestamp) -> int:
    return int(at.value) // 1000
