"""A source as it is now, at one pinned version: counted whole, and by month of event time.

Kept apart from what ingest recorded: this needs no ingest and says nothing of files.
"""

import re
from typing import Any

import pandas as pd

from truerisk.lake.contract import INTEGER, NUMBER
from truerisk.lake.duck import quote
from truerisk.lake.sources.sources import Sources
from truerisk.lake.utc import utc_sql

NESTED = r"\[|STRUCT|MAP|UNION"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LISTED = 50  # a text column with more different values may name somebody
SHOWN = 12  # categories on the page
LEAST = 10  # rows that a category needs to be shown: fewer could be one person
NAMING = 0.9  # share of different values above which a whole number is a name


def profile(sources: Sources, name: str, named: set[str], as_of: pd.Timestamp) -> dict[str, Any]:
    """``rows``, ``untimed``, ``ahead``, ``oldest``, ``newest``, ``months`` and ``columns``.

    ``newest`` is the latest event time up to ``as_of``, ``ahead`` counts rows after it; ``months``
    has a row count per calendar month. ``named`` are columns whose values nobody may see.
    """
    source, types = sources.problem.sources[name], sources.columns(name)
    timed = utc_sql(source.time, types[source.time]) if source.time in types else None
    time = timed or "CAST(NULL AS TIMESTAMP)"
    upto = f"TIMESTAMP '{as_of.strftime('%Y-%m-%d %H:%M:%S.%f')}'"
    numbers = [c for c, kind in types.items() if re.fullmatch(NUMBER, kind)]
    moments = [c for c, kind in types.items() if utc_sql(c, kind) and kind != "VARCHAR"]
    sql = [
        "count(*)",
        "count(__t)",
        f"count(*) FILTER (__t > {upto})",
        "min(__t)",
        f"max(__t) FILTER (__t <= {upto})",
    ]
    fixed = len(sql)
    spread_of = set(numbers) - named
    for column, kind in types.items():
        c = quote(column)
        plain = f"{c}::VARCHAR" if re.search(NESTED, kind) else c
        value = f"CASE WHEN isfinite({c}::DOUBLE) THEN {c}::DOUBLE END"
        moment = utc_sql(column, kind)
        sql += [
            f"count({c})",
            f"approx_count_distinct({plain})",
            f"avg({value})" if column in numbers else "NULL",
            f"approx_quantile({value}, {list(QUANTILES)})" if column in spread_of else "NULL",
            f"min({moment})" if column in moments else "NULL",
            f"max({moment})" if column in moments else "NULL",
        ]
    view = quote(sources.raw(name))
    rows = f"(SELECT *, {time} AS __t FROM {view})"
    whole = sources.con.sql(f"SELECT {', '.join(sql)} FROM {rows}").fetchall()[0]
    held = ", ".join(f"count({quote(column)})" for column in types)
    months = sources.con.sql(
        f"SELECT date_trunc('month', __t), count(*), {held} FROM {rows} "
        "WHERE __t IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    columns = {}
    for i, (column, kind) in enumerate(types.items()):
        at = fixed + 6 * i
        held, distinct, mean, spread, first, last = whole[at : at + 6]
        shown = column not in named and not _names(kind, distinct, held)
        columns[column] = {
            "type": _short(kind),
            "names_somebody": not shown and (column in named or kind != "VARCHAR"),
            "nulls": 1 - held / whole[0] if whole[0] else None,
            "distinct": min(distinct, held),
            "mean": mean if shown else None,
            "quantiles": [float(v) for v in spread] if shown and spread else [],
            "first": f"{first:%Y-%m-%d}" if first else "",
            "last": f"{last:%Y-%m-%d}" if last else "",
            "listed": shown and kind in ("VARCHAR", "BOOLEAN") and distinct <= LISTED,
            "months": [1 - row[2 + i] / row[1] for row in months],
        }
    _categories(sources, view, columns)
    return {
        "rows": whole[0],
        "untimed": whole[0] - whole[1] if source.time else 0,
        "ahead": whole[2],
        "oldest": whole[3],
        "newest": whole[4],
        "months": [(f"{row[0]:%Y-%m}", row[1]) for row in months],
        "columns": columns,
    }


def _categories(sources: Sources, view: str, columns: dict[str, dict[str, Any]]) -> None:
    """The frequent values of the columns that may be listed, by rows."""
    for column, about in columns.items():
        about["values"] = []
        if about.pop("listed"):
            c = quote(column)
            about["values"] = sources.con.sql(
                f"SELECT {c}::VARCHAR, count(*) FROM {view} WHERE {c} IS NOT NULL GROUP BY 1 "
                f"HAVING count(*) >= {LEAST} ORDER BY 2 DESC, 1 LIMIT {SHOWN}"
            ).fetchall()


def _names(kind: str, distinct: int, held: int) -> bool:
    """True for a column whose single values could point to somebody."""
    if kind == "VARCHAR":
        return distinct > LISTED
    whole = re.fullmatch(INTEGER, kind) is not None
    return whole and held > LISTED and distinct >= NAMING * held


def _short(kind: str) -> str:
    return {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}.get(kind, kind).lower()
