"""The rows of files as they are written, as SQL: a text file's cells as texts, before any type.

A CSV is read strictly: every row has the header's number of fields, every quote ends, all of it is
UTF-8. What its cells mean is decided later, by the contract and by the whole file.
"""

import csv
import gzip
import hashlib
import os
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa

from truerisk.errors import SourceError, told
from truerisk.lake.contract import literal
from truerisk.lake.duck import quote
from truerisk.lake.reader.listing import PACKED, File, plain
from truerisk.problem.shown import visible

SEPARATORS = (",", ";", "\t", "|")
OTHERS = {  # what other files begin with, and what those end in
    b"PAR1": "a Parquet file (.parquet)",
    b"PK\x03\x04": "a workbook (.xlsx) or a zip archive",
    b"\x1f\x8b": "a gzip file (.csv.gz)",
    b"(\xb5/\xfd": "a zstd archive",
    b"BZh": "a bzip2 archive",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old workbook (.xls)",
}
FAULTS = {
    "unterminated quote": "opens a quote that never ends, as in a file that was cut short",
    "not utf-8": "is not UTF-8",
    "unicode": "is not UTF-8",
}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """``sql`` selects from a file; ``columns`` are those it has, all texts where ``texts``.

    ``nameless`` are those of them that the file gives no name.
    """

    sql: str
    columns: list[str]
    texts: bool
    typed: dict[str, str] = field(default_factory=dict)  # column → the type its author gave
    nameless: Sequence[str] = ()


def rows_of_file(
    con: duckdb.DuckDBPyConnection, file: File, where: str, separator: str | None = None
) -> Rows:
    """How ``con`` reads one text file or workbook; ``where`` begins every refusal."""
    if file.format == "csv":
        separator, header = _header(file, where, separator)
        names = named(header, where)
        nameless = [n for n, said in zip(names, header) if not said.strip()]
        return Rows(
            sql=csv_sql(file, separator, names), columns=names, texts=True, nameless=nameless
        )
    if file.format == "json":
        return _json_rows(con, file, where)
    return _sheet_rows(con, file, where)


def csv_sql(file: File, separator: str, names: Sequence[str]) -> str:
    columns = "{" + ", ".join(f"{literal(n)}: 'VARCHAR'" for n in names) + "}"
    packed = "gzip" if file.name.lower().endswith(PACKED) else "none"
    return (
        f"read_csv({literal(plain(file.local))}, header = true, auto_detect = false, delim = "
        f"{literal(separator)}, quote = '\"', escape = '\"', compression = '{packed}', "
        f"columns = {columns}, hive_partitioning = false)"
    )


def reason(error: Exception, file: File) -> str:
    """DuckDB's message without the line it quotes, which holds somebody's data."""
    message, first = str(error), told(error).replace(file.local, "the file")
    found = re.search(r"on Line: (\d+)", message)
    if not found:
        return f"cannot be read ({first}); write it again, whole"
    fields = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if fields:
        what = (
            f"has {fields[2]} fields where the header has {fields[1]}; put a field that holds a "
            "separator in double quotes"
        )
    else:
        lower = message.lower()
        what = next((said for sign, said in FAULTS.items() if sign in lower), "cannot be read")
        what += "; " + (not_utf8(file) if "UTF-8" in what else "write it again, whole")
    return f"cannot be read: line {int(found[1]):,} {what}"


def not_utf8(file: File) -> str:
    """What the bytes of a file that is not UTF-8 look like, and the command that mends it."""
    with _opened(file) as content:
        start = content.read(2)
    said = "UTF-16" if start in (b"\xff\xfe", b"\xfe\xff") else "WINDOWS-1252"
    looks = "UTF-16" if said == "UTF-16" else "Latin-1 or Windows-1252"
    return f"it looks like {looks}; run iconv -f {said} -t UTF-8 OLD > NEW"


def last_line_is_open(file: File) -> bool:
    """True when a CSV does not end with a line end, as one that was cut in its last field."""
    if file.format != "csv" or file.name.lower().endswith(PACKED):
        return False
    with open(file.local, "rb") as content:
        content.seek(max(os.path.getsize(file.local) - 1, 0))
        return content.read(1) not in (b"\n", b"\r", b"")


def _header(file: File, where: str, separator: str | None) -> tuple[str, list[str]]:
    """The separator and the header of a CSV: its first line, read as UTF-8."""
    try:
        with _opened(file) as content:
            start = content.readline()
        _refuse_other(start, where)
        line = start.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{where} cannot be read: line 1 is not UTF-8; {not_utf8(file)}."
        ) from error
    except (OSError, EOFError) as error:
        raise SourceError(
            f"{where} cannot be read ({told(error)}); write it again, whole."
        ) from error
    if not line.strip():
        raise SourceError(f"{where} has no header; its first line must name the columns.")
    if file.name.lower().removesuffix(PACKED).endswith(".tsv"):
        separator = "\t"
    if "\r" in line:
        raise SourceError(
            f"{where} cannot be read: its lines end with a carriage return alone; run tr '\\r' "
            "'\\n' < OLD > NEW."
        )
    try:
        split = {s: next(csv.reader([line], delimiter=s)) for s in {*SEPARATORS, separator} if s}
    except csv.Error as error:
        raise SourceError(f"{where} has no header that can be read ({told(error)}).") from error
    separator = separator or max(SEPARATORS, key=lambda s: len(split[s]))
    try:
        visible("".join(split[separator]))
    except ValueError as error:
        raise SourceError(
            f"{where}: its header holds characters that are not seen; write the names anew."
        ) from error
    return separator, split[separator]


