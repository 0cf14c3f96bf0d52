"""What the features read, checked against the sources' columns before any row is."""

import re
from collections.abc import Iterable

from truerisk.errors import ProblemError, SourceError
from truerisk.features.keys import agree
from truerisk.features.kinds import kind_of
from truerisk.lake.contract import NUMBER
from truerisk.lake.reader.guess import NOTHING
from truerisk.lake.sources.sources import Sources
from truerisk.problem.aggregate import NUMERIC, parse_aggregate
from truerisk.problem.expression import columns_of
from truerisk.problem.names import feature_names
from truerisk.problem.spec import Problem
from truerisk.wording.lists import did_you_mean


def read_columns(problem: Problem) -> list[str]:
    """The application columns that features read: column features, entities, derived inputs."""
    features = problem.features
    made = set(feature_names(features)) - set(features.columns)
    read = [*features.columns, *(f.by for f in features.latest), *(f.by for f in features.window)]
    for derived in features.derived.values():
        read += sorted(columns_of(derived.sql) - made)
    return list(dict.fromkeys(read))


def check_inputs(sources: Sources) -> None:
    """Refuse features whose columns the sources lack, or whose types they cannot have.

    Entities have one type afterwards, wherever they are read (``keys.agree``).

    Raises ProblemError with the path in the problem file; SourceError where a source's entity or
    application column is missing.
    """
    problem = sources.problem
    own = sources.columns(problem.application.source)
    for column in problem.features.columns:
        if column in own:
            kind_of(problem, f"feature {column}", column, own[column])
    for i, latest in enumerate(problem.features.latest):
        types = sources.columns(latest.source)
        place = f"features.latest[{i}]"
        _has(sources, latest.source, place, [latest.by, *latest.columns], types)
        for column in latest.columns:
            kind_of(problem, f"{place}.{column}", column, types[column])
    for i, window in enumerate(problem.features.window):
        types = sources.columns(window.source)
        _has(sources, window.source, f"features.window[{i}]", [window.by], types)
        for j, text in enumerate(window.compute):
            place = f"features.window[{i}].compute[{j}]"
            a = parse_aggregate(window.source, text, window.over[0])
            _has(sources, window.source, place, sorted(a.columns), types)
            number = rf"{NUMBER}|{NOTHING}"
            if a.column and a.function in NUMERIC and not re.fullmatch(number, types[a.column]):
                raise ProblemError(
                    f"{problem.where}: {place} is {text!r}, and {a.column} of source "
                    f'"{window.source}" holds {types[a.column]}; {a.function} needs a number; '
                    f'where it is one, write {a.column} = {{ type = "float" }} in its contract.'
                )
    agree(sources)


def _has(
    sources: Sources, name: str, place: str, columns: Iterable[str], types: dict[str, str]
) -> None:
    for column in columns:
        if column not in types:
            raise SourceError(
                f'{sources.where(name)} has no column "{column}", which {place} reads; '
                f"{did_you_mean(column, types)}."
            )
