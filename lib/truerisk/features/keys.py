"""The types of what sources are joined by: one for each entity, agreed on before they are joined.

Texts and numbers never meet. Doubles that stand for whole numbers beside a source that has whole
numbers become whole numbers: joined as doubles, ids above 2^53 would meet each other.
"""

import re

from truerisk.errors import SourceError
from truerisk.features.kinds import TEXT
from truerisk.lake.contract import INTEGER
from truerisk.lake.reader.cells import FLOATS, family
from truerisk.lake.reader.guess import NOTHING
from truerisk.lake.sources.declared import Declared
from truerisk.lake.sources.sources import Sources


def agree(sources: Sources) -> dict[str, str]:
    """Entity → the type that it has wherever it is read; declares it where a source has another.

    Raises SourceError, naming both columns and the line to write, where one is a number and the
    other a text.
    """
    agreed: dict[str, str] = {}
    declared: dict[str, dict[str, Declared]] = {}
    for by, holders in _holders(sources).items():
        types = {name: sources.columns(name)[by] for name in holders}
        types = {name: kind for name, kind in types.items() if kind != NOTHING} or types
        first = next(iter(types))
        for name, kind in types.items():
            if apart(kind, types[first]):
                raise SourceError(_differ(sources, by, (first, types[first]), (name, kind)))
        wanted = _common(list(types.values()))
        agreed[by] = wanted or types[first]
        for name, kind in types.items():
            if wanted and kind != wanted:
                because = f'what is joined by "{by}" holds {wanted}'
                declared.setdefault(name, {})[by] = Declared(wanted, because)
    for name, columns in declared.items():
        sources.declare(name, columns)
    return agreed


def check_outcome_key(sources: Sources) -> None:
    """Refuse outcomes whose key is a text where that of the applications is a number."""
    problem = sources.problem
    ours, theirs = problem.application.source, problem.outcome.source
    keys = {name: problem.sources[name].key for name in (ours, theirs)}
    types = {name: sources.columns(name).get(key) for name, key in keys.items()}
    if all(types.values()) and apart(str(types[ours]), str(types[theirs])):
        raise SourceError(
            _differ(sources, keys[theirs], (ours, str(types[ours])), (theirs, str(types[theirs])))
        )


def apart(one: str, other: str) -> bool:
    """True for two types of which no values are equal; what is null everywhere has none."""
    return NOTHING not in (one, other) and family(one) != family(other)


def _holders(sources: Sources) -> dict[str, list[str]]:
    """Entity → the sources that have it, that of the applications first."""
    features, own = sources.problem.features, sources.problem.application.source
    found: dict[str, list[str]] = {}
    joined = [(f.by, f.source) for f in features.latest] + [
        (f.by, f.source) for f in features.window
    ]
    for by, source in joined:
        found.setdefault(by, [own] if by in sources.columns(own) else [])
        if source not in found[by]:
            found[by].append(source)
    return found


def _common(types: list[str]) -> str | None:
    """The type to bring others to; None where engines compare these as they are, exactly."""
    if any(re.fullmatch(TEXT, kind) and kind != "VARCHAR" for kind in types):
        return "VARCHAR"
    if len(set(types)) == 1 or not set(types) & set(FLOATS):
        return None
    exact = [kind for kind in types if kind not in FLOATS]
    whole = any(re.fullmatch(INTEGER, kind) for kind in exact)
    return "DOUBLE" if not exact else "BIGINT" if whole else exact[0]


def _differ(sources: Sources, by: str, one: tuple[str, str], other: tuple[str, str]) -> str:
    """Two sources whose types of one key can never be equal, and the line that mends it."""
    number = other[0] if family(other[1]) == "number" else one[0]
    return (
        f'{sources.where(other[0])} holds {other[1]} in column "{by}", and source "{one[0]}", to '
        f"which it is joined, holds {one[1]}; give both the same type, for example with "
        f'sources.{number}.contract.{by} = {{ type = "text" }}.'
    )
