"""Which filters of aggregates (``where``) mean the same on every engine.

DuckDB runs any expression; another engine runs the same text in its own words, and functions that
share a name may count days, cut texts or round casts differently, without an error. So elsewhere
only what has one meaning is let through: comparisons, arithmetic, IN, BETWEEN, LIKE, CASE, nulls,
over values of one kind. What a value is comes from the types of the columns, see ``kinds``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from truerisk.errors import ProblemError, told
from truerisk.features.engines.kinds import fault_of
from truerisk.features.engines.render import sqlglot
from truerisk.lake.sources.sources import Sources
from truerisk.problem.aggregate import parse_aggregate
from truerisk.problem.shown import shown

if TYPE_CHECKING:
    from sqlglot import exp

SAME = """Column Identifier Literal Boolean Null Paren And Or Not EQ NEQ GT GTE LT LTE NullSafeEQ
NullSafeNEQ In Between Is Like Add Sub Mul Div Mod Neg Case If Coalesce Nullif Abs Length DPipe"""
MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")  # written as literals: DATE '2026-06-30'


def check_portable(where: str, dialect: str, place: str, types: Mapping[str, str]) -> None:
    """Raises ProblemError, beginning with ``place``, for a filter that may mean something else.

    ``types`` are the source's column types as far as they are known.
    """
    if dialect == "duckdb":
        return
    glot = sqlglot()
    try:
        tree = glot.parse_one(where, read="duckdb")
    except (glot.errors.SqlglotError, RecursionError) as error:
        what = f"what sqlglot cannot read ({told(error)})"
    else:
        same = tuple(getattr(glot.exp, name) for name in SAME.split())
        other = next((n for n in _nodes(tree) if not isinstance(n, same)), None)
        what = _called(other) if other is not None else fault_of(tree, types) or ""
    if what:
        raise ProblemError(
            f"{place} is filtered by {shown(where)}, and {what} need not mean the same on "
            f"{dialect} as on DuckDB; let the source carry the answer as a column, or keep to "
            "plain comparisons and arithmetic."
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


def _nodes(tree: "exp.Expr") -> "list[exp.Expr]":
    """The parts of a filter; literal moments and the types in them are one part, and left out."""
    exp = sqlglot().exp
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
