"""Rows of tables as JSON, and back, without losing a bit: what a chain hashed stays what it was."""

import json
from datetime import datetime
from typing import Any

import pyarrow as pa

from truerisk.lake import chain

BARE = {
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
}


def as_json(rows: pa.Table, key: str) -> dict[str, Any]:
    """``{"key": …, "types": {column: type}, "rows": […]}``; numbers as the shortest text that is
    read as the same one, times as UTC to the microsecond, what is of no type of BARE as its text:
    so too the chain hashes them."""
    types = {field.name: _family(field.type) for field in rows.schema}
    listed = [{k: plain(v) for k, v in row.items()} for row in rows.to_pylist()]
    return {"key": key, "types": types, "rows": listed}


def from_json(said: dict[str, Any]) -> pa.Table:
    """The rows of ``as_json``, of the types that they had."""
    schema = pa.schema({name: BARE[family] for name, family in said["types"].items()})
    times = [f.name for f in schema if pa.types.is_timestamp(f.type)]
    rows = [dict(row) for row in said["rows"]]
    for row in rows:
        row |= {t: datetime.fromisoformat(row[t]) for t in times if row[t] is not None}
    return pa.Table.from_pylist(rows, schema=schema)


def links_of(rows: pa.Table, key: str) -> tuple[int, list[int], list[int]]:
    """Of the links among the rows: how many say what their hash says, the places of those that do
    not, and the places of those that are not here whole, of which nothing can be said."""
    good, broken, parts = 0, [], []
    places = rows[chain.AT].to_pylist() if chain.AT in rows.column_names else []
    for at in sorted({p for p in places if p is not None}):
        own = rows.filter(pa.array([p == at for p in places]))
        if own.num_rows != own[chain.ROWS][0].as_py():
            parts.append(at)
        elif chain.is_as_written(own, key):
            good += 1
        else:
            broken.append(at)
    return good, broken, parts


def text(value: Any) -> bytes:
    """Any JSON as the evidence keeps it."""
    return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False) + "\n").encode()


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, float) and value != value:
        return None
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _family(kind: pa.DataType) -> str:
    if pa.types.is_floating(kind):
        return "number"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_boolean(kind):
        return "boolean"
    return "time" if pa.types.is_timestamp(kind) else "text"
