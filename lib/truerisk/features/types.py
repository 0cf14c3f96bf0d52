"""The types that a model's inputs have by definition, which its manifest keeps.

What an expression reads has an exact type: ``//`` of whole numbers is another function than ``//``
of doubles. A number that no expression reads only has to stay a number.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from truerisk.features.build import with_derived
from truerisk.features.kinds import TEXT, TIMES
from truerisk.lake.contract import NUMBER
from truerisk.lake.duck import quote
from truerisk.lake.reader.guess import NOTHING
from truerisk.lake.sources.declared import ANY_NUMBER
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import times_of
from truerisk.problem.aggregate import aggregates
from truerisk.problem.expression import columns_of, sandbox
from truerisk.problem.frames import as_array, as_frame
from truerisk.problem.names import latest_name
from truerisk.problem.spec import Problem

FIXED = rf"{NUMBER}|{TEXT}|{TIMES}|BOOLEAN|{NOTHING}"


def types_of(sources: Sources, read: Iterable[str]) -> dict[str, Any]:
    """``sources``: source → column → type, as they were read; ``columns``: what expressions see.

    ``read`` are the application columns that money, rules and segments read.
    """
    problem = sources.problem
    own, by_expression = problem.application.source, _read_by_expressions(problem) | set(read)
    exact: dict[str, set[str]] = {own: {problem.key, *by_expression}}
    plain: dict[str, set[str]] = {own: set(problem.features.columns)}
    joined = [(f.source, f.by) for f in problem.features.latest]
    for source, by in joined + [(f.source, f.by) for f in problem.features.window]:
        exact.setdefault(source, {problem.sources[source].key}).add(by)
        exact[own].add(by)
    for latest in problem.features.latest:
        for column in latest.columns:
            named = latest_name(latest.source, column) in by_expression
            (exact if named else plain).setdefault(latest.source, set()).add(column)
    for window in problem.features.window:
        for a in aggregates(window.source, window.over, window.compute):
            where = columns_of(a.where) if a.where else frozenset()
            exact[window.source] |= where
            plain.setdefault(window.source, set()).update(a.columns - where)
    made: dict[str, dict[str, str]] = {}
    for name, columns in exact.items():
        held = sources.columns(name)
        wanted = sorted((columns | plain.get(name, set())) - times_of(name, problem))
        made[name] = {
            c: _declared(held[c], c in columns)
            for c in wanted
            if c in held and re.fullmatch(FIXED, held[c])
        }
    told = {name: _told(types) for name, types in made.items()}
    return {"sources": told, "columns": _told(_columns(sources, made[own]))}


def _told(types: Mapping[str, str]) -> dict[str, str]:
    """Without the columns that nothing fills yet: the rows to come tell their types."""
    return {column: kind for column, kind in types.items() if kind != NOTHING}


def _declared(kind: str, exact: bool) -> str:
    if re.fullmatch(TEXT, kind):
        return "VARCHAR"
    return kind if exact or not re.fullmatch(NUMBER, kind) else ANY_NUMBER


def _read_by_expressions(problem: Problem) -> set[str]:
    derived = problem.features.derived.values()
    return set().union(*(columns_of(d.sql) for d in derived)) if derived else set()


def _columns(sources: Sources, own: Mapping[str, str]) -> dict[str, str]:
    """Column → type of what a build puts beside each other for derived features and money."""
    problem = sources.problem
    held = sources.columns(problem.application.source)
    kinds = {c: held[c] if kind == ANY_NUMBER else kind for c, kind in own.items()}
    for latest in problem.features.latest:
        types = sources.columns(latest.source)
        kinds |= {latest_name(latest.source, c): types[c] for c in latest.columns}
    for window in problem.features.window:
        for a in aggregates(window.source, window.over, window.compute):
            kinds[a.name] = "BIGINT" if a.function in ("count", "distinct") else "DOUBLE"
    time = problem.applications.time
    row = ", ".join(f"CAST(NULL AS {k}) AS {quote(c)}" for c, k in kinds.items())
    with sandbox() as con:
        none = as_frame(con.sql(f"SELECT {row or '1 AS __row'} LIMIT 0").to_arrow_table())
    none[time] = pd.Series([], dtype="datetime64[us]")
    derived = with_derived(problem, none)
    with sandbox() as con:
        for name in problem.features.derived:
            made = pa.table({"made": as_array(derived[name])})
            kinds[name] = str(con.from_arrow(made).types[0])
    return kinds
