"""Few texts in many rows: a column of the texts that codes stand for."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa


def coded(texts: Sequence[str], codes: np.ndarray) -> pd.Series:
    """The text at each code, null for −1; shape (n,)."""
    if not len(texts):
        return pd.Series(None, index=range(len(codes)), dtype="str")
    places = pa.array(codes, mask=codes < 0)
    made = pa.DictionaryArray.from_arrays(places, pa.array(texts, pa.large_string()))
    return pd.Series(pd.array(made.cast(pa.large_string()), dtype="str"))
