"""SQL expressions of a problem file: money, rules, events and derived features.

An expression reads the columns of one row and nothing else, so that it gives a row the same value
in any batch: it is parsed before any data are read, may hold no subquery and no window function,
and runs in a connection that can open no file.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from truerisk.errors import told

REFUSED = {"SUBQUERY", "WINDOW", "STAR"}


@cache
def columns_of(expression: str) -> frozenset[str]:
    """The column names an expression reads; ValueError when it is not one plain expression."""
    try:
        nodes = parse_sql(f"SELECT ({expression}\n) AS value")
    except ValueError as error:
        raise ValueError(f"{expression!r} is not a SQL expression ({error})") from error
    selected = [len(n["select_list"]) for n in nodes if "select_list" in n]
    empty = any(n.get("function_name") == "row" and not n["arguments"] for n in nodes)
    if selected != [1] or empty or any(n.get("class") in REFUSED for n in nodes):
        raise ValueError(
            f"{expression!r} must be one SQL expression over the columns of a row; "
            "no subquery, no window function and no *"
        )
    return frozenset(n["column_names"][-1] for n in nodes if n.get("class") == "COLUMN_REF")


def evaluate(frame: pd.DataFrame, expressions: Mapping[str, str]) -> pd.DataFrame:
    """Each expression over the rows of ``frame``, one column each, in the frame's order.

    Raises ValueError naming the expression that cannot be computed over these columns.
    """
    needed = set().union(*(columns_of(e) for e in expressions.values())) if expressions else set()
    lower = {c.lower(): c for c in frame.columns}
    kept = [lower[c.lower()] for c in needed if c.lower() in lower]
    table = pa.Table.from_pandas(frame[kept].assign(__row=range(len(frame))), preserve_index=False)
    result: dict[str, Any] = {}
    with sandbox() as con:
        con.register("frame", table)
        for name, expression in expressions.items():
            try:
                relation = con.sql(f"SELECT ({expression}\n) AS value FROM frame ORDER BY __row")
                values = relation.to_arrow_table()["value"].to_pandas()
            except duckdb.Error as error:
                message = told(error)
                raise ValueError(f"{expression!r} cannot be computed ({message})") from error
            if len(values) != len(frame):
                raise ValueError(f"{expression!r} must give one value for each row")
            result[name] = values
    return pd.DataFrame(result, index=frame.index if not result else None)


def parse_sql(sql: str) -> list[dict[str, Any]]:
    """All nodes of the syntax tree of one SELECT; ValueError with the parser's own message."""
    with sandbox() as con:
        parsed = json.loads(con.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0][0])
    if parsed["error"]:
        raise ValueError(str(parsed["error_message"]).splitlines()[0])
    if len(parsed["statements"]) != 1:
        raise ValueError("more than one statement")
    return list(_nodes(parsed["statements"]))


def sandbox() -> duckdb.DuckDBPyConnection:
    """A connection in UTC that can reach no file, no network and no extension."""
    return _engine().cursor()


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One engine for all sandboxes: it takes 20 ms to start, and they share nothing but it."""
    con = duckdb.connect(config={"enable_external_access": "false", "threads": 1})
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    return con


def _nodes(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for child in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from _nodes(child)
