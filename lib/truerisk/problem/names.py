"""The names of a problem's features, and the order in which derived ones can be computed."""

from graphlib import CycleError, TopologicalSorter

from truerisk.problem.aggregate import aggregates
from truerisk.problem.expression import columns_of
from truerisk.problem.spec import Features


def latest_name(source: str, column: str) -> str:
    return f"{source}__{column}"


def feature_names(features: Features) -> dict[str, str]:
    """Every feature's name → its place in the problem file, in order.

    Raises ValueError when two definitions share a name.
    """
    made = [(name, f"features.columns[{i}]") for i, name in enumerate(features.columns)]
    made += [(name, f"features.derived.{name}") for name in features.derived]
    for i, latest in enumerate(features.latest):
        made += [
            (latest_name(latest.source, column), f"features.latest[{i}].columns[{j}]")
            for j, column in enumerate(latest.columns)
        ]
    for i, window in enumerate(features.window):
        made += [
            (a.name, f"features.window[{i}].compute[{j % len(window.compute)}]")
            for j, a in enumerate(aggregates(window.source, window.over, window.compute))
        ]
    names: dict[str, str] = {}
    for name, place in made:
        if name in names:
            raise ValueError(
                f'{place} defines "{name}", as {names[name]} does already; keep one, or name one '
                "of two aggregates with `as`"
            )
        names[name] = place
    return names


def check_capitals(names: dict[str, str]) -> None:
    """ValueError for two features (name → place) that SQL, blind to capitals, takes for one."""
    seen: dict[str, str] = {}
    for name, place in names.items():
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ValueError(
                f'{place} defines "{name}", which differs from "{other}" ({names[other]}) only in '
                "capitals, and SQL takes the two for one; keep one, or give it another name"
            )


def derived_order(features: Features) -> list[str]:
    """Derived features so that each comes after those it reads; ValueError for a cycle."""
    reads = {name: columns_of(derived.sql) for name, derived in features.derived.items()}
    for name in reads:
        if name in reads[name] and name not in features.columns:
            raise ValueError(f"features.derived.{name} reads itself; give it another name")
    graph = {name: read & reads.keys() - {name} for name, read in reads.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = " → ".join(reversed(error.args[1]))
        raise ValueError(f"features.derived has a cycle: {cycle}") from error
