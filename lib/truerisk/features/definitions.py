"""The features a problem asks for, by name, and the hash that travels with a model."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any

from truerisk.errors import ProblemError
from truerisk.problem.duration import short
from truerisk.problem.expression import columns_of
from truerisk.problem.spec import Features, Problem


@dataclass(frozen=True)
class Aggregate:
    """One windowed feature: ``function`` of ``column`` over ``window`` before as_of."""

    name: str
    function: str
    column: str | None
    window: timedelta


def parse_aggregate(text: str) -> tuple[str, str | None]:
    """``"sum(amount)"`` as ``("sum", "amount")``, ``"count"`` as ``("count", None)``."""
    found = re.fullmatch(r"(\w+)(?:\((\w+)\))?", text)
    assert found, text  # the grammar of the problem file admits nothing else
    return found[1], found[2]


def aggregates(source: str, over: list[timedelta], compute: list[str]) -> list[Aggregate]:
    """The features of one window entry, named ``payments__sum_amount__30d``."""
    made = []
    for window in over:
        for text in compute:
            function, column = parse_aggregate(text)
            what = f"{function}_{column}" if column else function
            made.append(Aggregate(f"{source}__{what}__{short(window)}", function, column, window))
    return made


def latest_name(source: str, column: str) -> str:
    return f"{source}__{column}"


def names(problem: Problem) -> list[str]:
    """All feature names in their order; ProblemError when two definitions share one."""
    features = problem.features
    made = [*features.columns, *features.derived]
    for latest in features.latest:
        made += [latest_name(latest.source, c) for c in latest.columns]
    for window in features.window:
        made += [a.name for a in aggregates(window.source, window.over, window.compute)]
    twice = sorted({n for n in made if made.count(n) > 1})
    if twice:
        raise ProblemError(
            f'{problem.where}: features defines "{twice[0]}" more than once; keep one definition.'
        )
    return made


def derived_order(problem: Problem) -> list[str]:
    """Derived features so that each comes after those it reads; ProblemError for a cycle."""
    derived = problem.features.derived
    graph = {name: columns_of(sql) & derived.keys() - {name} for name, sql in derived.items()}
    for name, sql in derived.items():
        if name in columns_of(sql) and name not in problem.features.columns:
            raise ProblemError(
                f"{problem.where}: features.derived.{name} reads itself; give it another name."
            )
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = " → ".join(reversed(error.args[1]))
        raise ProblemError(f"{problem.where}: features.derived has a cycle: {cycle}.") from error


def definition(problem: Problem) -> dict[str, Any]:
    """What a model needs to build its inputs again: the features and the sources they read."""
    used = {problem.application.source, *(f.source for f in problem.features.latest)}
    used |= {f.source for f in problem.features.window}
    rows = {
        name: problem.sources[name].model_dump(
            mode="json", include={"key", "time", "delay", "available_at"}, exclude_none=True
        )
        | {
            "money": sorted(
                c for c, r in problem.sources[name].contract.items() if r.type == "money"
            )
        }
        for name in sorted(used)
    }
    return {
        "features": problem.features.model_dump(mode="json", exclude_none=True),
        "sources": rows,
    }


def definition_hash(defined: Mapping[str, Any]) -> str:
    """sha256 of a definition: equal exactly when the features are computed the same way."""
    return hashlib.sha256(json.dumps(defined, sort_keys=True).encode()).hexdigest()


def with_features_of(problem: Problem, defined: Mapping[str, Any]) -> Problem:
    """The problem with a model's own features in place of today's."""
    features = Features.model_validate(defined["features"])
    changed = problem.model_copy(update={"features": features})
    changed._file = problem._file
    return changed
