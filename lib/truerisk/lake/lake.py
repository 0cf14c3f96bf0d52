"""The lake: Delta tables under one root, read at a pinned version, appended exactly once.

Spark, Trino, DuckDB and pandas can read the tables without truerisk. The root carries the format
number; a change of format comes with a number and a note in docs/formats.md on how to convert.
"""

import json
import os
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from truerisk.errors import LakeError
from truerisk.lake import files
from truerisk.lake.connection import connect, quote

FORMAT = 1
MARKER = "truerisk-lake.json"
ATTEMPTS = 50


def open_lake(root: str | os.PathLike[str] | None = None) -> "Lake":
    """The lake at ``root``, else at TRUERISK_LAKE, else ``.truerisk/lake`` in the repository.

    Raises LakeError when the root holds a lake of another format.
    """
    chosen = str(root or os.environ.get("TRUERISK_LAKE") or home() / "lake")
    chosen = chosen.rstrip("/") if files.is_remote(chosen) else os.path.abspath(chosen)
    marker = files.read_bytes(f"{chosen}/{MARKER}")
    found = json.loads(marker)["format"] if marker else FORMAT
    if found != FORMAT:
        raise LakeError(
            f"The lake at {chosen} has format {found}, and this version reads format {FORMAT}; "
            "see docs/formats.md for how to convert it, or point TRUERISK_LAKE elsewhere."
        )
    return Lake(chosen)


def home() -> Path:
    """``.truerisk`` at the root of the repository this package is installed from."""
    return repository() / ".truerisk"


def repository() -> Path:
    """The folder that holds lib/, flows/ and problems/."""
    return Path(__file__).resolve().parents[3]


