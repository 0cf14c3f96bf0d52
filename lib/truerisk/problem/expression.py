"""SQL expressions of a problem file: money, rules, events and derived features.

An expression reads the columns of one row and nothing else, so that it gives a row the same value
in any batch on any day: it is parsed before any data are read, calls only functions that are known
to depend on their arguments alone, and runs in a connection that can open no file.
"""

import json
from functools import cache

import duckdb

from truerisk.problem.deterministic import Node, fault_of_query, fault_of_row, nodes
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
