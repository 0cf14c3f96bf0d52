"""Who reads what: from the columns of sources to features, models and decisions.

Edges point the way data flow. A feature's values come from columns (``value``); which rows count,
and when, comes from others (``filter``, ``matched by``, ``time``).
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping

from truerisk.catalog.column_lineage import UnresolvedError, column_lineage
from truerisk.catalog.entries import Edge, node
from truerisk.errors import TrueriskError
from truerisk.lake.ingest.new_files import with_query
from truerisk.lake.sources.versions import query_of
from truerisk.problem.aggregate import aggregates
from truerisk.problem.expression import columns_of
from truerisk.problem.names import feature_names, latest_name
from truerisk.problem.spec import Problem

Columns = Mapping[str, list[str]]  # source → its columns, empty where it could not be opened


def column_id(problem: Problem, source: str, column: str, columns: Columns) -> str:
    """A column's node; SQL does not mind the case, the node has the table's own."""
    held = {c.lower(): c for c in columns.get(source, [])}
    return node("column", problem.name, f"{source}.{held.get(column.lower(), column)}")


def feature_edges(problem: Problem, columns: Columns) -> Iterator[Edge]:
    """What every feature of a problem reads, each feature through those it is derived from."""
    f, application = problem.features, problem.application.source
    called = {name.lower(): name for name in feature_names(f)}

    def feature(name: str) -> str:
        return node("feature", problem.name, name)

    def column(source: str, name: str) -> str:
        return column_id(problem, source, name, columns)

    for name in f.columns:
        yield Edge(column(application, name), feature(name), "value")
    for name, derived in f.derived.items():
        for read in sorted(columns_of(derived.sql)):
            other = called.get(read.lower(), name)
            up = column(application, read) if other == name else feature(other)
            yield Edge(up, feature(name), "value")
    for latest in f.latest:
        for name in latest.columns:
            down = feature(latest_name(latest.source, name))
            yield Edge(column(latest.source, name), down, "value")
            yield from _around(problem, latest.source, latest.by, down, columns)
    for window in f.window:
        for a in aggregates(window.source, window.over, window.compute):
            down = feature(a.name)
            for name in [a.column] if a.column else []:
                yield Edge(column(window.source, name), down, "value")
            for name in sorted(columns_of(a.where)) if a.where else []:
                yield Edge(column(window.source, name), down, "filter")
            yield from _around(problem, window.source, window.by, down, columns)


def _around(problem: Problem, source: str, by: str, down: str, columns: Columns) -> Iterator[Edge]:
    """What finds the rows of a feature over a history: the entity on both sides, and the times."""
    read = problem.sources[source]
    yield Edge(column_id(problem, source, by, columns), down, "matched by")
    yield Edge(column_id(problem, problem.application.source, by, columns), down, "matched by")
    yield Edge(column_id(problem, source, read.time, columns), down, "time")
    if read.available_at:
        yield Edge(column_id(problem, source, read.available_at, columns), down, "time")


def use_edges(problem: Problem, columns: Columns) -> Iterator[Edge]:
    """What the problem reads beside features: keys, times, outcome, money, rules, segments."""
    application, outcome = problem.application, problem.outcome
    own = feature_names(problem.features).keys() - set(problem.features.columns)

    def use(what: str) -> str:
        return node("use", problem.name, what)

    def column(source: str, name: str) -> str:
        return column_id(problem, source, name, columns)

    def expression(sql: str, what: str, how: str) -> Iterator[Edge]:
        for name in sorted(columns_of(sql)):
            feature = node("feature", problem.name, name)
            yield Edge(feature if name in own else column(application.source, name), use(what), how)

    for name, source in problem.sources.items():
        for what in ("key", "time", "available_at"):
            if getattr(source, what):
                yield Edge(column(name, getattr(source, what)), use(f"sources.{name}.{what}"), what)
        for held, rule in source.contract.items():
            other, _, referred = (rule.references or "").partition(".")
            if other in problem.sources:
                what = f"sources.{name}.contract.{held}"
                yield Edge(column(other, referred), use(what), "referred to")
                yield Edge(column(name, held), use(what), "refers")
    subject = column(application.source, application.subject)
    yield Edge(subject, use("application.subject"), "subject")
    key = column(outcome.source, problem.key)
    yield Edge(key, use("outcome"), "key")
    for name in sorted(columns_of(outcome.event)):
        yield Edge(column(outcome.source, name), use("outcome"), "event")
    yield Edge(column(outcome.source, outcome.observed), use("outcome"), "observed")
    for name, action in problem.actions.items():
        for part in ("if_event", "if_no_event"):
            yield from expression(getattr(action, part), f"actions.{name}", "money")
    for i, decided in enumerate(problem.rules):
        yield from expression(decided.when, f"rules[{i}]", "rule")
    for name in problem.training.segments:
        feature = node("feature", problem.name, name)
        up = feature if name in own else column(application.source, name)
        yield Edge(up, use("training.segments"), "segment")
    for name in problem.training.protected:
        yield Edge(column(application.source, name), use("training.protected"), "protected")


def query_edges(problem: Problem, columns: Columns) -> Iterator[Edge]:
    """Columns of sources that a query, or what fills a table, reads."""
    for name, source in problem.sources.items():
        asked = source.ingest.query if source.ingest and source.ingest.query else source.query
        if asked is None:
            continue
        how = "through query" if source.query is not None else "ingested through query"
        try:
            made = column_lineage(asked, columns)
        except UnresolvedError:
            yield from _whole(problem, name, how)
            continue
        for output, reads in made.columns.items():
            for other, read in sorted(reads):
                up = column_id(problem, other, read, columns)
                yield Edge(up, column_id(problem, name, output, columns), how)
        for other, read in sorted(made.filters):
            down = node("source", problem.name, name)
            yield Edge(column_id(problem, other, read, columns), down, f"filter of the {how[8:]}")


def _whole(problem: Problem, name: str, how: str) -> Iterator[Edge]:
    """A query whose columns cannot be told apart: its sources feed it as a whole."""
    filled = problem.sources[name].query is None
    try:
        tables = query_of(name, with_query(problem, name) if filled else problem).sources
    except TrueriskError:
        return
    for other in tables:
        up, down = (node("source", problem.name, n) for n in (other, name))
        yield Edge(up, down, f"{how}, column by column unknown")


def reach(edges: Iterable[Edge], start: str, up: bool = False) -> dict[str, int]:
    """Every node that data from ``start`` reach (or, ``up``, that reach it) → steps away."""
    neighbours = defaultdict(list)
    for edge in edges:
        here, there = (edge.down, edge.up) if up else (edge.up, edge.down)
        neighbours[here].append(there)
    steps, waiting = {start: 0}, deque([start])
    while waiting:
        here = waiting.popleft()
        for there in neighbours[here]:
            if there not in steps:
                steps[there] = steps[here] + 1
                waiting.append(there)
    del steps[start]
    return steps


def used(edges: Iterable[Edge], live: set[str]) -> set[str]:
    """Nodes from which data reach a feature in ``live`` or any use of a problem file.

    What a source is filtered by counts as used, and so does all of a source that a query reads as
    a whole.
    """
    neighbours = defaultdict(list)
    waiting: deque[str] = deque()
    found: set[str] = set()
    for edge in edges:
        neighbours[edge.down].append(edge.up)
        kind = edge.down.partition("/")[0]
        if (edge.down in live or kind in ("use", "source")) and edge.down not in found:
            found.add(edge.down)
            waiting.append(edge.down)
    while waiting:
        for up in neighbours[waiting.popleft()]:
            if up not in found:
                found.add(up)
                waiting.append(up)
    return found