class Lake:
    """Tables and files under one root. Cheap to make; holds no open file."""

    def __init__(self, root: str) -> None:
        self.root = root

    def version(self, table: str) -> int | None:
        """The newest version of a table, or None when there is no such table."""
        handle = self._handle(table)
        return None if handle is None else handle.version()

    def tables(self) -> list[str]:
        """The names of the tables directly under the root (local lakes)."""
        if files.is_remote(self.root) or not os.path.isdir(self.root):
            return []
        return sorted(
            e.name for e in os.scandir(self.root) if os.path.isdir(f"{e.path}/_delta_log")
        )

    def scan(
        self, con: duckdb.DuckDBPyConnection, table: str, version: int | None = None
    ) -> duckdb.DuckDBPyRelation:
        """The rows of a table at a version, as a relation of ``con``.

        Raises LakeError when there is no such table or version.
        """
        handle = self._handle(table, version)
        if handle is None:
            raise LakeError(
                f'The lake at {self.root} has no table "{table}"; '
                f"its tables are {', '.join(self.tables()) or 'none yet'}."
            )
        # DuckDB over the table's Parquet files is the one reader: deltalake's own pandas and
        # Arrow readers abort the interpreter at exit with this pyarrow.
        uris = handle.file_uris()
        if not uris:
            return con.from_arrow(pa.schema(handle.schema().to_arrow()).empty_table())
        if files.is_remote(self.root):
            return con.from_arrow(handle.to_pyarrow_dataset())
        return con.read_parquet(uris, union_by_name=True)

    def read(self, table: str, version: int | None = None) -> pd.DataFrame:
        """All rows of a table at a version, as pandas."""
        with connect() as con:
            return self.scan(con, table, version).to_arrow_table().to_pandas()

    def append(self, table: str, rows: pd.DataFrame | pa.Table, key: str) -> int:
        """Append the rows whose ``key`` the table does not hold yet; how many were appended.

        Optimistic: of two writers that start from the same version one commits and the other
        reads again, so a retry, a resume or a second process can neither repeat nor lose a row.
        """
        rows = as_arrow(rows)
        if rows[key].null_count:
            raise LakeError(
                f'Rows for table "{table}" lack {key} in {rows[key].null_count:,} of '
                f"{rows.num_rows:,}; a row without its key could be appended twice."
            )
        if len(pc.unique(rows[key])) < rows.num_rows:
            raise LakeError(f'Rows for table "{table}" repeat values of {key}; each must be new.')

        def unseen(handle: DeltaTable) -> pa.Table:
            fresh = _fit(rows, pa.schema(handle.schema().to_arrow()), table)
            with connect() as con:
                con.register("fresh", fresh)
                self.scan(con, table, handle.version()).create_view("held")
                k = quote(key)
                sql = f"SELECT {k} FROM fresh WHERE {k} NOT IN (SELECT {k} FROM held)"
                new = con.sql(sql).to_arrow_table()[key]
            return fresh.filter(pc.is_in(fresh[key], value_set=new.combine_chunks()))

        return self.commit(table, rows.schema, unseen)

    def commit(  # type: ignore[no-untyped-def]
        self, table: str, schema: pa.Schema, decide, mark: str = ""
    ) -> int:
        """Append ``decide(handle)`` to the table it saw, again from the start if that moved on.

        ``decide`` takes the table's newest handle and returns an Arrow table of rows, maybe empty;
        it may raise to refuse. Returns the number of rows appended. The commit leaves ``mark`` in
        the table's log, in the same breath as its rows; ``marked`` finds it again.
        """
        uri = self._uri(table)
        self._create(table, schema)
        for _ in range(ATTEMPTS):
            # A new handle per attempt, one constant transaction id per table, written through
            # the handle that was read: anything less was seen to let duplicates through.
            handle = DeltaTable(uri)
            rows = decide(handle)
            if rows.num_rows == 0:
                return 0
            rows = _fit(rows, pa.schema(handle.schema().to_arrow()), table)
            turn = [Transaction(app_id=a, version=handle.version() + 1) for a in (table, mark) if a]
            try:
                write_deltalake(
                    handle,
                    rows,
                    mode="append",
                    schema_mode="merge",
                    commit_properties=CommitProperties(app_transactions=turn),
                )
            except CommitFailedError:
                continue
            except (DeltaError, OSError) as error:
                raise LakeError(f"The lake at {uri} cannot be written ({error}).") from error
            return rows.num_rows
        raise LakeError(
            f'Table "{table}" moved on {ATTEMPTS} times while this process tried to append; '
            "try again when fewer writers are at work."
        )

    def marked(self, table: str, mark: str) -> int | None:
        """The version of a table that the commit with this mark made, or None."""
        handle = self._handle(table)
        return None if handle is None else handle.transaction_version(mark)

    def _create(self, table: str, schema: pa.Schema) -> None:
        """An empty table first: two concurrent first appends would both succeed."""
        if self._handle(table) is not None:
            return
        if files.read_bytes(f"{self.root}/{MARKER}") is None:
            files.write_bytes(f"{self.root}/{MARKER}", json.dumps({"format": FORMAT}).encode())
        try:
            DeltaTable.create(
                self._uri(table),
                schema=schema,
                mode="error",
                configuration={"delta.appendOnly": "true"},
            )
        except (DeltaError, OSError) as error:
            if self._handle(table) is None:
                raise LakeError(f"The lake at {self.root} cannot be written ({error}).") from error

    def _handle(self, table: str, version: int | None = None) -> DeltaTable | None:
        try:
            return DeltaTable(self._uri(table), version=version)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            if not files.is_remote(self.root) and not os.path.isdir(f"{self.root}/{table}"):
                return None
            wanted = f" at version {version}" if version is not None else ""
            raise LakeError(
                f'Table "{table}"{wanted} of the lake at {self.root} cannot be read ({error}).'
            ) from error

    def _uri(self, table: str) -> str:
        return f"{self.root}/{table}"


def as_arrow(rows: pd.DataFrame | pa.Table) -> pa.Table:
    """Rows as the lake stores them: times in UTC microseconds, text as string, no void column."""
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
    table = table.replace_schema_metadata(None)
    fields = []
    for field in table.schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            kind = pa.timestamp("us", tz="UTC")
        elif pa.types.is_large_string(kind) or pa.types.is_null(kind):
            kind = pa.string()
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields), safe=False)  # unsafe only for times: it cuts nanoseconds


def _fit(rows: pa.Table, held: pa.Schema, table: str) -> pa.Table:
    """Cast to the table's own types; refuse a change of type instead of truncating in silence."""
    fitted = {}
    for name in rows.column_names:
        column = rows[name]
        kind = held.field(name).type if name in held.names else column.type
        if not _holds(kind, column):
            raise LakeError(
                f'Column {name} of table "{table}" holds {kind}, and the new rows hold '
                f"{column.type}, which does not fit; give them the type the table has."
            )
        fitted[name] = column.cast(kind)
    return pa.table(fitted)


def _holds(kind: pa.DataType, column: pa.ChunkedArray) -> bool:
    """True when ``column`` can become ``kind`` and back without losing anything."""
    if kind == column.type or column.null_count == len(column):
        return True
    if not any(alike(kind) and alike(column.type) for alike in ALIKE):
        return False
    try:
        return column.cast(kind, safe=False).cast(column.type, safe=False).equals(column)
    except pa.ArrowInvalid:
        return False


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


ALIKE = (_is_number, pa.types.is_timestamp, pa.types.is_nested)
