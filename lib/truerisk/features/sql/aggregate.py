"""One aggregate as SQL over a spine row ``s`` joined to its visible events ``e``."""

import re

from truerisk.features.sql.group import EXACT, Group, microseconds
from truerisk.features.sql.rows import column
from truerisk.problem.aggregate import Aggregate

DAY = "86400000000.0"  # microseconds; times are differences of whole numbers, then days
IN_ORDER = "ORDER BY e.__t, e.__id"


def is_exact(group: Group, name: str) -> bool:
    """True when sums of the column cannot depend on the order of its rows."""
    return name in group.money or bool(re.fullmatch(EXACT, group.types[name]))


def needs_order(group: Group) -> bool:
    """True when some sum is one of doubles, and so must be taken in a stated order."""
    return any(
        a.function == "std"
        or (a.function in ("sum", "mean") and a.column and not is_exact(group, a.column))
        for a in group.aggregates
    )


def expression(a: Aggregate, group: Group) -> str:
    """The aggregate over the joined rows; rows outside its own window or filter count as none."""
    since = f"s.__as_of - {microseconds(a.window)}"
    window = "e.__t IS NOT NULL" if a.window == group.longest else f"e.__t >= {since}"
    kept = f"{window} AND e.__is_{group.filters.index(a.where)}" if a.where else window
    if a.function == "count":
        return f"COUNT(CASE WHEN {kept} THEN 1 END)"
    if a.function == "share":
        return (
            f"CAST(COUNT(CASE WHEN {kept} THEN 1 END) AS DOUBLE)"
            f" / NULLIF(COUNT(CASE WHEN {window} THEN 1 END), 0)"
        )
    if a.function in ("since_last", "since_first"):
        which = "MIN" if a.function == "since_last" else "MAX"
        return f"CAST({which}(CASE WHEN {kept} THEN s.__as_of - e.__t END) AS DOUBLE) / {DAY}"
    assert a.column is not None
    value = f"CASE WHEN {kept} THEN e.{column(a.column)} END"
    if a.function == "distinct":
        return _unless_empty(_distinct(a, group, value, kept, since), kept)
    if a.function in ("min", "max"):
        return f"CAST({a.function.upper()}({value}) AS DOUBLE)"
    if a.function == "std":
        double = f"CASE WHEN {kept} THEN CAST(e.{column(a.column)} AS DOUBLE) END"
        return f"STDDEV_SAMP({double} {IN_ORDER})"
    total = f"SUM({value}{'' if is_exact(group, a.column) else ' ' + IN_ORDER})"
    total = f"CAST({total} AS DOUBLE)"
    return total if a.function == "sum" else f"{total} / NULLIF(COUNT({value}), 0)"


def _distinct(a: Aggregate, group: Group, value: str, kept: str, since: str) -> str:
    """Values in the window: each at its first row there, whose previous row lies before it.

    With an availability per row the previous row may not be visible yet, so DISTINCT is used.
    """
    if group.delay is None:
        return f"COUNT(DISTINCT {value})"
    assert a.column is not None
    previous = f"e.__previous_{group.distinct.index((a.column, a.where))}"
    first = f"({previous} IS NULL OR {previous} < {since})"
    return f"COUNT(CASE WHEN {kept} AND e.{column(a.column)} IS NOT NULL AND {first} THEN 1 END)"


def _unless_empty(count: str, kept: str) -> str:
    return f"CASE WHEN COUNT(CASE WHEN {kept} THEN 1 END) > 0 THEN {count} END"
