"""SQL expressions of a problem file: money, rules, events and derived features.

An expression reads the columns of one row and nothing else, so that it gives a row the same value
in any batch on any day: it is parsed before any data are read, calls only functions that are known
to depend on their arguments alone, and runs in a connection that can open no file.
"""

import json
from collections.abc import Mapping
from functools import cache

import duckdb
import pandas as pd
import pyarrow as pa

from truerisk.errors import told
from truerisk.problem.deterministic import Node, fault_of_query, fault_of_row, nodes
from truerisk.problem.frames import as_array, as_series
from truerisk.problem.shown import SHOWN, shown

REFUSED = {"SUBQUERY", "WINDOW", "STAR"}
LONGEST = 10_000


@cache
def columns_of(expression: str) -> frozenset[str]:
    """The column names an expression reads; ValueError when it is not a function of one row."""
    said = shown(expression)
    try:
        statement = parse_sql(f"SELECT ({expression}\n) AS value")
    except ValueError as error:
        raise ValueError(f"{said} is not a SQL expression ({error})") from error
    tree = list(nodes(statement))
    selected = [len(n["select_list"]) for n in tree if "select_list" in n]
    empty = any(n.get("function_name") == "row" and not n["arguments"] for n in tree)
    if selected != [1] or empty or any(n.get("class") in REFUSED for n in tree):
        raise ValueError(
            f"{said} must be one SQL expression over the columns of a row; "
            "no subquery, no window function and no *"
        )
    fault = fault_of_row(tree)
    if fault:
        raise ValueError(f"{said} {fault}")
    return frozenset(n["column_names"][-1] for n in tree if n.get("class") == "COLUMN_REF")


def evaluate(frame: pd.DataFrame, expressions: Mapping[str, str]) -> pd.DataFrame:
    """Each expression over the rows of ``frame``, one column each, in the frame's order.

    A column has the type that its dtype says, with or without values: ``as_frame`` makes dtypes
    that say it, and the result has such. Raises ValueError naming the expression that cannot be
    computed over these columns.
    """
    table = _columns(frame, expressions)
    result = {}
    with sandbox() as con:
        con.register("__rows", table)
        for name, expression in expressions.items():
            try:
                found = con.sql(f"SELECT ({expression}\n) AS value FROM __rows ORDER BY __row")
                values = as_series(found.to_arrow_table()["value"])
            except duckdb.Error as error:
                said = f"{shown(expression)} cannot be computed ({told(error)})"
                raise ValueError(said) from error
            if len(values) != len(frame):
                raise ValueError(f"{shown(expression)} must give one value for each row")
            result[name] = values
    return pd.DataFrame(result, index=frame.index if not result else None)


def _columns(frame: pd.DataFrame, expressions: Mapping[str, str]) -> pa.Table:
    """The columns that the expressions read, found as SQL finds them, and the row's number."""
    needed = set().union(*(columns_of(e) for e in expressions.values())) if expressions else set()
    lower = {str(c).lower(): c for c in frame.columns}
    lower |= {c.lower(): c for c in needed if c in frame.columns}
    made = {}
    for column in dict.fromkeys(lower[c.lower()] for c in sorted(needed) if c.lower() in lower):
        try:
            made[column] = as_array(frame[column])
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise ValueError(f'column "{column}" holds values of several types') from error
    return pa.table({**made, "__row": pa.array(range(len(frame)), pa.int64())})


def query_nodes(query: str) -> list[Node]:
    """All nodes of a query whose rows depend on its sources alone; ValueError for any other."""
    return list(nodes(query_tree(query)))


def query_tree(query: str) -> Node:
    """The syntax tree of a query whose rows depend on its sources alone; ValueError else."""
    statement = parse_sql(query)
    fault = fault_of_query(statement)
    if fault:
        raise ValueError(f"it {fault}")
    return statement


def parse_sql(sql: str) -> Node:
    """The syntax tree of one SELECT; ValueError with the parser's own message."""
    if len(sql) > LONGEST:
        raise ValueError(f"it has {len(sql):,} characters, and at most {LONGEST:,} are read")
    if "\0" in sql:
        raise ValueError("it holds a null character")
    try:
        with sandbox() as con:
            found = con.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0][0]
        parsed = json.loads(found)
    except (duckdb.Error, UnicodeError, RecursionError) as error:
        raise ValueError("it is nested too deeply, or holds what is no text") from error
    if parsed["error"]:
        message = str(parsed["error_message"]).splitlines()[0][:SHOWN]
        raise ValueError(message if message.isprintable() else repr(message))
    if len(parsed["statements"]) != 1:
        raise ValueError("more than one statement")
    return parsed["statements"][0]


def check_regex(pattern: str) -> None:
    """Raises ValueError for what DuckDB, which checks contracts, cannot read as one."""
    try:
        with sandbox() as con:
            con.execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
    except duckdb.Error as error:
        message = str(error).splitlines()[0][:SHOWN]
        raise ValueError(f"has the regex {shown(pattern)}, which is none ({message})") from error


def sandbox() -> duckdb.DuckDBPyConnection:
    """A connection in UTC that can reach no file, no network and no extension."""
    return _engine().cursor()


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One engine for all sandboxes: it takes 20 ms to start, and they share nothing but it."""
    con = duckdb.connect(config={"enable_external_access": "false", "threads": 1})
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    return con
