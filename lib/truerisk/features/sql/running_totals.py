"""The formulation in this process: running totals per entity, read at both edges of a window.

The total before a window's end less that before its start is what lies between. Entity and time
become one sorted number, each edge is one binary search, and every window costs two look-ups
however many rows it holds. Only for totals that are exact: counts, and sums of money and integers;
a difference of running sums of doubles would not be the sum. Extremes, different values and the
nearest row are read from the rows between the edges (``sorted_rows``).
"""

import re
from datetime import timedelta
from functools import cache

import numpy as np
import pyarrow as pa

from truerisk.features.sql.aggregate import DAY
from truerisk.features.sql.group import Group, microseconds
from truerisk.features.sql.names import AS_OF, ROW
from truerisk.features.sql.rows import column, events, spine, unquoted
from truerisk.features.sql.sorted_rows import codes, different, extremes, nearest, previous
from truerisk.lake.duck import quote
from truerisk.problem.aggregate import Aggregate

CATEGORY = "VARCHAR|BOOLEAN"
REVERSIBLE = ("count", "share", "sum", "mean")
WHOLE = r"U?(TINY|SMALL)INT|U?INT(EGER)?|BIGINT"
EXACT_DOUBLE = 2**53
LARGEST = 2**62  # what 64 bits hold with room to spare
CENTS = 100


def is_reversible(group: Group) -> bool:
    """True when every aggregate of the group can be had from running totals."""
    return group.delay is not None and all(
        a.function in REVERSIBLE
        and (a.column is None or a.column in group.money or _is_whole(group, a.column))
        for a in group.aggregates
    )


def is_sorted(group: Group) -> bool:
    """True when every aggregate of the group can be had from rows in the order of time."""
    return group.delay is not None and all(_can(group, a) for a in group.aggregates)


def _can(group: Group, a: Aggregate) -> bool:
    name = a.column
    if a.function in ("since_last", "since_first") or name is None:
        return True
    if a.function == "distinct":
        return name not in group.money and (
            _is_whole(group, name) or bool(re.fullmatch(CATEGORY, group.types[name]))
        )
    exact = name in group.money or _is_whole(group, name)
    return exact and a.function in (*REVERSIBLE, "min", "max")


def entity_rows(group: Group) -> str:
    """The events with their entity's number, t, a flag per filter, and the values; cents of money.

    Entities are numbered by their order in the spine's own list, as ``spine_edges`` does.
    """
    flags = "".join(f", e.__is_{i}" for i in range(len(group.filters)))
    values = "".join(f", {_whole(group, name)} AS {column(name)}" for name in group.columns)
    return f"""SELECT s.__entity, e.__t{flags}{values}
FROM (
  {events(group, previous=False)}) e
JOIN (SELECT DISTINCT {quote(group.by)} AS __k, {_entity(group)} AS __entity FROM {spine(group)}) s
 ON s.__k = e.__k"""


def spine_edges(group: Group) -> str:
    """The spine's rows with their entity's number and as_of."""
    return f"SELECT __row, __as_of, {_entity(group)} AS __entity FROM {spine(group)}"


def running_totals(group: Group, rows: pa.Table, edges: pa.Table) -> pa.Table:
    """The row numbers and the group's features from what the two queries give."""
    edges = edges.sort_by([("__entity", "ascending"), (AS_OF, "ascending")])
    found = _Between(group, rows, edges)
    made: dict[str, np.ndarray | pa.Array] = {ROW: edges[ROW].to_numpy()}
    for a in group.aggregates:
        made[a.name] = found.feature(a)
    return pa.table(made)


