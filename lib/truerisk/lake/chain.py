"""Rows that hold the hash of the rows before them, so that a later change can be seen.

A link is what one writer added in one breath: an event of the registry, a batch of decisions. Its
rows share ``chain_at`` (0, 1, …), ``chain_rows`` (how many they are), ``chain_previous`` (the hash
of the link before) and ``chain_hash`` (sha256 of their content with chain_previous). Rows that are
older than chains have null there; the first link follows the hash of all of them.

``chains/<table>.json`` notes the newest link, so that links missing at the end are seen too. There
is no secret in a chain: who can write the lake can write a chain anew, and only a head that was
noted elsewhere shows it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from truerisk.errors import LakeError
from truerisk.lake import objects
from truerisk.lake.duck import session
from truerisk.lake.lake import Lake
from truerisk.wording.counted import counted

AT, ROWS, PREVIOUS, HASH = "chain_at", "chain_rows", "chain_previous", "chain_hash"
SCHEMA = pa.schema({AT: pa.int64(), ROWS: pa.int64(), PREVIOUS: pa.string(), HASH: pa.string()})
NOT_HASHED = {AT, HASH}
COMPLETE = f"SELECT {AT}, {HASH} FROM held WHERE {AT} IS NOT NULL ORDER BY {AT} DESC LIMIT 1"


@dataclass(frozen=True)
class Head:
    """The newest link; ``at`` is -1 before the first, and ``hash`` that of what is older."""

    at: int
    hash: str


def head(lake: Lake, table: str, version: int | None, key: str) -> Head:
    """The newest link of a table at a version; None is a table that is not there yet."""
    if version is None:
        return Head(-1, "")
    with session() as con:
        held = lake.scan(con, table, version)
        held.create_view("held")
        for at, digest in con.sql(COMPLETE).fetchall() if AT in held.columns else ():
            return Head(int(at), str(digest))
        older = con.sql("SELECT * FROM held").to_arrow_table()
    return Head(-1, _digest(older, key) if older.num_rows else "")


def newest(rows: pa.Table, key: str) -> Head:
    """The newest link among all rows of a table."""
    import pyarrow.compute as pc  # here and below: who only reads rows does not wait for it

    if AT in rows.column_names and (last := pc.max(rows[AT]).as_py()) is not None:
        return Head(last, rows.filter(pc.equal(rows[AT], last))[HASH][0].as_py())
    return Head(-1, _digest(rows, key) if rows.num_rows else "")


def link(before: Head, rows: pa.Table, key: str) -> tuple[pa.Table, Head]:
    """The rows as the link that follows ``before``, and that link as the new head."""
    rows = rows.drop_columns([c for c in SCHEMA.names if c in rows.column_names])
    said = {AT: before.at + 1, ROWS: rows.num_rows, PREVIOUS: before.hash}
    for name, value in said.items():
        rows = rows.append_column(
            SCHEMA.field(name), pa.repeat(pa.scalar(value, SCHEMA.field(name).type), rows.num_rows)
        )
    digest = _digest(rows, key)
    column = pa.repeat(pa.scalar(digest), rows.num_rows)
    return rows.append_column(SCHEMA.field(HASH), column), Head(before.at + 1, digest)


def is_as_written(rows: pa.Table, key: str) -> bool:
    """Whether all rows of one link say what their hash says."""
    return bool(_digest(rows, key) == rows[HASH][0].as_py())


def note(lake: Lake, table: str, head_: Head) -> None:
    """Note the newest link outside the table, unless a newer one is noted."""
    held = noted(lake, table)
    if held is None or held.at < head_.at:
        text = json.dumps({"at": head_.at, "hash": head_.hash})
        objects.write_bytes(_note(lake, table), text.encode())


def noted(lake: Lake, table: str) -> Head | None:
    """The newest link that was noted; LakeError where the note is damaged."""
    content = objects.read_bytes(_note(lake, table))
    if content is None:
        return None
    try:
        said = json.loads(content)
        return Head(int(said["at"]), str(said["hash"]))
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError(f"{_note(lake, table)} is damaged; restore it from a copy.") from error


def breaks(
    rows: pa.Table,
    key: str,
    noted_: Head | None = None,
    called: Callable[[pa.Table], str] = lambda rows: "",
) -> Iterator[str]:
    """Where the chain of a table breaks, in order; nothing where it is whole.

    ``called`` says of a link's rows what they are.
    """
    import pyarrow.compute as pc

    if AT not in rows.column_names:
        rows = rows.append_column(SCHEMA.field(AT), pa.nulls(rows.num_rows, pa.int64()))
    older = rows.filter(pc.is_null(rows[AT]))
    linked = rows.filter(pc.is_valid(rows[AT]))
    places = sorted(pc.unique(linked[AT]).to_pylist())
    previous = _digest(older, key) if older.num_rows else ""
    expected = 0
    for at in places:
        own = linked.filter(pc.equal(linked[AT], at))
        what = called(own)
        named = f"link {at}{what and f' ({what})'}"
        if at > expected:
            lost = (
                f"link {expected} is" if at == expected + 1 else f"links {expected} to {at - 1} are"
            )
            yield f"{lost} missing before {named}"
        written, hashed = own[ROWS][0].as_py(), own[HASH][0].as_py()
        if own.num_rows != written:
            yield f"{named} has {counted(own.num_rows, 'row')} where {written:,} were written"
        elif _digest(own, key) != hashed:
            yield f"{named} was edited"
        if at == expected and own[PREVIOUS][0].as_py() != previous:
            before = f"link {at - 1}" if at else "the rows that are older than the chain"
            yield f"{named} does not follow {before}: something was changed, added or reordered"
        previous, expected = hashed, at + 1
    if noted_ is not None and noted_.at >= expected:
        yield f"links {expected} to {noted_.at} are missing at the end"
    elif noted_ is not None and noted_.at in places:
        own = linked.filter(pc.equal(linked[AT], noted_.at))
        if own[HASH][0].as_py() != noted_.hash:
            yield f"link {noted_.at} is not the one that was noted when it was written"


def _digest(rows: pa.Table, key: str) -> str:
    """sha256 of what rows say, in whatever order they and their columns come.

    A column without a value counts for nothing: the table may have got it later.
    """
    import pyarrow.compute as pc

    rows = rows.take(pc.sort_indices(rows, [(key, "ascending")]))
    made = hashlib.sha256(f"{rows.num_rows}".encode())
    for name in sorted(set(rows.column_names) - NOT_HASHED):
        column = rows[name].combine_chunks()
        if column.null_count == len(column):
            continue
        family, values = _values(column)
        made.update(json.dumps([name, family, len(values)]).encode())
        made.update(np.asarray(column.is_valid()).astype("u1").tobytes())
        made.update(values)
    return made.hexdigest()


def _values(column: pa.Array) -> tuple[str, bytes]:
    """A column's values as bytes that depend on no library's version."""
    kind = column.type
    if pa.types.is_floating(kind):
        numbers = np.asarray(column.cast(pa.float64()).fill_null(0.0)).astype("<f8")
        return "float", np.where(np.isnan(numbers), np.nan, numbers).tobytes()
    if pa.types.is_integer(kind):
        return "integer", np.asarray(column.fill_null(0)).astype("<i8").tobytes()
    if pa.types.is_boolean(kind):
        return "boolean", np.asarray(column.fill_null(False)).astype("u1").tobytes()
    if pa.types.is_timestamp(kind):
        micros = column.cast(pa.timestamp("us", tz=kind.tz)).cast(pa.int64())
        return "time", np.asarray(micros.fill_null(0)).astype("<i8").tobytes()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts = column.to_pylist()
    else:
        texts = [None if v is None else str(v) for v in column.to_pylist()]
    return "text", json.dumps(texts).encode()


def _note(lake: Lake, table: str) -> str:
    return f"{lake.root}/chains/{table}.json"
