"""Which sources a factor's or an expression's values come from."""

from collections.abc import Iterable

from truerisk.problem.aggregate import aggregates
from truerisk.problem.expression import columns_of
from truerisk.problem.names import derived_order, latest_name
from truerisk.problem.spec import Problem


def origins(problem: Problem, columns: Iterable[str]) -> list[str]:
    """The sources behind features and columns, in the order of the file, each once.

    What no feature is called by is a column of the applications; letter case counts for nothing.
    """
    known = _of_features(problem)
    own = {problem.application.source}
    found = set().union(*(known.get(c.lower(), own) for c in columns))
    return [name for name in problem.sources if name in found]


def _of_features(problem: Problem) -> dict[str, set[str]]:
    features, own = problem.features, problem.application.source
    made = {name.lower(): {own} for name in features.columns}
    for latest in features.latest:
        for column in latest.columns:
            made[latest_name(latest.source, column).lower()] = {latest.source}
    for window in features.window:
        for a in aggregates(window.source, window.over, window.compute):
            made[a.name.lower()] = {window.source}
    for name in derived_order(features):
        read = {c.lower() for c in columns_of(features.derived[name].sql)}
        made[name.lower()] = set().union(*(made.get(c, {own}) for c in read))
    return made
