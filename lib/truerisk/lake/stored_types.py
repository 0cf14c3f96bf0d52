"""The types that rows are stored with, and whether new rows fit a table without a loss."""

from typing import TYPE_CHECKING

import pyarrow as pa

from truerisk.errors import LakeError

if TYPE_CHECKING:
    import pandas as pd


def as_arrow(rows: "pd.DataFrame | pa.Table") -> pa.Table:
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


def fit(rows: pa.Table, held: pa.Schema, table: str) -> pa.Table:
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
