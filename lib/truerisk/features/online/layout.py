"""What one table of the store holds: the rows of a source by an entity, as its features need them.

Windows are no part of it: another window over the same columns needs no other table. A table may
hold more than a problem asks for, so that the features of two models can be had from one store.
"""

from dataclasses import dataclass
from typing import Any

from truerisk.features.definitions import definition_hash, rows_of
from truerisk.features.sql.group import microseconds
from truerisk.lake.sources.versions import view_names
from truerisk.problem.aggregate import aggregates
from truerisk.problem.spec import Problem


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The rows of ``source`` by ``by``.

    ``values`` are columns as they are, ``cents`` money columns to the cent, ``filters`` the
    ``where`` expressions; ``rules`` is the hash of what says which rows exist and when they could
    be seen; ``delay`` is in microseconds, None where every row has its own availability.
    """

    source: str
    by: str
    rules: str
    delay: int | None
    values: tuple[str, ...] = ()
    cents: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.source} by {self.by}"

    def holds(self, other: "Layout") -> bool:
        """True when everything that ``other`` holds can be had from this one."""
        return self.rules == other.rules and all(
            set(getattr(other, part)) <= set(getattr(self, part))
            for part in ("values", "cents", "filters")
        )

    def with_those_of(self, other: "Layout") -> "Layout":
        """Both, under the rules of this one."""
        both = {
            part: tuple(sorted({*getattr(self, part), *getattr(other, part)}))
            for part in ("values", "cents", "filters")
        }
        return Layout(source=self.source, by=self.by, rules=self.rules, delay=self.delay, **both)


def needed(problem: Problem) -> dict[str, Layout]:
    """The tables that a problem's features are computed from, by name."""
    found: dict[str, Layout] = {}

    def add(source: str, by: str, **parts: Any) -> None:
        rows = Layout(
            source=source,
            by=by,
            rules=rules(problem, source),
            delay=delay_of(problem, source),
            **parts,
        )
        found[rows.name] = rows.with_those_of(found.get(rows.name, rows))

    for latest in problem.features.latest:
        add(latest.source, latest.by, values=tuple(latest.columns))
    for window in problem.features.window:
        for a in aggregates(window.source, window.over, window.compute):
            filters = (a.where,) if a.where else ()
            if a.column is None:
                add(window.source, window.by, filters=filters)
            elif to_the_cent(problem, window.source, a.column, a.function):
                add(window.source, window.by, cents=(a.column,), filters=filters)
            else:
                add(window.source, window.by, values=(a.column,), filters=filters)
    return found


def to_the_cent(problem: Problem, source: str, column: str, function: str) -> bool:
    """True when an aggregate reads a money column as cents.

    Distinct counts the values as they came where one delay holds for all rows: the build's LAG
    tells them apart before they are rounded.
    """
    rule = problem.sources[source].contract.get(column)
    if rule is None or rule.type != "money":
        return False
    return function != "distinct" or delay_of(problem, source) is None


def delay_of(problem: Problem, source: str) -> int | None:
    said = problem.sources[source]
    return None if said.available_at else microseconds(said.delay)


def rules(problem: Problem, source: str) -> str:
    """The hash of what says which rows a source has, when they could be seen, how they are read."""
    return definition_hash(
        {name: rows_of(problem.sources[name]) for name in view_names(source, problem)}
    )
