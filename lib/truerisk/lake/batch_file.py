"""One file of new rows, read as it is with its rows numbered, or refused whole.

A CSV is read as text, strictly: every row has the header's number of fields, every quote ends, all
of it is UTF-8. What its cells mean is decided later, by the contract and the lake's own types.
"""

import csv
import gzip
import hashlib
import os
import re

import duckdb

from truerisk.errors import SourceError, one_of, told
from truerisk.lake import files
from truerisk.lake.connection import quote
from truerisk.lake.contract import literal
from truerisk.lake.environment import resolved
from truerisk.lake.place import READERS, fetch

ROW = "__row"  # the row's number in its file, from 1, the header not counted
SEPARATORS = (",", ";", "\t", "|")
FORBIDDEN = re.compile(r"[ ,;{}()\n\t=]")  # Delta has no such column names
FAULTS = {
    "unterminated quote": "opens a quote that never ends, as in a file that was cut short",
    "not utf-8": "is not UTF-8",
    "unicode": "is not UTF-8",
}


def local(path: str) -> str:
    """The file itself, or a local copy of an S3 object."""
    path = resolved(path, "The file")
    return fetch(path) if files.is_remote(path) else path


def sha256_of(path: str, where: str) -> str:
    """The hash of a local file's bytes; ``where`` begins the message when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{where}: {path} cannot be read ({error.strerror}).") from error


def read_file(con: duckdb.DuckDBPyConnection, path: str, view: str, where: str) -> dict[str, str]:
    """Create the table ``view`` with the file's rows and ``__row``; its columns with their types.

    Raises SourceError, beginning with ``where``, for a file that cannot be read as a whole.
    """
    reader = next((r for ending, r in READERS.items() if path.endswith(ending)), None)
    if reader is None:
        raise SourceError(f"{where}: its name must end in {one_of(READERS)}.")
    try:
        if reader == "read_csv":
            separator, names = _header(path, where)
            _check_names(names, where)
            columns = "{" + ", ".join(f"{literal(n)}: 'VARCHAR'" for n in names) + "}"
            rows = (
                f"read_csv({literal(path)}, header = true, auto_detect = false, delim = "
                f"{literal(separator)}, quote = '\"', escape = '\"', columns = {columns})"
            )
        else:
            rows = f"read_parquet({literal(path)})"
            _check_names(con.sql(f"SELECT * FROM {rows}").columns, where)
        con.execute(
            f"CREATE TABLE {quote(view)} AS SELECT row_number() OVER () AS {ROW}, * FROM {rows}"
        )
    except duckdb.Error as error:
        raise SourceError(
            f"{where} {_reason(str(error), path)}; nothing of it was ingested; write the file "
            "again, whole, and ingest it then."
        ) from error
    table = con.table(view)
    return {c: str(k) for c, k in zip(table.columns, table.types) if c != ROW}


def last_line_is_open(path: str) -> bool:
    """True when a CSV does not end with a line end, as one that was cut in its last field."""
    if not path.endswith(".csv"):
        return False
    with open(path, "rb") as file:
        file.seek(max(os.path.getsize(path) - 1, 0))
        return file.read(1) not in (b"\n", b"\r", b"")


def _header(path: str, where: str) -> tuple[str, list[str]]:
    """The separator and the column names of a CSV: its first line, read as UTF-8."""
    opened = gzip.open if path.endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{where} is not UTF-8; nothing of it was ingested; write it as UTF-8 and ingest it "
            "then."
        ) from error
    except (OSError, EOFError) as error:
        raise SourceError(
            f"{where} cannot be read ({told(error)}); nothing of it was ingested; write it again."
        ) from error
    if not line.strip():
        raise SourceError(
            f"{where} has no header; its first line must name the columns; nothing was ingested."
        )
    split = {s: next(csv.reader([line], delimiter=s)) for s in SEPARATORS}
    separator = max(SEPARATORS, key=lambda s: len(split[s]))
    return separator, split[separator]


def _check_names(names: list[str], where: str) -> None:
    lower = [name.lower() for name in names]
    for name in names:
        trouble = ""
        if lower.count(name.lower()) > 1:
            trouble = "is there more than once, capitals aside; rename one"
        elif not name.strip() or FORBIDDEN.search(name):
            trouble = "is no name for a lake table's column; use letters, digits and _"
        elif name.startswith("__index_level_"):
            trouble = "is an index that pandas wrote; write the file with index=False"
        elif name.startswith("__"):
            trouble = "begins with __, which truerisk keeps for its own columns; rename it"
        if trouble:
            raise SourceError(f'{where}: column "{name}" {trouble}; nothing was ingested.')


def _reason(message: str, path: str) -> str:
    """DuckDB's message without the line it quotes, which holds somebody's data."""
    first = message.splitlines()[0].replace(path, "the file")
    found = re.search(r"on Line: (\d+)", message)
    if not found:
        return f"cannot be read ({first})"
    fields = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if fields:
        what = f"has {fields[2]} fields where the header has {fields[1]}"
    else:
        lower = message.lower()
        what = next((said for sign, said in FAULTS.items() if sign in lower), "cannot be read")
    return f"cannot be read: line {int(found[1]):,} {what}"