def _refuse_other(start: bytes, where: str) -> None:
    """SourceError for what begins as no CSV does."""
    other = next((said for sign, said in OTHERS.items() if start.startswith(sign)), None)
    if other:
        raise SourceError(
            f"{where} begins as {other} does; give it the ending of what it is, or write it as CSV."
        )
    if b"\0" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(
            f"{where} cannot be read: its header holds null characters, as UTF-16 without its mark "
            "does; run iconv -f UTF-16LE -t UTF-8 OLD > NEW."
        )


def named(names: list[str], where: str) -> list[str]:
    """The header's names; one without, as pandas writes its index, is ``column0`` by its place.

    Refuses two columns of one name.
    """
    found = [n.strip() or f"column{i}" for i, n in enumerate(names)]
    lower = [n.lower() for n in found]
    twice = next((n for n in found if lower.count(n.lower()) > 1), None)
    if twice is not None:
        raise SourceError(
            f'{where}: column "{twice}" is there more than once, capitals aside; rename one.'
        )
    return found


def _json_rows(con: duckdb.DuckDBPyConnection, file: File, where: str) -> Rows:
    """One JSON object a line. Its texts and what is nested stay text; numbers are told apart."""
    packed = "gzip" if file.name.lower().endswith(PACKED) else "none"
    source = (
        f"read_json({literal(plain(file.local))}, format = 'newline_delimited', sample_size = -1, "
        f"maximum_depth = 1, records = true, compression = '{packed}', hive_partitioning = false)"
    )
    try:
        relation = con.sql(f"SELECT * FROM {source}")
        names = relation.columns
        named(list(names), where)
        texts = ", ".join(
            f"count(CASE WHEN json_type({c}) NOT IN ('NULL', 'UBIGINT', 'BIGINT', 'DOUBLE', "
            f"'HUGEINT', 'BOOLEAN') THEN 1 END)"
            for c in map(quote, names)
        )
        found = con.sql(f"SELECT {texts} FROM {source}").fetchall()[0]
    except duckdb.Error as error:
        raise SourceError(f"{where} {reason(error, file)}.") from error
    listed = ", ".join(f"{c} ->> '$' AS {c}" for c in map(quote, names))
    typed = {n: "VARCHAR" for n, texts_held in zip(names, found) if texts_held}
    return Rows(
        sql=f"(SELECT {listed} FROM {source})", columns=list(names), texts=True, typed=typed
    )


def _sheet_rows(con: duckdb.DuckDBPyConnection, file: File, where: str) -> Rows:
    """The first sheet of a workbook: its first row names the columns."""
    try:
        import openpyxl
    except ImportError as error:
        raise SourceError(
            f"{where} is a workbook, which needs openpyxl; run pip install 'truerisk[xlsx]', or "
            "save the sheet as CSV."
        ) from error
    try:
        book = openpyxl.load_workbook(file.local, read_only=True, data_only=True)
        lines = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
        book.close()
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise SourceError(f"{where} cannot be read as a workbook ({told(error)}).") from error
    lines = [line for line in lines if any(v is not None for v in line)]
    if not lines:
        raise SourceError(f"{where} has no header; its first row must name the columns.")
    header = [_cell_text(v) or "" for v in lines[0]]
    while header and not header[-1]:
        header.pop()
    names = named(header, where)
    columns = list(zip_longest(*lines[1:])) if lines[1:] else []
    columns += [()] * (len(names) - len(columns))
    cells = {n: pa.array([_cell_text(v) for v in c], pa.string()) for n, c in zip(names, columns)}
    view = "__sheet_" + hashlib.sha256(file.local.encode()).hexdigest()[:16]
    con.register(view, pa.table(cells))
    typed = {
        n: "VARCHAR"
        for n, c in zip(names, columns)
        if c and all(isinstance(v, str) or v is None for v in c) and _texts_of_numbers(c)
    }
    return Rows(sql=quote(view), columns=names, texts=True, typed=typed)


def _texts_of_numbers(values: Sequence[Any]) -> bool:
    """A sheet's author wrote numbers as texts, such as account numbers: they stay texts."""
    return any(v is not None and re.fullmatch(r"\s*[+-]?[\d.]+\s*", str(v)) for v in values)


def _cell_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _opened(file: File) -> BinaryIO:
    packed = file.name.lower().endswith(PACKED)
    return gzip.open(file.local, "rb") if packed else open(file.local, "rb")  # type: ignore[return-value]
