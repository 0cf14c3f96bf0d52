"""The one DuckDB connection that reads data: UTC, in process, quiet."""

import duckdb
import pandas as pd


def connect() -> duckdb.DuckDBPyConnection:
    """A new in-memory connection in UTC."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    return con


def frame_of(relation: duckdb.DuckDBPyRelation) -> pd.DataFrame:
    """The rows of a relation as pandas, through Arrow: exact decimals, UTC microseconds."""
    return relation.to_arrow_table().to_pandas()


def quote(name: str) -> str:
    """A column or view name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
