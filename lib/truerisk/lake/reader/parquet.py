"""Parquet files as one SELECT: by column name, with the columns of their folders.

A file without rows says nothing about types: an empty day is no rows, not another type.
"""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq

from truerisk.errors import SourceError, told
from truerisk.lake.contract import literal
from truerisk.lake.duck import quote
from truerisk.lake.reader.listing import File, plain

KINDS = {
    "number": lambda t: pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t),
    "text": lambda t: pa.types.is_string(t) or pa.types.is_large_string(t),
    "boolean": pa.types.is_boolean,
    "time": lambda t: pa.types.is_timestamp(t) or pa.types.is_date(t),
}


def parquet_rows(found: list[File], where: str) -> str:
    """A FROM item over the files; SourceError where two hold different kinds of one column."""
    schemas = [(file, *_schema(file, where)) for file in found]
    filled = [(file, schema) for file, schema, rows in schemas if rows] or [schemas[0][:2]]
    names = _kinds(filled, where)
    groups: dict[tuple, list[str]] = {}
    for file, schema in filled:
        held = {n.lower() for n in schema.names}
        own = tuple(n for n in schema.names if not _says_nothing(schema.field(n), names))
        parts = tuple((k, v) for k, v in file.partition if k.lower() not in held)
        groups.setdefault((own if len(own) < len(schema.names) else None, parts), []).append(
            file.local
        )
    selects = []
    for (own, parts), paths in groups.items():
        listed = ["*"] if own is None else [quote(n) for n in own]
        listed += [
            f"CAST({'NULL' if v is None else literal(v)} AS VARCHAR) AS {quote(k)}"
            for k, v in parts
        ]
        files_ = ", ".join(literal(plain(p)) for p in paths)
        selects.append(
            f"SELECT {', '.join(listed)} FROM read_parquet([{files_}], union_by_name = true, "
            "hive_partitioning = false)"
        )
    return f"({' UNION ALL BY NAME '.join(selects)})"


def _schema(file: File, where: str) -> tuple[pa.Schema, int]:
    try:
        meta = pq.read_metadata(file.local)
        return meta.schema.to_arrow_schema(), meta.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{where} cannot be read from {file.name} ({told(error)}).") from error


def _kind(kind: pa.DataType) -> str:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return next((k for k, holds in KINDS.items() if holds(kind)), str(kind))


def _kinds(filled: Iterable[tuple[File, pa.Schema]], where: str) -> dict[str, str]:
    """Column → number, text, boolean, time; that of the first file, and every other's."""
    kinds: dict[str, tuple[str, str]] = {}
    for file, schema in filled:
        for field in schema:
            if pa.types.is_null(field.type):
                continue
            kind = _kind(field.type)
            before, first = kinds.setdefault(field.name.lower(), (kind, file.name))
            if kind != before:
                raise SourceError(
                    f'{where}: column "{field.name}" holds a {before} in {first} and a {kind} in '
                    f"{file.name}; write both files with one type."
                )
    return {name: kind for name, (kind, _) in kinds.items()}


def _says_nothing(field: pa.Field, kinds: dict[str, str]) -> bool:
    """A column of nothing but nulls, which has no type, where another file says what it is."""
    return pa.types.is_null(field.type) and field.name.lower() in kinds
