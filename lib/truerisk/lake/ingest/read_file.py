"""One file of new rows, read as it is with its rows numbered, or refused whole."""

import hashlib
import re
from collections.abc import Collection

import duckdb

from truerisk.errors import SourceError
from truerisk.lake.duck import quote
from truerisk.lake.reader.listing import File
from truerisk.lake.reader.load import union
from truerisk.lake.reader.parquet import parquet_rows
from truerisk.lake.reader.texts import reason, rows_of_file

ROW = "__row"  # the row's number in its file, from 1, the header not counted
INDEX = re.compile(r"__|Unnamed: \d+")  # pandas names a column without a name so
FORBIDDEN = re.compile(r"[ ,;{}()\n\t=]")  # Delta has no such column names


def sha256_of(path: str, where: str) -> str:
    """The hash of a local file's bytes; ``where`` begins the message when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{where}: {path} cannot be read ({error.strerror}).") from error


def read_file(
    con: duckdb.DuckDBPyConnection, file: File, view: str, where: str, asked: Collection[str | None]
) -> tuple[dict[str, str], list[str]]:
    """Create the table ``view`` with the file's rows and ``__row``.

    Returns its columns with their types, and those of the file that are left out: an index that
    pandas wrote and names that begin with __, unless they are ``asked`` for by name.
    Raises SourceError, beginning with ``where``, for a file that cannot be read as a whole.
    """
    try:
        if file.format == "parquet":
            rows, nameless = parquet_rows([file], where), frozenset[str]()
        else:
            found = rows_of_file(con, file, where)
            rows, nameless = union([(file, found)]), frozenset(found.nameless)
        names = con.sql(f"SELECT * FROM {rows}").columns
        left_out = [n for n in names if (n in nameless or INDEX.match(n)) and n not in asked]
        kept = [n for n in names if n not in left_out]
        _check_names(kept, where)
        listed = ", ".join(map(quote, kept))
        con.execute(
            f"CREATE TABLE {quote(view)} AS SELECT row_number() OVER () AS {ROW}, {listed} "
            f"FROM {rows}"
        )
    except duckdb.Error as error:
        raise SourceError(f"{where} {reason(error, file)}; nothing was ingested.") from error
    except SourceError as error:
        said = str(error).removesuffix(".").removesuffix("; nothing was ingested")
        raise SourceError(f"{said}; nothing was ingested.") from error
    table = con.table(view)
    return {c: str(k) for c, k in zip(table.columns, table.types) if c != ROW}, left_out


def _check_names(names: list[str], where: str) -> None:
    lower = [name.lower() for name in names]
    for name in names:
        trouble = ""
        if lower.count(name.lower()) > 1:
            trouble = "is there more than once, capitals aside; rename one"
        elif not name.strip() or FORBIDDEN.search(name):
            trouble = "is no name for a lake table's column; use letters, digits and _"
        elif name.startswith("__"):
            trouble = "begins with __, which truerisk keeps for its own columns; rename it"
        if trouble:
            raise SourceError(f'{where}: column "{name}" {trouble}; nothing was ingested.')
