"""Feature SQL, written once for DuckDB, in the words of other engines, through sqlglot.

Times are whole microseconds in every table, so little is an engine's own: quotes, names of types
and functions, and sums of doubles, which DuckDB takes in a stated order. Spark takes them in the
same order, and so gives the same bits; the others are given plain SUM and STDDEV_SAMP, equal up to
the last bits. Money is exact everywhere.
"""

from types import ModuleType
from typing import TYPE_CHECKING

from truerisk.errors import ProblemError, told
from truerisk.wording.lists import one_of

if TYPE_CHECKING:
    from sqlglot import exp

DIALECTS = ("athena", "bigquery", "duckdb", "snowflake", "spark", "trino")
# Bare names become upper case in Snowflake; some may not begin with an underscore in Athena.
QUOTED = ("athena", "snowflake", "trino")

# Added one by one in the order of (t, id), as DuckDB adds; no value at all gives null.
SUM_IN_ORDER = """AGGREGATE(
  ARRAY_SORT(COLLECT_LIST(CASE WHEN :x IS NOT NULL THEN {row} END)),
  CAST(NULL AS DOUBLE),
  (total, row) -> COALESCE(total, CAST(0 AS DOUBLE)) + row.x)"""
# Welford's recurrence, as DuckDB computes STDDEV_SAMP.
STD_IN_ORDER = """AGGREGATE(
  ARRAY_SORT(COLLECT_LIST(CASE WHEN :x IS NOT NULL THEN {row} END)),
  NAMED_STRUCT('n', CAST(0 AS DOUBLE), 'mean', CAST(0 AS DOUBLE), 'm2', CAST(0 AS DOUBLE)),
  (so, row) -> NAMED_STRUCT(
    'n', so.n + CAST(1 AS DOUBLE),
    'mean', so.mean + (row.x - so.mean) / (so.n + CAST(1 AS DOUBLE)),
    'm2', so.m2 + (row.x - (so.mean + (row.x - so.mean) / (so.n + CAST(1 AS DOUBLE))))
      * (row.x - so.mean)),
  so -> CASE WHEN so.n > 1 THEN SQRT(so.m2 / (so.n - CAST(1 AS DOUBLE))) END)"""
# A double becomes cents as in DuckDB: times 100, rounded, half away from zero. Spark's own cast
# rounds the number's shortest text instead: 1.005 is 1.00 there and would be 1.01 here.
CENTS = """CAST(CASE WHEN TYPEOF(:x) IN ('double', 'float')
  THEN CAST(CAST(ROUND(CAST(:x AS DOUBLE) * 100) AS BIGINT) AS DECIMAL(20, 0)) * 0.01
  ELSE CAST(:x AS DECIMAL(18, 2)) END AS DECIMAL(18, 2))"""


def render(sql: str, dialect: str, exact: bool = True) -> str:
    """One statement of DuckDB's SQL in another dialect, laid out to be read.

    ``exact`` keeps the letter case of names where bare ones lose it, as in Snowflake.

    Raises ProblemError for a dialect that is not one of DIALECTS, where sqlglot is missing, and
    for SQL that has no equal there.
    """
    if dialect not in DIALECTS:
        raise ProblemError(f"There is no dialect {dialect!r}; the dialects are {one_of(DIALECTS)}.")
    glot = sqlglot()
    tree = glot.parse_one(sql, read="duckdb")
    if dialect != "duckdb":
        _refuse_its_own(tree, dialect)
        tree = tree.transform(_spark_order if dialect == "spark" else _no_order)
    if dialect == "spark":
        tree = tree.transform(_spark_cents)
    quoted = exact and dialect in QUOTED
    raising = glot.ErrorLevel.RAISE
    try:
        return tree.sql(dialect, pretty=True, identify=quoted, unsupported_level=raising)
    except glot.UnsupportedError as error:
        raise ProblemError(f"The SQL cannot be written for {dialect} ({told(error)}).") from error


def sqlglot() -> ModuleType:
    """The sqlglot module; ProblemError where it is not installed."""
    try:
        import sqlglot as module
    except ImportError as error:
        raise ProblemError(
            "SQL for other engines is written by sqlglot, which is not installed; "
            'run pip install "truerisk[spark]".'
        ) from error
    return module


def _refuse_its_own(tree: "exp.Expr", dialect: str) -> None:
    """What would be passed on unchanged and be wrong, or nothing, elsewhere."""
    exp = sqlglot().exp
    asof = any(
        (join.args.get("method") or "").upper() == "ASOF" for join in tree.find_all(exp.Join)
    )
    hashed = any(call.name.lower() == "hash" for call in tree.find_all(exp.Anonymous))
    for found, what in ((asof, "an ASOF join"), (hashed, "chunks by hash()")):
        if found:
            raise ProblemError(
                f"The SQL has {what}, which only DuckDB runs, and not {dialect}; "
                "write it for an engine without."
            )


def _ordered(node: "exp.Expr") -> bool:
    exp = sqlglot().exp
    return isinstance(node, exp.Sum | exp.StddevSamp) and isinstance(node.this, exp.Order)


def _no_order(node: "exp.Expr") -> "exp.Expr":
    if _ordered(node):
        return type(node)(this=node.this.this.copy())
    return node


def _spark_order(node: "exp.Expr") -> "exp.Expr":
    """An ordered sum as a fold over its sorted rows."""
    if not _ordered(node):
        return node
    exp = sqlglot().exp
    keys = [ordered.this for ordered in node.this.expressions]
    row = ", ".join(f"'by_{i}', :by_{i}" for i in range(len(keys)))
    template = SUM_IN_ORDER if isinstance(node, exp.Sum) else STD_IN_ORDER
    return _filled(
        template.format(row=f"NAMED_STRUCT({row}, 'x', CAST(:x AS DOUBLE))"),
        x=node.this.this,
        **{f"by_{i}": key for i, key in enumerate(keys)},
    )


def _spark_cents(node: "exp.Expr") -> "exp.Expr":
    exp = sqlglot().exp
    if isinstance(node, exp.Cast) and node.to == exp.DataType.build("DECIMAL(18, 2)"):
        return _filled(CENTS, x=node.this)
    return node


def _filled(template: str, **values: "exp.Expr") -> "exp.Expr":
    """Spark SQL with each ``:name`` replaced by an expression."""
    glot = sqlglot()
    tree = glot.parse_one(template, read="spark")
    return tree.transform(
        lambda n: values[n.name].copy() if isinstance(n, glot.exp.Placeholder) else n
    )
