"""Names and times in the words of each dialect: how a view takes them from a warehouse's table."""

import re

from truerisk.features.engines.render import QUOTED, sqlglot
from truerisk.lake.duck import quote
from truerisk.lake.utc import utc_sql

# A column of times, with or without a zone (then UTC), as whole microseconds since 1970.
MICROS = {
    "spark": "UNIX_MICROS(CAST({c} AS TIMESTAMP))",
    "snowflake": "DATE_PART(EPOCH_MICROSECOND, {c})",
    "bigquery": "UNIX_MICROS(TIMESTAMP({c}))",
    # A double of seconds holds a microsecond until the year 2100 and beyond.
    "trino": "CAST(ROUND(TO_UNIXTIME({c}) * 1000000) AS BIGINT)",
    "athena": "CAST(ROUND(TO_UNIXTIME({c}) * 1000000) AS BIGINT)",
}
# What those functions do not take as it is: dates, and times that are texts.
FIRST = {
    ("snowflake", "DATE"): "CAST({c} AS TIMESTAMP_NTZ)",
    ("snowflake", "VARCHAR"): "TO_TIMESTAMP_TZ({c})",
    ("trino", "DATE"): "CAST({c} AS TIMESTAMP)",
    ("athena", "DATE"): "CAST({c} AS TIMESTAMP)",
    ("trino", "VARCHAR"): "FROM_ISO8601_TIMESTAMP({c})",
    ("athena", "VARCHAR"): "FROM_ISO8601_TIMESTAMP({c})",
}
PLAIN = r"[a-z_][a-z0-9_]*"


def instant_us(column: str, kind: str | None, dialect: str) -> str:
    """SQL for a column of times, of a DuckDB type (None: some timestamp), as microseconds."""
    if dialect == "duckdb":
        known = kind or "TIMESTAMP WITH TIME ZONE"
        return f"EPOCH_US({utc_sql(column, known) or quote(column)})"
    c = FIRST.get((dialect, kind or ""), "{c}").format(c=raw_name_in(column, dialect))
    return MICROS[dialect].format(c=c)


def name_in(name: str, dialect: str) -> str:
    """A name that truerisk gives, in any letter case."""
    quoted = dialect in QUOTED or not re.fullmatch(PLAIN, name)
    return _sql(name, dialect, quoted)


def raw_name_in(name: str, dialect: str) -> str:
    """A name that the warehouse gives: bare where it can be, so that its own case counts."""
    return _sql(name, dialect, not re.fullmatch(PLAIN, name))


def _sql(name: str, dialect: str, quoted: bool) -> str:
    return sqlglot().exp.to_identifier(name, quoted=quoted).sql(dialect)
