"""SQL for features: plain strings, so that what ran can be read and run again.

``spine`` has row_id, as_of and the entity columns; a source view has __time, __available, __key.
A row counts for an application when it was available strictly before as_of.
"""

from collections.abc import Collection

from truerisk.features.definitions import Aggregate, latest_name
from truerisk.lake.connection import quote
from truerisk.problem.spec import Latest, Source


def windows(
    view: str,
    source: Source,
    by: str,
    wanted: list[Aggregate],
    types: dict[str, str],
    known_at: str | None,
) -> str:
    """One range join over the longest window, then conditional aggregates per window.

    Distinct counts through LAG: a value is new in a window when its previous row lies before it.
    With an availability per row the previous row may not be visible yet, so DISTINCT is used.
    """
    delayed = source.available_at is None
    lagged = sorted({a.column for a in wanted if a.function == "distinct" and a.column})
    used = sorted({a.column for a in wanted if a.column})
    columns = ["__time", "__available", "__key", *used]
    rows = ", ".join([f"{quote(by)} AS k", *map(quote, columns)])
    if delayed:
        rows += "".join(
            f", LAG(__time) OVER (PARTITION BY {quote(by)}, {quote(c)} ORDER BY __time) "
            f"AS {quote('__previous_' + c)}"
            for c in lagged
        )
    longest = max(a.window for a in wanted)
    selected = ",\n  ".join(
        f"{_aggregate(a, delayed, source, types)} AS {quote(a.name)}" for a in wanted
    )
    return f"""
SELECT s.row_id,
  {selected}
FROM spine s LEFT JOIN (
  SELECT {rows} FROM {view}
  WHERE __time IS NOT NULL {_known(known_at)}
    AND {quote(by)} IN (SELECT {quote(by)} FROM spine)) e
 ON e.k = s.{quote(by)} AND e.__available < s.as_of AND e.__time < s.as_of
AND e.__time >= s.as_of - to_seconds({int(longest.total_seconds())})
GROUP BY s.row_id, s.as_of"""


def latest(view: str, source: Source, wanted: Latest, known_at: str | None) -> str:
    """The available row with the greatest (event time, key), null when older than max_age."""
    by, columns = quote(wanted.by), [*wanted.columns]
    rows = f"""
  SELECT {by} AS k, __time, __available, __key, {", ".join(map(quote, columns))}
  FROM {view} WHERE __time IS NOT NULL {_known(known_at)}
    AND {by} IS NOT NULL"""
    fresh = "TRUE"
    if wanted.max_age is not None:
        seconds = int(wanted.max_age.total_seconds())
        fresh = f"s.as_of - e.__time <= to_seconds({seconds})"
    selected = ", ".join(
        f"CASE WHEN {fresh} THEN e.{quote(c)} END AS {quote(latest_name(wanted.source, c))}"
        for c in columns
    )
    if source.available_at is None:
        # With one delay the order of availability is the order of time: a native ASOF join.
        rows += "\n  QUALIFY row_number() OVER (PARTITION BY k, __time ORDER BY __key DESC) = 1"
        return f"""
SELECT s.row_id, {selected}
FROM spine s ASOF LEFT JOIN ({rows}) e
 ON e.k = s.{by} AND s.as_of > e.__available"""
    return f"""
SELECT s.row_id, {selected}
FROM spine s LEFT JOIN ({rows}) e
 ON e.k = s.{by} AND e.__available < s.as_of
QUALIFY row_number() OVER (PARTITION BY s.row_id ORDER BY e.__time DESC, e.__key DESC) = 1"""


def money(source: Source) -> Collection[str]:
    """The columns that the contract calls money: summed exactly, to the cent."""
    return [c for c, rule in source.contract.items() if rule.type == "money"]


def _aggregate(a: Aggregate, delayed: bool, source: Source, types: dict[str, str]) -> str:
    since = f"s.as_of - to_seconds({int(a.window.total_seconds())})"
    inside = f"e.__time >= {since}"
    if a.function == "count":
        return f"COUNT(CASE WHEN {inside} THEN 1 END)"
    if a.function == "since_last":
        last = f"MAX(CASE WHEN {inside} THEN e.__time END)"
        return f"CAST(epoch_us(s.as_of) - epoch_us({last}) AS DOUBLE) / 86400e6"
    assert a.column is not None
    column = f"e.{quote(a.column)}"
    value = f"CASE WHEN {inside} THEN {column} END"
    if a.function == "distinct":
        if not delayed:
            return _unless_empty(f"COUNT(DISTINCT {value})", inside)
        previous = f"e.{quote('__previous_' + a.column)}"
        first = f"({previous} IS NULL OR {previous} < {since})"
        new = f"CASE WHEN {inside} AND {column} IS NOT NULL AND {first} THEN 1 END"
        return _unless_empty(f"COUNT({new})", inside)
    if a.function in ("min", "max"):
        return f"{a.function.upper()}({value})"
    total = f"SUM({value} ORDER BY e.__time, e.__key)"
    if a.column in money(source):
        # DECIMAL addition is exact, so no order of rows or number of threads can change it.
        total = f"SUM(CAST({value} AS DECIMAL(18,2)))"
    elif not types[a.column].startswith(("DOUBLE", "FLOAT")):
        total = f"SUM({value})"
    total = f"CAST({total} AS DOUBLE)"
    return total if a.function == "sum" else f"{total} / nullif(COUNT({value}), 0)"


def _unless_empty(count: str, inside: str) -> str:
    return f"CASE WHEN COUNT(CASE WHEN {inside} THEN 1 END) > 0 THEN {count} END"


def _known(known_at: str | None) -> str:
    return f"AND __available <= TIMESTAMP '{known_at}'" if known_at else ""
