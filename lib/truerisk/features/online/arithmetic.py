"""Plain arithmetic of one row without the engine: + − × / nullif and comparisons of doubles.

Both compute with IEEE doubles, rounded to nearest, so the results are equal to the last bit. Where
types or values would not make them so, an expression is left to the engine: sums of whole numbers,
decimals, literals longer than a double's digits, and whatever becomes infinite or no number.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from truerisk.problem.deterministic import Node
from truerisk.problem.expression import parse_sql

DOUBLE, WHOLE, BOOLEAN = "DOUBLE", "whole", "BOOLEAN"
HELD = {DOUBLE: r"DOUBLE", WHOLE: r"U?(TINY|SMALL|BIG)?INT(EGER)?"}
INTEGER, DECIMAL = "integer literal", "decimal literal"
SHORT = 15  # digits that any double holds exactly
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
COMPARISONS = {
    "COMPARE_EQUAL": operator.eq,
    "COMPARE_NOTEQUAL": operator.ne,
    "COMPARE_LESSTHAN": operator.lt,
    "COMPARE_GREATERTHAN": operator.gt,
    "COMPARE_LESSTHANOREQUALTO": operator.le,
    "COMPARE_GREATERTHANOREQUALTO": operator.ge,
}
Row = Mapping[str, Any]


class OtherwiseError(Exception):
    """The engine must compute it."""


@dataclass(frozen=True)
class Part:
    """``value`` gives a row's value (None for null) of a kind; a literal's is the same for all."""

    kind: str
    value: Callable[[Row], Any]


def compiled(sql: str, types: Mapping[str, str]) -> Part | None:
    """An expression over columns (in small letters) of DuckDB ``types``; None for the engine's.

    Its kind is DOUBLE or BOOLEAN. ``value`` raises OtherwiseError for what the engine must compute.
    """
    (tree,) = parse_sql(f"SELECT ({sql}\n) AS value")["node"]["select_list"]
    try:
        made = _part(tree, types)
    except (OtherwiseError, RecursionError):
        return None
    return made if made.kind in (DOUBLE, BOOLEAN) else None


def _part(node: Node, types: Mapping[str, str]) -> Part:
    kind = node["class"]
    if kind == "COLUMN_REF" and len(node["column_names"]) == 1:
        return _column(node["column_names"][0].lower(), types)
    if kind == "CONSTANT":
        return _literal(node.get("literal", {}))
    if kind == "COMPARISON" and node["type"] in COMPARISONS:
        return _compared(node["type"], _part(node["left"], types), _part(node["right"], types))
    if kind != "FUNCTION":
        raise OtherwiseError
    name, given = node["function_name"], [_part(a["expression"], types) for a in node["arguments"]]
    if len(given) == 1 and name == "-":
        return _negative(*given)
    if len(given) == 2 and name in OPERATORS:
        return _arithmetic(name, *given)
    if len(given) == 2 and name == "nullif":
        return _nullif(*given)
    raise OtherwiseError


def _column(name: str, types: Mapping[str, str]) -> Part:
    held = types.get(name, "")
    kind = next((kind for kind, shape in HELD.items() if re.fullmatch(shape, held)), None)
    if kind is None:
        raise OtherwiseError
    return Part(kind, operator.itemgetter(name))


def _literal(written: Mapping[str, str]) -> Part:
    text = written.get("text", "")
    kind = {"INTEGER": INTEGER, "NUMERIC": DECIMAL}.get(written.get("kind", ""))
    if kind is None or not re.fullmatch(r"-?(\d+\.?\d*|\.\d+)", text):
        raise OtherwiseError
    if sum(map(str.isdigit, text)) > SHORT:
        raise OtherwiseError
    return _constant(kind, int(text) if kind == INTEGER else float(text))


def _constant(kind: str, value: float) -> Part:
    value = value or 0  # a decimal has no −0
    return Part(kind, lambda row: value)


def _negative(part: Part) -> Part:
    of = part.value
    if part.kind in (INTEGER, DECIMAL):
        return _constant(part.kind, -of({}))
    if part.kind != DOUBLE:
        raise OtherwiseError
    return Part(DOUBLE, lambda row: None if (v := of(row)) is None else -v)


def _arithmetic(name: str, left: Part, right: Part) -> Part:
    whole = left.kind == WHOLE and right.kind in (WHOLE, INTEGER)
    whole |= right.kind == WHOLE and left.kind == INTEGER
    if BOOLEAN in (left.kind, right.kind) or not (
        DOUBLE in (left.kind, right.kind) or (name == "/" and whole)
    ):
        raise OtherwiseError
    combine, one, other = OPERATORS[name], left.value, right.value

    def value(row: Row) -> float | None:
        a, b = one(row), other(row)
        if a is None or b is None:
            return None
        try:
            found = combine(float(a), float(b))
        except ZeroDivisionError:
            raise OtherwiseError from None
        if math.isfinite(found):
            return found
        raise OtherwiseError

    return Part(DOUBLE, value)


def _compared(name: str, left: Part, right: Part) -> Part:
    return _both(COMPARISONS[name], left, right)


def _both(compare: Callable[[Any, Any], bool], left: Part, right: Part) -> Part:
    """A comparison, of doubles where one side is one, else of whole numbers."""
    kinds = {left.kind, right.kind}
    doubles = DOUBLE in kinds and BOOLEAN not in kinds
    if not doubles and not (WHOLE in kinds and kinds <= {WHOLE, INTEGER}):
        raise OtherwiseError
    one, other = left.value, right.value

    def value(row: Row) -> bool | None:
        a, b = one(row), other(row)
        if a is None or b is None:
            return None
        return compare(float(a), float(b)) if doubles else compare(a, b)

    return Part(BOOLEAN, value)


def _nullif(left: Part, right: Part) -> Part:
    if left.kind not in (DOUBLE, WHOLE):
        raise OtherwiseError
    if left.kind == WHOLE and right.kind != INTEGER:
        raise OtherwiseError
    one, same = left.value, _both(operator.eq, left, right).value
    return Part(left.kind, lambda row: None if same(row) else one(row))
