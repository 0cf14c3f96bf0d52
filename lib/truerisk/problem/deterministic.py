"""What a definition may be made of: parts of a syntax tree that depend on the rows and on no more.

One row for an expression; for a query the rows of its sources, whatever their number of threads:
where the result depends on an order of rows, the order must be written.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from math import prod
from typing import Any

import duckdb

from truerisk.problem.functions import (
    AGGREGATES,
    ARGUMENTS,
    CLOCKS,
    IN_ORDER,
    LENGTHS,
    LONGEST_TEXT,
    NUMBERED,
    QUERY,
    ROW,
    TYPES,
)

Node = dict[str, Any]
CLASSES = {"CONSTANT", "COLUMN_REF", "FUNCTION", "OPERATOR", "COMPARISON", "CONJUNCTION", "CASE"}
CLASSES |= {"CAST", "BETWEEN", "TYPE"}
IN_QUERIES = CLASSES | {"SUBQUERY", "WINDOW", "STAR", "LAMBDA"}
OPERATORS = {"OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE"}
OPERATORS |= {"COMPARE_IN", "COMPARE_NOT_IN", "ARRAY_EXTRACT", "ARRAY_SLICE", "STRUCT_EXTRACT"}
OPERATORS |= {"OPERATOR_TRY", "OPERATOR_NULLIF", "OPERATOR_CAST", "ARRAY_CONSTRUCTOR"}
WHOLE = ("UNBOUNDED_PRECEDING", "CURRENT_ROW_RANGE"), ("UNBOUNDED_PRECEDING", "UNBOUNDED_FOLLOWING")
INSTEAD = "write what its rows say, and let a source carry what they do not"


def nodes(part: Any) -> Iterator[Node]:
    """All parts of a syntax tree that are objects, parents first, however deep it is."""
    waiting = [part]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
        if isinstance(part, dict | list):
            waiting.extend(reversed(list(part.values() if isinstance(part, dict) else part)))


def fault_of_row(tree: Iterable[Node]) -> str | None:
    """What makes an expression more than a function of one row, as the end of a sentence."""
    tree = list(tree)
    for node in tree:
        kind = node.get("class")
        if kind is None:
            continue
        if kind not in CLASSES:
            return f"has {_named(node)}, and is to be one row's own value"
        if kind == "COLUMN_REF" and len(node["column_names"]) > 1:
            named = ".".join(node["column_names"])[:60]
            return f"reads {named!r}; write a column's bare name, and a part of one as a['b']"
        fault = _unknown(node, ROW)
        if fault:
            return fault
    return _too_long(tree)


def _too_long(tree: Iterable[Node]) -> str | None:
    """A length that is written for a text, where it would fill the memory."""
    if prod(_length(node) for node in tree) <= LONGEST_TEXT:
        return None
    return (
        f"can make a text of more than {LONGEST_TEXT:,} characters of every row; write the lengths "
        f"in {', '.join(LENGTHS)} as smaller whole numbers"
    )


def _length(node: Node) -> int:
    """How many times longer a text can become by this part; without bounds where a row says it."""
    called = str(node.get("function_name", "")).lower()
    if node.get("class") != "FUNCTION" or called not in LENGTHS:
        return 1
    given = node["arguments"][LENGTHS[called] :][:1]  # none at all is DuckDB's to refuse
    written = [a["expression"].get("literal", {}).get("text") for a in given]
    if None in written:
        return LONGEST_TEXT + 1
    return max([1, *(int(n) for text in written for n in re.findall(r"\d+", text))])


def fault_of_query(statement: Node) -> str | None:
    """What lets a query give other rows another time, as the end of a sentence."""
    tables = {
        id(n["function"]): n["function"]["function_name"].lower()
        for n in nodes(statement)
        if n.get("type") == "TABLE_FUNCTION"
    }
    fault: str | None
    for node in nodes(statement):
        kind = node.get("class")
        if node.get("sample"):
            fault = "takes a sample, which differs from run to run; filter by md5(key)"
        elif node.get("type") in ("SELECT_NODE", "SET_OPERATION_NODE"):
            fault = _unordered(node)
        elif node.get("type") == "SHOW_REF":
            fault = "describes a table; select its rows"
        elif node.get("ref_type") == "POSITIONAL":
            fault = "joins rows by their positions; join them by a key"
        elif kind is None or id(node) in tables:
            continue
        elif kind not in IN_QUERIES:
            fault = f"has {_named(node)}; write the column's name"
        else:
            fault = _unknown(node, QUERY)
        if fault:
            return fault
    return _too_long(nodes(statement))


def _unknown(node: Node, allowed: frozenset[str]) -> str | None:
    """A function, operator, type or bare word that is not on the list."""
    kind, called = node["class"], str(node.get("function_name", "")).lower()
    if kind == "COLUMN_REF" and len(node["column_names"]) == 1:
        word = node["column_names"][0].lower()
        return f"reads {word}, which no row holds; {INSTEAD}" if word in CLOCKS else None
    if kind == "OPERATOR" and node["type"] not in OPERATORS:
        return f"has {_named(node)}, which is not among the operators of a definition"
    if kind == "TYPE" and node["type_name"].lower() not in TYPES:
        return (
            f"casts to {node['type_name'][:40]!r}; a definition casts to numbers, texts, booleans, "
            "dates and times"
        )
    if kind not in ("FUNCTION", "WINDOW"):
        return None
    path = node.get("qualified_name", {}).get("path", [called])
    if called not in allowed or len(path) > 1:
        near = [] if called in _known() else get_close_matches(called, sorted(allowed), n=1)
        hint = f"did you mean {near[0]}()? Or " if near else ""
        return (
            f"calls {called[:40]}(), which is none of the functions of "
            f"{'rows' if allowed is QUERY else 'one row'} alone; {hint}{INSTEAD}"
        )
    needs = ARGUMENTS.get(called, 0)
    if len(node.get("arguments", [])) < needs:
        return f"calls {called}() of one time, which counts from today; give it {needs} times"
    ordered = node.get("orders") or node.get("order_bys", {}).get("orders")
    if kind == "FUNCTION" and called in IN_ORDER and not ordered:
        return f"calls {called}() in no stated order; write ORDER BY inside its brackets"
    return None


@cache
def _known() -> frozenset[str]:
    """The functions that DuckDB has: whoever writes one of these has not misspelt another."""
    with duckdb.connect() as con:
        found = con.sql("SELECT DISTINCT lower(function_name) FROM duckdb_functions()").fetchall()
    return frozenset(name for (name,) in found)


def _unordered(select: Node) -> str | None:
    """Where a SELECT depends on an order of rows that it does not state."""
    modifiers = select.get("modifiers", [])
    kinds = {m["type"] for m in modifiers}
    if "ORDER_MODIFIER" not in kinds:
        if kinds & {"LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"}:
            return "has LIMIT or OFFSET in no stated order; write ORDER BY a key before it"
        if any(m.get("distinct_on_targets") for m in modifiers):
            return "has DISTINCT ON in no stated order; write ORDER BY a key after it"
    source = select.get("from_table", {}).get("type")
    scan = source in ("BASE_TABLE", "TABLE_FUNCTION")
    for node in _own(select):
        if node.get("class") != "WINDOW" or node.get("orders") or node.get("arg_orders"):
            continue
        called = node["function_name"].lower()
        # Rows of one file or source come in their order, and are numbered in it.
        if called == "row_number" and scan and not node.get("partitions"):
            continue
        whole = called in AGGREGATES and (node["start"], node["end"]) in WHOLE
        if called in NUMBERED | IN_ORDER or not whole:
            return f"calls {called}() OVER rows in no stated order; write ORDER BY a key inside it"
    return None


def _own(select: Node) -> Iterator[Node]:
    """The parts of a SELECT itself, without those of the ones within it."""
    waiting = [v for k, v in select.items() if k not in ("from_table", "cte_map", "children")]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and part.get("type") not in ("SELECT_NODE", "SET_OPERATION_NODE"):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _named(node: Node) -> str:
    kind = str(node["class"])
    named = {"SUBQUERY": "a subquery", "WINDOW": "a window function", "STAR": "a *"}
    named |= {"POSITIONAL_REFERENCE": "a reference by position", "PARAMETER": "a parameter"}
    named |= {"LAMBDA": "a lambda or ->", "COLLATE": "a collation"}
    return named.get(kind, str(node.get("type", kind)).lower().replace("_", " "))
