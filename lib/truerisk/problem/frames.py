"""Arrow as pandas without losing a type: what goes back to Arrow is what came.

By itself pandas makes whole numbers beside a null doubles, decimals objects, and a column without
any value nothing at all: then what a column is would depend on the rows that a batch happens to
have.
"""

import pandas as pd
import pyarrow as pa

NULLABLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def as_frame(table: pa.Table) -> pd.DataFrame:
    """The table's columns by name, shape (rows, columns), each of a dtype that says its type.

    Whole numbers and booleans without nulls, doubles, texts and timestamps are pandas' own; with
    nulls the first two are pandas' nullable ones. Categories are texts; all else is as Arrow has
    it, also what has no type of its own because it is null everywhere.
    """
    return pd.DataFrame({name: as_series(table[name]) for name in table.column_names})


def as_series(column: pa.ChunkedArray) -> pd.Series:
    """One column of ``as_frame``."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if column.null_count and column.type in NULLABLE:
        return column.to_pandas(types_mapper=NULLABLE.get)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column.to_pandas().astype("str")
    if _is_own(column.type):
        return column.to_pandas()
    return column.to_pandas(types_mapper=pd.ArrowDtype)


def as_array(values: pd.Series) -> pa.Array:
    """The way back: a column of ``as_frame`` in Arrow, NaN being null, of the type it came with."""
    kind = pa.large_string() if isinstance(values.dtype, pd.StringDtype) else None
    return pa.Array.from_pandas(values, type=kind)


def _is_own(kind: pa.DataType) -> bool:
    """True for a type that pandas does not make objects of."""
    return bool(
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_timestamp(kind)
    )
