"""Which filters of aggregates (``where``) mean the same on every engine.

DuckDB runs any expression; another engine runs the same text in its own words, and functions that
share a name may count days, cut texts or round casts differently, without an error. So elsewhere
only what has one meaning is let through: comparisons, arithmetic, IN, BETWEEN, LIKE, CASE, nulls.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from truerisk.errors import ProblemError
from truerisk.features.engines.render import sqlglot
from truerisk.lake.sources import Sources
from truerisk.problem.aggregate import parse_aggregate
from truerisk.problem.expression import columns_of

if TYPE_CHECKING:
    from sqlglot import exp

SAME = """Column Identifier Literal Boolean Null Paren And Or Not EQ NEQ GT GTE LT LTE NullSafeEQ
NullSafeNEQ In Tuple Between Is Like Add Sub Mul Div Mod Neg Case If Coalesce Nullif Abs Lower
Upper Length DPipe"""
MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")  # written as literals: DATE '2026-06-30'


def check_portable(where: str, dialect: str, place: str, types: Mapping[str, str]) -> None:
    """Raises ProblemError, beginning with ``place``, for a filter that may mean something else.

    ``types`` are the source's column types as far as they are known.
    """
    if dialect == "duckdb":
        return
    exp = sqlglot().exp
    same = tuple(getattr(exp, name) for name in SAME.split())
    what = next((_called(n) for n in _nodes(where) if not isinstance(n, same)), None)
    single = [c for c in columns_of(where) if types.get(c) == "FLOAT"]
    if what is None and single:
        what = f'"{single[0]}", a number of single precision (FLOAT)'
    if what:
        raise ProblemError(
            f"{place} is filtered by {where!r}, and {what} need not mean the same on {dialect} as "
            "on DuckDB; let the source carry the answer as a column, or keep to comparisons, "
            "arithmetic, IN, BETWEEN, LIKE, CASE and null checks over exact or double columns."
        )


def check_filters(sources: Sources, dialect: str) -> None:
    """check_portable over every window of the problem."""
    problem = sources.problem
    for i, window in enumerate(problem.features.window):
        for j, text in enumerate(window.compute):
            where = parse_aggregate(window.source, text, window.over[0]).where
            if where:
                place = f"{problem.where}: features.window[{i}].compute[{j}]"
                check_portable(where, dialect, place, sources.columns(window.source))


def _nodes(where: str) -> "list[exp.Expr]":
    """The parts of a filter; literal moments and the types in them are one part, and left out."""
    exp = sqlglot().exp
    tree = sqlglot().parse_one(where, read="duckdb")
    moments = [
        cast
        for cast in tree.find_all(exp.Cast)
        if isinstance(cast.this, exp.Literal) and cast.to.sql("duckdb") in MOMENTS
    ]
    within = {id(node) for cast in moments for node in cast.walk()}
    return [node for node in tree.walk() if id(node) not in within]


def _called(node: "exp.Expr") -> str:
    if isinstance(node, sqlglot().exp.Cast):
        return "a cast"
    name, bracket, _ = node.sql("duckdb").partition("(")
    return f"{name.lower()}()" if bracket and name.isidentifier() else type(node).__name__
