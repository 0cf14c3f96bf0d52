"""How a source's rows come to Spark: read where they lie, or written by DuckDB for Spark to read.

Lake tables and Parquet files whose times are times are read by Spark itself, with the column types
that DuckDB sees, at the pinned version. Whatever DuckDB gives a meaning first goes through it, so
that this meaning is one: CSV (its types are found by reading it), queries (a query may number its
rows), texts as times, nanoseconds, Hive partitions. Those rows pass through this machine's disk.
"""

import os
import re

import pyarrow.parquet as pq
from deltalake import DeltaTable

from truerisk.lake.duck import quote
from truerisk.lake.environment import resolved
from truerisk.lake.objects import is_remote
from truerisk.lake.reader.cells import FLOATS
from truerisk.lake.reader.listing import find
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.views import checked
from truerisk.problem.source import Source

TYPES = {
    "BOOLEAN": "BOOLEAN",
    "TINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INT",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20, 0)",
    "FLOAT": "FLOAT",
    "DOUBLE": "DOUBLE",
    "VARCHAR": "STRING",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP_MS": "TIMESTAMP_NTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}
TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE")
BATCH = 100_000  # rows written at a time
PARTITION = r"/\w+=[^/]*/"


def spark_types(columns: dict[str, str]) -> dict[str, str]:
    """Column → Spark type, for the columns of DuckDB types that Spark reads as the same values."""
    known = {
        c: kind if kind.startswith("DECIMAL") else TYPES.get(kind) for c, kind in columns.items()
    }
    return {c: kind for c, kind in known.items() if kind and not kind.endswith("]")}


def files_of(sources: Sources, name: str, columns: list[str]) -> list[str]:
    """The Parquet files that Spark reads itself; none where the rows go through DuckDB."""
    source, types = sources.problem.sources[name], sources.columns(name)
    needed = [source.key, source.time, *columns, *source.contract]
    needed += [source.available_at] if source.available_at else []
    if not sources.as_stored(name) or not set(needed) <= spark_types(types).keys():
        return []
    if not {types[c] for c in (source.time, source.available_at) if c} <= set(TIMES):
        return []
    if source.table is not None:
        table = f"{sources.lake.root}/{source.table}"
        found = DeltaTable(table, version=int(sources.versions[name])).file_uris()
    elif source.path is not None:
        path = resolved(source.path, sources.where(name))
        # What lies on S3 is pinned as copies on this machine.
        named = [] if is_remote(path) else find(path, sources.where(name))
        found = [f.local for f in named if f.format == "parquet"]
    else:
        return []
    return [] if any(re.search(PARTITION, f) for f in found) else [_glob_free(f) for f in found]


def utc_columns(source: Source) -> str:
    """Spark SQL for what ``Sources`` adds; a date is 00:00, a time without a zone is UTC."""

    def micros(column: str) -> str:
        return f"UNIX_MICROS(CAST({_name(column)} AS TIMESTAMP))"

    time = micros(source.time)
    delay = int(source.delay.total_seconds()) * 10**6
    available = micros(source.available_at) if source.available_at else f"{time} + {delay}"
    return (
        f"{_name(source.key)} AS __key, {time} AS __time_us, {available} AS __available_us, "
        f"TIMESTAMP_MICROS({time}) AS __time, TIMESTAMP_MICROS({available}) AS __available"
    )


def export(sources: Sources, name: str, folder: str) -> str:
    """Write a source's opened view to a Parquet file, in types that Spark has; its path."""
    types = sources.columns(name)
    made = {column: _exported(column, kind) for column, kind in types.items()}
    selected = ", ".join(f"{sql} AS {quote(column)}" for column, sql in made.items())
    key = made[sources.problem.sources[name].key]
    path = os.path.join(folder, f"source_{name}.parquet")
    # By Arrow, in batches: the connection itself can write nowhere.
    rows = sources.con.sql(
        f"SELECT {selected}, {key} AS __key, __time_us, __available_us FROM {quote(checked(name))}"
    ).to_arrow_reader(BATCH)
    with pq.ParquetWriter(path, rows.schema) as writer:
        for batch in rows:
            writer.write_batch(batch)
    return path


def without_nan(columns: dict[str, str]) -> str:
    """Spark SQL for these columns (name → DuckDB type), in which NaN is null."""
    return ", ".join(
        f"CASE WHEN NOT isnan({_name(c)}) THEN {_name(c)} END AS {_name(c)}"
        if kind in FLOATS
        else _name(c)
        for c, kind in columns.items()
    )


def _exported(column: str, kind: str) -> str:
    c = quote(column)
    if kind in ("HUGEINT", "UHUGEINT", "UBIGINT"):
        return f"CAST({c} AS DECIMAL({20 if kind == 'UBIGINT' else 38}, 0))"
    if kind.startswith("TIMESTAMP"):
        zone = " WITH TIME ZONE" if "TZ" in kind or "ZONE" in kind else ""
        return f"CAST({c} AS TIMESTAMP{zone})"
    return c if spark_types({column: kind}) else f"CAST({c} AS VARCHAR)"


def _name(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"


def _glob_free(path: str) -> str:
    """A path that Spark takes as it is: it reads a bare one as a pattern, and S3 by s3a."""
    path = re.sub(r"^s3://", "s3a://", path)
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)
