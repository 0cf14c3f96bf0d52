"""Who is who, as text: the number 7, read as 7, 7.0 or "7" on another day, is one and the same."""

import re
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd

DIGITS = 40  # more than any key has; an exponent is no reason to write a million of them
WHOLE = re.compile(r"^([+-]?\d+)\.0+$")


def is_number(values: pd.Series) -> bool:
    """Whether these ids are numbers; an id that is text is only what it says: "7.0" is not "7"."""
    kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return False
    if pd.api.types.is_object_dtype(kind):
        some = values.dropna()
        return len(some) > 0 and isinstance(some.iloc[0], int | Decimal)
    return bool(pd.api.types.is_numeric_dtype(kind))


def as_text(values: pd.Series) -> pd.Series:
    """Ids as text, whole numbers without a decimal point; same index."""
    if not is_number(values) or pd.api.types.is_integer_dtype(values.dtype):
        return values.astype(str)
    if pd.api.types.is_float_dtype(values.dtype):
        floats = values.to_numpy(dtype=float)
        if np.isfinite(floats).all() and (floats == np.floor(floats)).all():
            return pd.Series([str(int(v)) for v in floats.tolist()], values.index, dtype="str")
    return values.astype(str).str.replace(WHOLE, r"\1", regex=True)


def written_like(text: str, held: pd.Series) -> str:
    """One id as a person wrote it, in the form that ``as_text`` gives the ``held`` ones."""
    return _number(text) if is_number(held) else text


def alike(values: pd.Series, held: pd.Series) -> pd.Series:
    """``values`` as text, read as numbers where the ``held`` ids are numbers; same index.

    What a text or decimal has that no number is written with stays as it is, and meets nobody.
    """
    texts = as_text(values)
    return texts.map(_number) if is_number(held) and not is_number(values) else texts


def _number(text: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not value.is_finite() or abs(value.adjusted()) > DIGITS:
        return text
    return str(int(value)) if value == value.to_integral_value() else str(float(value))
