"""The newest value an application could have seen: greatest (event time, key) among available."""

from truerisk.features.sql.group import microseconds
from truerisk.lake.connection import quote
from truerisk.problem.names import latest_name
from truerisk.problem.spec import Latest


def latest(
    view: str, wanted: Latest, delay: int | None, known_at: int | None, asof: bool = True
) -> str:
    """row_id and the columns of ``wanted``, null when older than max_age.

    ``asof`` says that the engine has a native ASOF join. With one delay for all rows the order of
    availability is the order of time, which is what it needs; a range join serves otherwise.
    """
    by = quote(wanted.by)
    columns = "".join(f", {quote(c)}" for c in wanted.columns)
    kept = [f"{by} IS NOT NULL", "__time_us IS NOT NULL"]
    if known_at is not None:
        kept.append(f"__available_us <= {known_at}")
    age = f"s.as_of - e.t <= {microseconds(wanted.max_age)}" if wanted.max_age is not None else ""
    values = "".join(
        f", {f'CASE WHEN {age} THEN e.{quote(c)} END' if age else f'e.{quote(c)}'}"
        f" AS {quote(latest_name(wanted.source, c))}"
        for c in wanted.columns
    )
    seen = f"t + {delay}" if delay else "t" if delay == 0 else "seen"
    rows = f"""SELECT {by} AS k, __time_us AS t, __available_us AS seen, __key AS id{columns}
  FROM {view}
  WHERE {" AND ".join(kept)}"""
    if delay is not None and asof:
        return f"""SELECT s.row_id{values}
FROM spine s ASOF LEFT JOIN (
  {rows}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY k, t ORDER BY id DESC) = 1) e
 ON e.k = s.{by} AND s.as_of > e.{seen}"""
    named = ", ".join(quote(latest_name(wanted.source, c)) for c in wanted.columns)
    return f"""SELECT row_id, {named}
FROM (
  SELECT s.row_id{values}, ROW_NUMBER() OVER (
    PARTITION BY s.row_id ORDER BY e.t DESC NULLS LAST, e.id DESC NULLS LAST) AS place
  FROM spine s LEFT JOIN (
  {rows}) e
   ON e.k = s.{by} AND e.{seen} < s.as_of) AS seen_rows
WHERE place = 1"""
