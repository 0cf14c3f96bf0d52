"""Few texts in many rows: a column of the texts that codes stand for."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def coded(texts: Sequence[str], codes: np.ndarray) -> pd.Series:
    """The text at each code, null for −1; shape (n,)."""
    if not len(texts):
        return pd.Series(None, index=range(len(codes)), dtype="str")
    return pd.Series(pd.array(list(texts), dtype="str").take(codes, allow_fill=True))
