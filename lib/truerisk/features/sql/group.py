"""Windowed features over one source by one entity: what every formulation is given."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from truerisk.problem.aggregate import Aggregate

MICROSECOND = timedelta(microseconds=1)
EXACT = r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*"


def microseconds(duration: timedelta) -> int:
    return duration // MICROSECOND


@dataclass(frozen=True, kw_only=True)
class Group:
    """``aggregates`` over the rows of ``view`` whose ``by`` is that of the spine's row.

    ``types`` are the view's column types, ``money`` the columns summed to the cent. ``delay`` is
    the source's own in microseconds, None where every row says when it was available; ``known_at``
    (microseconds) bounds availability. ``chunk`` is (which, of how many) parts by entity.
    """

    view: str
    by: str
    aggregates: tuple[Aggregate, ...]
    types: Mapping[str, str]
    money: Collection[str]
    delay: int | None
    known_at: int | None = None
    chunk: tuple[int, int] | None = None

    @property
    def longest(self) -> timedelta:
        return max(a.window for a in self.aggregates)

    @property
    def columns(self) -> list[str]:
        """The columns that aggregates are taken over."""
        return sorted({a.column for a in self.aggregates if a.column})

    @property
    def filters(self) -> list[str]:
        """The distinct ``where`` expressions, in order of their first use."""
        return list(dict.fromkeys(a.where for a in self.aggregates if a.where))

    @property
    def distinct(self) -> list[tuple[str, str | None]]:
        """The (column, where) pairs whose values are counted once."""
        pairs = [(a.column, a.where) for a in self.aggregates if a.function == "distinct"]
        return list(dict.fromkeys((c, w) for c, w in pairs if c))

    @property
    def windows(self) -> list[timedelta]:
        return sorted({a.window for a in self.aggregates})

    def only(self, windows: Collection[timedelta]) -> Self:
        """The aggregates of these windows alone."""
        kept = tuple(a for a in self.aggregates if a.window in windows)
        return replace(self, aggregates=kept)

    def part(self, which: int, of: int) -> Self:
        """The entities of one chunk."""
        return replace(self, chunk=(which, of))
