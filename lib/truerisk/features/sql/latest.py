"""The newest value an application could have seen: greatest (event time, key) among available."""

from collections.abc import Sequence

from truerisk.features.sql.group import microseconds
from truerisk.features.sql.rank import Rank
from truerisk.lake.duck import quote
from truerisk.problem.names import latest_name
from truerisk.problem.spec import Latest


def latest(
    view: str,
    wanted: Sequence[Latest],
    delay: int | None,
    known_at: int | None,
    asof: bool = True,
    rank: Rank | None = None,
) -> str:
    """The row numbers and the columns of ``wanted``, null when older than max_age.

    All of ``wanted`` are over the source of ``view`` by one entity. ``asof`` says that the engine
    has a native ASOF join. With one delay for all rows the order of availability is the order of
    time, which is what it needs; a range join serves otherwise. ``rank`` is that of the view's rows
    as one number, where they have one.
    """
    by = quote(wanted[0].by)
    columns = dict.fromkeys(c for entry in wanted for c in entry.columns)
    values = "".join(
        f", {_value(entry, column)} AS {quote(latest_name(entry.source, column))}"
        for entry in wanted
        for column in entry.columns
    )
    listed = "".join(f", {quote(c)}" for c in columns)
    times = f"{by} AS __k, __time_us AS __t"
    kept = from_where(view, wanted[0].by, known_at)
    if delay is not None and asof and rank:
        return f"""SELECT s.__row{values}
FROM (SELECT *, {rank.edge(delay)} AS __edge FROM __spine) s ASOF LEFT JOIN (
  SELECT {times}, {rank.row()} AS __rank{listed}
  {kept}) e
 ON e.__k = s.{by} AND s.__edge > e.__rank"""
    seen = f"__t + {delay}" if delay else "__t" if delay == 0 else "__seen"
    rows = f"""SELECT {times}, __available_us AS __seen,
    __key AS __id{listed}
  {kept}"""
    if delay is not None and asof:
        return f"""SELECT s.__row{values}
FROM __spine s ASOF LEFT JOIN (
  {rows}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY __k, __t ORDER BY __id DESC) = 1) e
 ON e.__k = s.{by} AND s.__as_of > e.{seen}"""
    named = ", ".join(quote(latest_name(e.source, c)) for e in wanted for c in e.columns)
    return f"""SELECT __row, {named}
FROM (
  SELECT s.__row{values}, ROW_NUMBER() OVER (
    PARTITION BY s.__row ORDER BY e.__t DESC NULLS LAST, e.__id DESC NULLS LAST) AS __place
  FROM __spine s LEFT JOIN (
  {rows}) e
   ON e.__k = s.{by} AND e.{seen} < s.__as_of) AS __rows
WHERE __place = 1"""


def from_where(view: str, by: str, known_at: int | None) -> str:
    """FROM and WHERE of the rows that can be some application's newest."""
    kept = [f"{quote(by)} IS NOT NULL", "__time_us IS NOT NULL"]
    if known_at is not None:
        kept.append(f"__available_us <= {known_at}")
    return f"FROM {view}\n  WHERE {' AND '.join(kept)}"


def _value(entry: Latest, column: str) -> str:
    value = f"e.{quote(column)}"
    if entry.max_age is None:
        return value
    return f"CASE WHEN s.__as_of - e.__t <= {microseconds(entry.max_age)} THEN {value} END"
