"""From the simulator's own units (whole numbers, days as float) to typed table columns."""

import numpy as np
import pandas as pd

MICROSECONDS_A_DAY = 86_400_000_000


def identifiers(prefix: str, count: int, digits: int) -> pd.api.extensions.ExtensionArray:
    """Keys `prefix` + 1…`count`, padded with zeros so that they sort in order; shape (count,)."""
    numbers = pd.Series(np.arange(1, count + 1)).astype("str")
    return (prefix + numbers.str.zfill(digits)).array


def named(names: list[str], codes: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """The name behind each code; a code of -1 is null."""
    return pd.array(names, dtype="str").take(codes, allow_fill=True)


def instants(origin: pd.Timestamp, day: np.ndarray) -> pd.DatetimeIndex:
    """`origin` + `day` (days as float) as `datetime64[us, UTC]`."""
    after = np.round(np.asarray(day) * MICROSECONDS_A_DAY).astype("timedelta64[us]")
    return origin.as_unit("us") + pd.TimedeltaIndex(after)