class _Between:
    """The rows of a group in order, and where each window of the spine's rows begins and ends."""

    def __init__(self, group: Group, rows: pa.Table, edges: pa.Table) -> None:
        assert group.delay is not None
        self.group, self.rows = group, rows
        entity, t = rows["__entity"].to_numpy(), rows["__t"].to_numpy()
        self.order = _by_entity_and_time(entity, t)
        self.entity, self.t = entity, t[self.order]
        self.as_of, mine = edges[AS_OF].to_numpy(), edges["__entity"].to_numpy()
        upto = np.cumsum(np.bincount(entity, minlength=int(mine.max(initial=0)) + 1))
        last = upto[mine]
        first = np.where(mine > 0, upto[mine - 1], 0)
        self.end = _before(self.t, first, last, self.as_of - group.delay)
        self.start = {
            w: np.minimum(_before(self.t, first, last, self.as_of - microseconds(w)), self.end)
            for w in group.windows
        }
        # One copy of each for all windows.
        self._kept = cache(self._kept)  # type: ignore[method-assign]
        self._values = cache(self._values)  # type: ignore[method-assign]
        self._totals = cache(self._totals)  # type: ignore[method-assign]
        self._between = cache(self._between)  # type: ignore[method-assign]
        self._previous = cache(self._previous)  # type: ignore[method-assign]

    def feature(self, a: Aggregate) -> np.ndarray | pa.Array:
        """One aggregate, shape (rows of the spine,)."""
        n, total = self._between(a.column, a.where, a.window)
        if a.function == "count":
            return n
        if a.function == "share":
            return _over(n, self.end - self.start[a.window])
        if a.function in ("since_last", "since_first"):
            return self._since(a, n)
        if a.function == "distinct":
            rows, _ = self._between(None, a.where, a.window)
            before = self._previous(str(a.column), a.where)
            many = different(before, self.start[a.window], self.end)
            return pa.array(many, mask=rows == 0)
        if a.function in ("min", "max"):
            total = self._extreme(a)
        dollars = _quotient(total, CENTS) if a.column in self.group.money else total.astype(float)
        return _over(dollars, n) if a.function == "mean" else _over(dollars, n > 0)

    def _kept(self, name: str | None, where: str | None) -> np.ndarray | None:
        """Which rows count, in order; None where all do."""
        kept = None
        if name and self.rows[unquoted(name)].null_count:
            kept = self.rows[unquoted(name)].is_valid().to_numpy()
        if where:
            place = self.group.filters.index(where)
            flag = self.rows[f"__is_{place}"].fill_null(False).to_numpy()
            kept = flag if kept is None else kept & flag
        return None if kept is None else kept[self.order]

    def _values(self, name: str) -> np.ndarray:
        values = self.rows[unquoted(name)]
        values = values.fill_null(0) if values.null_count else values
        return values.to_numpy()[self.order]

    def _totals(
        self, name: str | None, where: str | None
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """How many values and how much there is before each place in the order.

        None instead of the first where every row counts: then places count themselves.
        """
        kept = self._kept(name, where)
        n = None if kept is None else _running(kept)
        if not name or not self._summed(name):
            return n, None
        amounts = self._values(name)
        return n, _running(amounts if kept is None else np.where(kept, amounts, 0))

    def _summed(self, name: str) -> bool:
        return any(a.column == name and a.function in REVERSIBLE for a in self.group.aggregates)

    def _between(
        self, name: str | None, where: str | None, window: timedelta
    ) -> tuple[np.ndarray, np.ndarray]:
        """How many values and how much there is in the windows."""
        n, total = self._totals(name, where)
        since = self.start[window]
        many = self.end - since if n is None else n[self.end] - n[since]
        return many, many if total is None else total[self.end] - total[since]

    def _extreme(self, a: Aggregate) -> np.ndarray:
        kept, values = self._kept(a.column, a.where), self._values(str(a.column))
        least = a.function == "min"
        if kept is not None:
            far = np.iinfo(np.int64)
            values = np.where(kept, values, far.max if least else far.min)
        return extremes(values, self.start[a.window], self.end, least)

    def _previous(self, name: str, where: str | None) -> np.ndarray:
        code = codes(self.rows[unquoted(name)])[self.order]
        kept = self._kept(name, where)
        every = np.ones(len(code), bool) if kept is None else kept
        return previous(self.entity[self.order], code, every)

    def _since(self, a: Aggregate, n: np.ndarray) -> np.ndarray:
        """Days to the window's last or first row that counts."""
        last = a.function == "since_last"
        place = self.end - 1 if last else self.start[a.window]
        some = n > 0
        kept, place = self._kept(None, a.where), place[some]
        if kept is not None:
            place = nearest(kept, last)[place]
        found = np.full(len(n), np.nan)
        found[some] = (self.as_of[some] - self.t[place]) / float(DAY)
        return found


def _by_entity_and_time(entity: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The order of the rows: one sort of one number where entity and time fit into it."""
    if len(t) == 0:
        return np.array([], np.int64)
    first, span = int(t.min()), int(t.max()) - int(t.min()) + 1
    if (int(entity.max()) + 1) * span < LARGEST:
        both = entity * span
        both += t
        both -= first
        return np.argsort(both)
    return np.lexsort((t, entity))


def _before(t: np.ndarray, low: np.ndarray, high: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """The first place in [low, high) of sorted ``t`` not before ``edge``: all bisected at once."""
    while (searching := low < high).any():
        middle = (low + high) >> 1
        below = searching & (t[np.where(searching, middle, 0)] < edge)
        low = np.where(below, middle + 1, low)
        high = np.where(searching & ~below, middle, high)
    return low


def _running(amounts: np.ndarray) -> np.ndarray:
    """Running totals with a leading 0; in Python's own integers where 64 bits could overflow."""
    largest = max(-int(amounts.min()), int(amounts.max())) if len(amounts) else 0
    total = np.zeros(len(amounts) + 1, np.int64 if largest * len(amounts) < LARGEST else object)
    np.cumsum(amounts, dtype=total.dtype, out=total[1:])
    return total


def _quotient(whole: np.ndarray, by: int) -> np.ndarray:
    """``whole / by`` correctly rounded, as a division of decimals is, also past 2^53."""
    found = whole.astype(float) / by
    large = np.flatnonzero(np.abs(whole) > EXACT_DOUBLE)
    found[large] = [int(n) / by for n in whole[large]]
    return found


def _over(numbers: np.ndarray, n: np.ndarray) -> np.ndarray:
    """numbers / n; null where n is 0."""
    return np.divide(numbers, n, out=np.full(len(n), np.nan), where=n > 0)


def _entity(group: Group) -> str:
    return f"DENSE_RANK() OVER (ORDER BY {quote(group.by)}) - 1"


def _is_whole(group: Group, name: str) -> bool:
    return bool(re.fullmatch(WHOLE, group.types[name]))


def _whole(group: Group, name: str) -> str:
    if not (name in group.money or _is_whole(group, name)):
        return f"e.{column(name)}"
    scale = f" * {CENTS}" if name in group.money else ""
    return f"CAST(e.{column(name)}{scale} AS BIGINT)"
