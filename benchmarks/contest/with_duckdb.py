"""DuckDB with SQL written by hand for exactly these files, which truerisk is held against."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

VERSIONS = ("duckdb",)
DAYS = (1, 7, 30, 90, 365)
VIEWS = ("accounts", "cards", "bureau")


def windows(folder: Path) -> Callable[[], pd.DataFrame]:
    """A range join over the longest window; distinct values through LAG, money as decimals."""
    return lambda: _frame(_windows_sql(folder))


def latest(folder: Path) -> Callable[[], pd.DataFrame]:
    """One ASOF join per source; two snapshots at one time are told apart by their key."""
    return lambda: _frame(_latest_sql(folder))


def _frame(sql: str) -> pd.DataFrame:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.sql(sql).to_arrow_table().to_pandas()


def _windows_sql(folder: Path) -> str:
    columns = []
    for days in DAYS:
        kept = f"e.happened_at >= s.applied_at - INTERVAL {days} DAY"
        first = f"(e.previous IS NULL OR e.previous < s.applied_at - INTERVAL {days} DAY)"
        amount = f"CASE WHEN {kept} THEN e.amount END"
        columns += [
            f"COUNT(CASE WHEN {kept} THEN 1 END) AS count_{days}d",
            f"CAST(SUM({amount}) AS DOUBLE) AS sum_{days}d",
            f"AVG({amount}) AS mean_{days}d",
            f"CAST(MAX({amount}) AS DOUBLE) AS max_{days}d",
            f"NULLIF(COUNT(CASE WHEN {kept} AND e.merchant IS NOT NULL AND {first} THEN 1 END), 0)"
            f" AS distinct_{days}d",
        ]
    return f"""
SELECT s.application_id, {", ".join(columns)}
FROM '{folder}/applications.parquet' s LEFT JOIN (
  SELECT customer_id, happened_at, merchant, CAST(amount AS DECIMAL(18, 2)) AS amount,
    LAG(happened_at) OVER (PARTITION BY customer_id, merchant ORDER BY happened_at) AS previous
  FROM '{folder}/events.parquet'
  WHERE customer_id IN (SELECT customer_id FROM '{folder}/applications.parquet')) e
 ON e.customer_id = s.customer_id AND e.happened_at < s.applied_at - INTERVAL 1 HOUR
AND e.happened_at >= s.applied_at - INTERVAL {max(DAYS)} DAY
GROUP BY s.application_id
ORDER BY s.application_id"""


def _latest_sql(folder: Path) -> str:
    names = ", ".join(f"{v}.{c} AS {c}_{v}" for v in VIEWS for c in ("balance", "grade"))
    joins = "".join(
        f"""
ASOF LEFT JOIN (
  SELECT * FROM '{folder}/{view}.parquet'
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY customer_id, happened_at ORDER BY snapshot_id DESC) = 1) {view}
 ON {view}.customer_id = s.customer_id AND s.applied_at > {view}.happened_at"""
        for view in VIEWS
    )
    return f"""
SELECT s.application_id, {names}
FROM '{folder}/applications.parquet' s{joins}
ORDER BY s.application_id"""
