"""The lake: Delta tables under one root, read at a pinned version, appended exactly once.

Spark, Trino, DuckDB and pandas can read the tables without truerisk. The root carries the format
number; a change of format comes with a number and a note in docs/formats.md on how to convert.
"""

import json
import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from truerisk.errors import DamagedError, LakeError, from_outside, told
from truerisk.lake import objects
from truerisk.lake.duck import quote, session
from truerisk.lake.history import Past, marked_in, partitioned
from truerisk.lake.home import default_root
from truerisk.lake.stored_types import as_arrow, fit
from truerisk.lake.tables import REGISTRY
from truerisk.wording.counted import counted

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
MARKER = "truerisk-lake.json"
LOG = "_delta_log"
TABLES = r"[a-z][a-z0-9_]{0,62}(/[a-z][a-z0-9_]*)?"  # the second part names a problem
ATTEMPTS = 50
Seal = Callable[[int, pa.Table], pa.Table]


def open_lake(root: str | os.PathLike[str] | None = None) -> "Lake":
    """The lake at ``root``, else at TRUERISK_LAKE, else ``.truerisk/lake`` in the repository.

    Raises LakeError when the root is a file, or holds a lake of another format.
    """
    chosen = str(root or default_root())
    chosen = chosen.rstrip("/") if objects.is_remote(chosen) else os.path.abspath(chosen)
    if not objects.is_remote(chosen) and os.path.exists(chosen) and not os.path.isdir(chosen):
        raise LakeError(f"The lake at {chosen} is a file; give the folder that holds its tables.")
    marker = objects.read_bytes(f"{chosen}/{MARKER}")
    try:
        found = json.loads(marker)["format"] if marker is not None else FORMAT
        if not isinstance(found, int):
            raise TypeError
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"{chosen}/{MARKER} is damaged; it must hold {json.dumps({'format': FORMAT})}."
        ) from error
    if found != FORMAT:
        raise LakeError(
            f"The lake at {chosen} has format {found}, and this version reads format {FORMAT}; "
            "see docs/formats.md for how to convert it, or point TRUERISK_LAKE elsewhere."
        )
    return Lake(chosen)


