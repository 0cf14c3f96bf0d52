"""The formulation for reversible aggregates: running totals per entity, read at both edges.

The total before a window's end less that before its start is what lies between. Entity and time
become one sorted number, each edge is one binary search, and every window costs two look-ups
however many rows it holds. Only for totals that are exact: counts, and sums of money and integers;
a difference of running sums of doubles would not be the sum. Runs in this process, on numpy.
"""

import re
from datetime import timedelta
from functools import cache

import numpy as np
import pyarrow as pa

from truerisk.features.sql.group import Group, microseconds
from truerisk.features.sql.names import AS_OF, ROW
from truerisk.features.sql.rows import column, events, spine, unquoted
from truerisk.lake.connection import quote

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


def entity_rows(group: Group) -> str:
    """The events with their entity's number, t, a flag per filter, and the values; cents of money.

    Entities are numbered by their order in the spine's own list, as ``spine_edges`` does.
    """
    flags = "".join(f", e.__is_{i}" for i in range(len(group.filters)))
    values = "".join(f", {_whole(group, name)} AS {column(name)}" for name in group.columns)
    return f"""SELECT s.__entity, e.__t{flags}{values}
FROM (
  {events(group)}) e
JOIN (SELECT DISTINCT {quote(group.by)} AS __k, {_entity(group)} AS __entity FROM {spine(group)}) s
 ON s.__k = e.__k"""


def spine_edges(group: Group) -> str:
    """The spine's rows with their entity's number and as_of."""
    return f"SELECT __row, __as_of, {_entity(group)} AS __entity FROM {spine(group)}"


def running_totals(group: Group, rows: pa.Table, edges: pa.Table) -> pa.Table:
    """The row numbers and the group's features from what the two queries give."""
    entity, t = rows["__entity"].to_numpy(), rows["__t"].to_numpy()
    order = _by_entity_and_time(entity, t)
    t = t[order]
    as_of, mine = edges[AS_OF].to_numpy(), edges["__entity"].to_numpy()
    upto = np.cumsum(np.bincount(entity, minlength=int(mine.max(initial=0)) + 1))
    last = upto[mine]
    first = np.where(mine > 0, upto[mine - 1], 0)
    assert group.delay is not None
    end = _before(t, first, last, as_of - group.delay)
    start = {
        w: np.minimum(_before(t, first, last, as_of - microseconds(w)), end) for w in group.windows
    }

    @cache
    def totals(name: str | None, where: str | None) -> tuple[np.ndarray | None, np.ndarray | None]:
        """How many values and how much there is before each place in the order.

        None instead of the first where every row counts: then places count themselves.
        """
        values = rows[unquoted(name)] if name else rows["__t"]
        kept = values.is_valid().to_numpy() if values.null_count else None
        if where:
            flag = rows[f"__is_{group.filters.index(where)}"].fill_null(False).to_numpy()
            kept = flag if kept is None else kept & flag
        n = None if kept is None else _running(kept[order])
        if not name:
            return n, None
        amounts = values.fill_null(0).to_numpy() if values.null_count else values.to_numpy()
        return n, _running((amounts if kept is None else np.where(kept, amounts, 0))[order])

    @cache
    def between(
        name: str | None, where: str | None, window: timedelta
    ) -> tuple[np.ndarray, np.ndarray]:
        """How many values and how much there is in the windows, shape (rows of the spine,)."""
        n, total = totals(name, where)
        since = start[window]
        many = end - since if n is None else n[end] - n[since]
        return many, many if total is None else total[end] - total[since]

    found: dict[str, np.ndarray] = {ROW: edges[ROW].to_numpy()}
    for a in group.aggregates:
        n, total = between(a.column, a.where, a.window)
        if a.function == "count":
            found[a.name] = n
        elif a.function == "share":
            found[a.name] = _over(n, end - start[a.window])
        else:
            dollars = _quotient(total, CENTS) if a.column in group.money else total.astype(float)
            found[a.name] = _over(dollars, n) if a.function == "mean" else _over(dollars, n > 0)
    return pa.table(found)


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
    scale = f" * {CENTS}" if name in group.money else ""
    return f"CAST(e.{column(name)}{scale} AS BIGINT)"
