"""The newest value an application could have seen: greatest (event time, key) among available."""

from truerisk.features.sql.group import microseconds
from truerisk.lake.connection import quote
from truerisk.problem.names import latest_name
from truerisk.problem.spec import Latest


def latest(
    view: str, wanted: Latest, delay: int | None, known_at: int | None, asof: bool = True
) -> str:
    """The row numbers and the columns of ``wanted``, null when older than max_age.

    ``asof`` says that the engine has a native ASOF join. With one delay for all rows the order of
    availability is the order of time, which is what it needs; a range join serves otherwise.
    """
    by = quote(wanted.by)
    columns = "".join(f", {quote(c)}" for c in wanted.columns)
    kept = [f"{by} IS NOT NULL", "__time_us IS NOT NULL"]
    if known_at is not None:
        kept.append(f"__available_us <= {known_at}")
    age = (
        f"s.__as_of - e.__t <= {microseconds(wanted.max_age)}" if wanted.max_age is not None else ""
    )
    values = "".join(
        f", {f'CASE WHEN {age} THEN e.{quote(c)} END' if age else f'e.{quote(c)}'}"
        f" AS {quote(latest_name(wanted.source, c))}"
        for c in wanted.columns
    )
    seen = f"__t + {delay}" if delay else "__t" if delay == 0 else "__seen"
    rows = f"""SELECT {by} AS __k, __time_us AS __t, __available_us AS __seen,
    __key AS __id{columns}
  FROM {view}
  WHERE {" AND ".join(kept)}"""
    if delay is not None and asof:
        return f"""SELECT s.__row{values}
FROM __spine s ASOF LEFT JOIN (
  {rows}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY __k, __t ORDER BY __id DESC) = 1) e
 ON e.__k = s.{by} AND s.__as_of > e.{seen}"""
    named = ", ".join(quote(latest_name(wanted.source, c)) for c in wanted.columns)
    return f"""SELECT __row, {named}
FROM (
  SELECT s.__row{values}, ROW_NUMBER() OVER (
    PARTITION BY s.__row ORDER BY e.__t DESC NULLS LAST, e.__id DESC NULLS LAST) AS __place
  FROM __spine s LEFT JOIN (
  {rows}) e
   ON e.__k = s.{by} AND e.{seen} < s.__as_of) AS __rows
WHERE __place = 1"""