class Lake:
    """Tables and files under one root. Cheap to make; holds no open file."""

    def __init__(self, root: str) -> None:
        self.root = root

    def version(self, table: str) -> int | None:
        """The newest version of a table, or None when there is no such table."""
        handle = self._handle(table)
        return None if handle is None else handle.version()

    def tables(self, folder: str = "") -> list[str]:
        """The names of the tables directly under the root, or under one of its folders."""
        return objects.folders(f"{self.root}/{folder}" if folder else self.root, LOG)

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
        try:
            if objects.is_remote(self.root):
                return con.from_arrow(handle.to_pyarrow_dataset())
            self._refuse_gone(table, handle, uris)
            if handle.metadata().partition_columns:
                return partitioned(con, handle, f"__parts_{table}_{handle.version()}")
            return con.read_parquet(uris, union_by_name=True, hive_partitioning=False)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise self._damaged(table, None, error) from error

    def read(self, table: str, version: int | None = None) -> "pd.DataFrame":
        """All rows of a table at a version, as pandas."""
        return self.arrow(table, version).to_pandas()

    def arrow(self, table: str, version: int | None = None) -> pa.Table:
        """All rows of a table at a version, with the types it holds."""
        with session() as con:
            rows = self.scan(con, table, version)
            try:
                return rows.to_arrow_table()
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                raise self._damaged(table, None, error) from error

    def append(
        self, table: str, rows: "pd.DataFrame | pa.Table", key: str, seal: Seal | None = None
    ) -> int:
        """Append the rows whose ``key`` the table does not hold yet; how many were appended.

        ``seal`` takes the version that was read and the new rows, and gives them their last shape.

        Optimistic: of two writers that start from the same version one commits and the other
        reads again, so a retry, a resume or a second process can neither repeat nor lose a row.
        """
        if not re.fullmatch(TABLES, table) or table == REGISTRY:
            raise LakeError(
                f'No rows can be appended to "{table}": only the registry writes the registry, and '
                "a table's name is at most 63 lower-case letters, digits and _, a letter first."
            )
        rows = as_arrow(rows)
        if rows[key].null_count:
            raise LakeError(
                f'Rows for table "{table}" lack {key} in {rows[key].null_count:,} of '
                f"{rows.num_rows:,}; a row without its key could be appended twice."
            )
        if len(rows[key].unique()) < rows.num_rows:
            raise LakeError(f'Rows for table "{table}" repeat values of {key}; each must be new.')

        def unseen(handle: DeltaTable | None) -> pa.Table:
            if handle is None:
                return rows
            fresh = fit(rows, pa.schema(handle.schema().to_arrow()), table)
            place = pa.array(range(fresh.num_rows), pa.int64())
            with session() as con:
                con.register("fresh", pa.table({"key": fresh[key], "place": place}))
                self.scan(con, table, handle.version()).create_view("held")
                sql = f"SELECT place FROM fresh WHERE key NOT IN (SELECT {quote(key)} FROM held)"
                new_rows = fresh.take(con.sql(sql).order("place").to_arrow_table()["place"])
            return seal(handle.version(), new_rows) if seal and new_rows.num_rows else new_rows

        return self.commit(table, rows.schema, unseen)

    def commit(  # type: ignore[no-untyped-def]
        self, table: str, schema: pa.Schema, decide, mark: str = ""
    ) -> int:
        """Append ``decide(handle)`` to the table it saw, again from the start if that moved on.

        ``decide`` takes the table's newest handle, None where there is no table yet, and returns an
        Arrow table of rows, maybe empty; it may raise to refuse, and then nothing is written, not
        even an empty table. Returns the number of rows appended. The commit leaves ``mark`` in
        the table's log, in the same breath as its rows; ``marked`` finds it again.
        """
        uri = self._uri(table)
        if self._handle(table) is None:
            decide(None)
            self._create(table, schema)
        for _ in range(ATTEMPTS):
            # A new handle per attempt, one constant transaction id per table, written through
            # the handle that was read: anything less was seen to let duplicates through.
            handle = DeltaTable(uri)
            rows = decide(handle)
            if rows.num_rows == 0:
                return 0
            rows = fit(rows, pa.schema(handle.schema().to_arrow()), table)
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
                raise self._unwritable(error) from error
            return rows.num_rows
        raise LakeError(
            f'Table "{table}" moved on {ATTEMPTS} times while this process tried to append; '
            "try again when fewer writers are at work."
        )

    def marked(self, table: str, mark: str) -> int | None:
        """The version that the commit with this mark made, or None; also where a restore undid it.

        A mark outlives its rows in the log: it counts only where they are in the table.
        """
        handle = self._handle(table)
        return None if handle is None else marked_in(handle, mark)

    def past(self, table: str) -> Past | None:
        """Which commits of a table still count; None where there is no such table."""
        handle = self._handle(table)
        return None if handle is None else Past(handle)

    def _refuse_gone(self, table: str, handle: DeltaTable, uris: list[str]) -> None:
        """A version whose files were removed cannot be read; Delta finds out in the middle."""
        gone = sum(not os.path.exists(uri) for uri in uris)
        newest = DeltaTable(self._uri(table)).version() if gone else handle.version()
        if gone and newest > handle.version():
            raise LakeError(
                f'Table "{table}" of the lake at {self.root} cannot be read at version '
                f"{handle.version()} any more: a vacuum took {gone:,} of "
                f"{counted(len(uris), 'file')}; "
                f"read its newest version, {newest}, or bring the files back from a copy."
            )

    def _create(self, table: str, schema: pa.Schema) -> None:
        """An empty table first: two concurrent first appends would both succeed."""
        if self._handle(table) is not None:
            return
        if objects.read_bytes(f"{self.root}/{MARKER}") is None:
            objects.write_bytes(f"{self.root}/{MARKER}", json.dumps({"format": FORMAT}).encode())
        try:
            DeltaTable.create(
                self._uri(table),
                schema=schema,
                mode="error",
                configuration={"delta.appendOnly": "true"},
            )
        except (DeltaError, OSError) as error:
            if self._handle(table) is None:
                raise self._unwritable(error) from error

    def _handle(self, table: str, version: int | None = None) -> DeltaTable | None:
        try:
            handle = DeltaTable(self._uri(table), version=version)
        except TableNotFoundError as error:
            if version is not None:
                self._refuse_version(table, version)
                return None
            if self._holds_rows(table):
                raise self._damaged(table, None, error) from error
            return None
        except (DeltaError, OSError, ValueError) as error:
            if not objects.is_remote(self.root) and not os.path.isdir(self._uri(table)):
                return None
            if version is not None:
                self._refuse_version(table, version)
            raise self._damaged(table, version, error) from error
        except BaseException as error:  # what panics in Rust is no Exception
            if from_outside(error) is None:
                raise
            raise self._damaged(table, version, error) from None
        if not objects.is_remote(self.root):
            cut = objects.empty_file(f"{self._uri(table)}/{LOG}")
            if cut:  # Delta takes it for a commit without rows, and they would be lost in silence
                raise self._damaged(table, None, LakeError(f"{LOG}/{cut} is empty"))
        return handle

    def _refuse_version(self, table: str, version: int) -> None:
        """LakeError where the table is there and this version of it is not, or not any more."""
        newest = self.version(table)
        if newest is None:
            return
        why = "its log was cleaned up since" if version < newest else "there is none"
        raise LakeError(
            f'Table "{table}" at version {version} of the lake at {self.root} cannot be read: '
            f"{why}; its newest version is {newest}: read that, or bring {LOG} back from a copy."
        )

    def _holds_rows(self, table: str) -> bool:
        """True where a local folder has files of rows, whose log is gone."""
        folder = self._uri(table)
        if objects.is_remote(self.root) or not os.path.isdir(folder):
            return False
        return any(name.endswith(".parquet") for name in os.listdir(folder))

    def _damaged(self, table: str, version: int | None, error: BaseException) -> LakeError:
        said, named = told(error), f'Table "{table}"'
        if version is not None or "Unsupported" in said:
            at = f" at version {version}" if version is not None else ""
            return LakeError(f"{named}{at} of the lake at {self.root} cannot be read ({said}).")
        return DamagedError(
            f"{named} of the lake at {self.root} is damaged ({said}); restore "
            f"{self._uri(table)} from a copy."
        )

    def _unwritable(self, error: BaseException) -> LakeError:
        return LakeError(f"The lake at {self.root} cannot be written ({told(error)}).")

    def _uri(self, table: str) -> str:
        return f"{self.root}/{table}"
