"""What a Delta table's log says of its past: which commits still count, and partitioned columns."""

from urllib.parse import unquote

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from truerisk.lake.duck import quote

RESTORE = "RESTORE"
FILE = "__file"


class Past:
    """The commits that a table's newest version is made of.

    A restore goes back to an earlier version: the commits after that one are in the log, and their
    rows are not in the table.
    """

    def __init__(self, handle: DeltaTable) -> None:
        entries = {entry["version"]: entry for entry in handle.history()}
        self._counts: set[int] = set()
        at: int | None = handle.version()
        while at is not None and at in entries:
            self._counts.add(at)
            entry = entries[at]
            restored = entry.get("operation") == RESTORE
            at = _target(entry, entries) if restored else at - 1
        self._before = -1 if at is None else at  # the log was cut there: all before it counts

    def counts(self, version: int | None) -> bool:
        """True where what was committed as ``version`` is in the table; None stands for nothing."""
        return version is None or version in self._counts or version <= self._before


def marked_in(handle: DeltaTable, mark: str) -> int | None:
    """The version that the commit with this mark made, where its rows are still in the table."""
    version = handle.transaction_version(mark)
    return version if version is not None and Past(handle).counts(version) else None


def _target(entry: dict, entries: dict[int, dict]) -> int | None:
    """The version that a restore went back to."""
    said = entry.get("operationParameters", {})
    if said.get("version") is not None:
        return int(said["version"])
    then = int(said["datetime"])
    earlier = [v for v, e in entries.items() if v < entry["version"] and e["timestamp"] <= then]
    return max(earlier, default=None)


def partitioned(
    con: duckdb.DuckDBPyConnection, handle: DeltaTable, name: str
) -> duckdb.DuckDBPyRelation:
    """The rows of a partitioned table, with the columns that only its log holds.

    ``name`` is one that nothing else on ``con`` has.
    """
    schema = pa.schema(handle.schema().to_arrow())
    columns = handle.metadata().partition_columns
    actions = pa.table(handle.get_add_actions(flatten=True))
    root = handle.table_uri.removeprefix("file://").rstrip("/")
    paths = [f"{unquote(root)}/{unquote(path)}" for path in actions["path"].to_pylist()]
    values = {c: actions[f"partition.{c}"].cast(schema.field(c).type) for c in columns}
    con.register(name, pa.table({FILE: paths, **values}))
    listed = ", ".join(f"{'p' if c in columns else 'r'}.{quote(c)}" for c in schema.names)
    return con.sql(
        f"SELECT {listed} FROM read_parquet({paths!r}, union_by_name = true, filename = '{FILE}', "
        f"hive_partitioning = false) r JOIN {quote(name)} p ON p.{FILE} = r.{FILE}"
    )
