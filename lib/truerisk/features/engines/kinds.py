"""What kind of value each part of a filter has, and where two engines would read it differently.

Seen between DuckDB and Spark, all without an error unless said: a decimal divided by a decimal or a
whole number is a double here and a rounded decimal there; a backslash in LIKE is itself here and an
escape there; upper() and lower() differ outside ASCII; a number is a truth value here only; 10 / 0
is infinite here and an error there; ``n > 9223372036854775808`` is null for a null here only.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from truerisk.features.engines.render import sqlglot

if TYPE_CHECKING:
    from sqlglot import exp

BOOLEAN, INTEGER, DECIMAL, DOUBLE, TEXT, TIME, NULL = (
    *("boolean", "integer", "decimal", "double", "text", "time", "null"),
)
HELD = {
    r"BOOLEAN": BOOLEAN,
    r"TINYINT|SMALLINT|INTEGER|BIGINT": INTEGER,
    r"DECIMAL\(\d+, ?\d+\)": DECIMAL,
    r"DOUBLE": DOUBLE,
    r"VARCHAR": TEXT,
    r"DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE": TIME,
}
NUMBERS = (INTEGER, DECIMAL, DOUBLE)
UNKNOWN = ""  # of a column whose type nobody knows: it is not held against it
LARGEST = 2**31  # a whole number that every engine reads as one, in arithmetic too


class OtherError(Exception):
    """A part that engines read differently, as the words between "and" and "need not"."""


def fault_of(tree: "exp.Expr", types: Mapping[str, str]) -> str | None:
    """The first such part of a filter made of the nodes that ``portable`` lets through."""
    kinds = _Kinds(types)
    try:
        kinds.truth(tree)
    except OtherError as error:
        return str(error)
    except RecursionError:
        return "so deep an expression"
    return None


class _Kinds:
    """Kinds of parts, from the types of columns."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self.types = {name.lower(): kind for name, kind in types.items()}
        self.exp = sqlglot().exp

    def truth(self, node: "exp.Expr") -> str:
        """Something that is true, false or null."""
        kind = self.of(node)
        if kind not in (BOOLEAN, UNKNOWN):
            raise OtherError(f"{_sql(node)}, {_a(kind)} used as a truth value,")
        return kind

    def number(self, node: "exp.Expr") -> str:
        kind = self.of(node)
        if kind not in (*NUMBERS, NULL, UNKNOWN):
            raise OtherError(f"{_sql(node)}, {_a(kind)} used as a number,")
        return kind

    def text(self, node: "exp.Expr") -> str:
        kind = self.of(node)
        if kind not in (TEXT, NULL, UNKNOWN):
            raise OtherError(f"{_sql(node)}, {_a(kind)} used as a text,")
        return kind

    def alike(self, nodes: "list[exp.Expr]") -> str:
        """The kind of values that are compared, or of which one is taken."""
        kinds = [k for k in map(self.of, nodes) if k not in (NULL, UNKNOWN)]
        if len({NUMBERS[0] if k in NUMBERS else k for k in kinds}) > 1:
            other = next(k for k in kinds if k != kinds[0] and {k, kinds[0]} - set(NUMBERS))
            raise OtherError(f"{_a(kinds[0])} beside {_a(other)}")
        numbers = sorted(kinds, key=NUMBERS.index) if kinds and kinds[0] in NUMBERS else kinds
        return numbers[-1] if numbers else UNKNOWN

    def of(self, node: "exp.Expr") -> str:
        """The kind of a part; OtherError where it, or a part of it, is read differently."""
        exp = self.exp
        if isinstance(node, exp.Paren):
            return self.of(node.this)
        if isinstance(node, exp.Boolean | exp.Null):
            return BOOLEAN if isinstance(node, exp.Boolean) else NULL
        if isinstance(node, exp.Cast):
            return TIME  # the literal moments that portable lets through
        if isinstance(node, exp.Literal):
            return _literal(node)
        if isinstance(node, exp.Column):
            return self._column(node.name)
        if isinstance(node, exp.And | exp.Or):
            return max(self.truth(node.this), self.truth(node.expression), key=len)
        if isinstance(node, exp.Not):
            return self.truth(node.this)
        if isinstance(node, exp.Is):
            kind = self.of(node.this)
            if isinstance(node.expression, exp.Boolean) and kind not in (BOOLEAN, UNKNOWN):
                raise OtherError(f"{_sql(node.this)}, {_a(kind)} used as a truth value,")
            return BOOLEAN
        if isinstance(node, exp.Like):
            self._like(node)
            return BOOLEAN
        if isinstance(node, exp.In):
            self.alike([node.this, *node.expressions])
            return BOOLEAN
        if isinstance(node, exp.Between):
            self.alike([node.this, node.args["low"], node.args["high"]])
            return BOOLEAN
        if isinstance(node, exp.DPipe):
            return max(self.text(node.this), self.text(node.expression), key=len)
        if isinstance(node, exp.Length):
            self.text(node.this)
            return INTEGER
        if isinstance(node, exp.Neg | exp.Abs):
            return self.number(node.this)
        if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod):
            return self._arithmetic(node)
        if isinstance(node, exp.Coalesce | exp.Nullif):
            others = [node.expression] if isinstance(node, exp.Nullif) else node.expressions
            kind = self.alike([node.this, *others])
            return self.of(node.this) if isinstance(node, exp.Nullif) else kind
        if isinstance(node, exp.Case | exp.If):
            return self._case(node)
        self.alike([node.this, node.expression])  # what is left are comparisons
        return BOOLEAN

    def _column(self, name: str) -> str:
        held = self.types.get(name.lower())
        if held is None:
            return UNKNOWN
        kind = next((k for form, k in HELD.items() if re.fullmatch(form, held.upper())), None)
        if held.upper() in ("FLOAT", "REAL"):
            raise OtherError(f'"{name}", a number of single precision (FLOAT),')
        if kind is None:
            raise OtherError(f'"{name}", which holds {held},')
        return kind

    def _like(self, node: "exp.Expr") -> None:
        self.text(node.this)
        pattern = node.expression
        if not (isinstance(pattern, self.exp.Literal) and pattern.is_string):
            raise OtherError("LIKE of a pattern that is not written out")
        if "\\" in pattern.name:
            raise OtherError("a backslash in LIKE")

    def _arithmetic(self, node: "exp.Expr") -> str:
        left, right = self.number(node.this), self.number(node.expression)
        exp = self.exp
        if isinstance(node, exp.Div | exp.Mod):
            what = "division" if isinstance(node, exp.Div) else "modulo"
            if not self._never_zero(node.expression):
                raise OtherError(
                    f"{what} by {_sql(node.expression)}, which can be 0 (write nullif(…, 0)),"
                )
        if isinstance(node, exp.Div):
            if DECIMAL in (left, right) and DOUBLE not in (left, right):
                raise OtherError("division of a DECIMAL (compare products instead)")
            return DOUBLE
        if isinstance(node, exp.Mul) and left == right == DECIMAL and not self._short(node):
            # Spark cuts digits off a product of several; DuckDB refuses what is too long.
            raise OtherError("the product of several DECIMALs")
        known = [k for k in (left, right) if k in NUMBERS]
        return max(known, key=NUMBERS.index) if len(known) == 2 else UNKNOWN

    def _short(self, node: "exp.Expr") -> bool:
        """A number as it stands in the text times something that is no product."""
        factors = (node.this, node.expression)
        return any(map(self._written, factors)) and not any(f.find(self.exp.Mul) for f in factors)

    def _never_zero(self, node: "exp.Expr") -> bool:
        exp = self.exp
        if isinstance(node, exp.Paren | exp.Neg | exp.Abs):
            return self._never_zero(node.this)
        if isinstance(node, exp.Nullif):
            return self._written(node.expression) and float(node.expression.name) == 0
        return self._written(node) and float(node.name) != 0

    def _written(self, node: "exp.Expr") -> bool:
        """A number as it stands in the text."""
        return isinstance(node, self.exp.Literal) and not node.is_string

    def _case(self, node: "exp.Expr") -> str:
        exp = self.exp
        if isinstance(node, exp.If):
            self.truth(node.this)
            found = [node.args["true"], node.args.get("false")]
        else:
            branches = node.args["ifs"]
            if node.this is not None:
                self.alike([node.this, *(branch.this for branch in branches)])
            else:
                for branch in branches:
                    self.truth(branch.this)
            found = [*(branch.args["true"] for branch in branches), node.args.get("default")]
        return self.alike([part for part in found if part is not None])


def _literal(node: "exp.Expr") -> str:
    if node.is_string:
        return TEXT
    if re.fullmatch(r"\d+", node.name):
        if int(node.name) >= LARGEST:
            raise OtherError(f"the whole number {node.name[:20]}")
        return INTEGER
    return DECIMAL if re.fullmatch(r"\d*\.\d*", node.name) else DOUBLE


def _a(kind: str) -> str:
    return f"{'an' if kind == INTEGER else 'a'} {kind}"


def _sql(node: "exp.Expr") -> str:
    text = node.sql("duckdb")
    return text if len(text) <= 40 else f"{text[:39]}…"
