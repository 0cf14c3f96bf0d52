"""The values of a problem's SQL expressions over the rows of a frame."""

from collections.abc import Mapping

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from truerisk.errors import told
from truerisk.problem.expression import columns_of, sandbox
from truerisk.problem.frames import as_array, as_series
from truerisk.problem.shown import shown


def evaluate(frame: pd.DataFrame, expressions: Mapping[str, str]) -> pd.DataFrame:
    """Each expression over the rows of ``frame``, one column each, in the frame's order.

    A column has the type that its dtype says, with or without values: ``as_frame`` makes dtypes
    that say it, and the result has such. Raises ValueError naming the expression that cannot be
    computed over these columns.
    """
    table = _columns(frame, expressions)
    result = {}
    with sandbox() as con:
        con.register("__rows", table)
        for name, expression in expressions.items():
            try:
                found = con.sql(f"SELECT ({expression}\n) AS value FROM __rows ORDER BY __row")
                values = as_series(found.to_arrow_table()["value"])
            except duckdb.Error as error:
                said = f"{shown(expression)} cannot be computed ({told(error)})"
                raise ValueError(said) from error
            if len(values) != len(frame):
                raise ValueError(f"{shown(expression)} must give one value for each row")
            result[name] = values
    return pd.DataFrame(result, index=frame.index if not result else None)


def _columns(frame: pd.DataFrame, expressions: Mapping[str, str]) -> pa.Table:
    """The columns that the expressions read, found as SQL finds them, and the row's number."""
    needed = set().union(*(columns_of(e) for e in expressions.values())) if expressions else set()
    lower = {str(c).lower(): c for c in frame.columns}
    lower |= {c.lower(): c for c in needed if c in frame.columns}
    made = {}
    for column in dict.fromkeys(lower[c.lower()] for c in sorted(needed) if c.lower() in lower):
        try:
            made[column] = as_array(frame[column])
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise ValueError(f'column "{column}" holds values of several types') from error
    return pa.table({**made, "__row": pa.array(np.arange(len(frame)))})
