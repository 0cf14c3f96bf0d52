"""A feature in a few bins, and what each bin says about the event."""

import numpy as np
import pandas as pd

SMOOTHING = 10.0  # pseudo-rows per bin at the overall rate: a bin of three rows proves nothing
RARE = 0.01  # categories with a smaller share are one bin


def bins(values: pd.Series, count: int) -> np.ndarray | list[str]:
    """Inner edges by quantile for numbers; the levels that are not rare for text."""
    if pd.api.types.is_numeric_dtype(values):
        known = values.dropna()
        if known.empty:
            return np.empty(0)
        inner = known.quantile(np.linspace(0, 1, count + 1)[1:-1])
        return np.unique(inner.to_numpy())
    share = values.value_counts(normalize=True)
    return sorted(share.index[share >= RARE])


def size(bins: np.ndarray | list[str]) -> int:
    """Number of codes: intervals and missing, or levels, other and missing."""
    return len(bins) + 2


def codes(values: pd.Series, bins: np.ndarray | list[str]) -> np.ndarray:
    """The bin of each row, shape (n,): right-closed intervals; the last code is missing."""
    missing = values.isna().to_numpy()
    if isinstance(bins, np.ndarray):
        code = np.searchsorted(bins, values.to_numpy(dtype=float), side="left")
    else:
        code = pd.Index(bins).get_indexer(pd.Index(values))
        code = np.where(code < 0, len(bins), code)
    return np.where(missing, len(bins) + 1, code)


def evidence(codes: np.ndarray, event: np.ndarray, size: int) -> np.ndarray:
    """Smoothed weight of evidence per bin, shape (size,)."""
    rate = event.mean()
    events = np.bincount(codes, weights=event, minlength=size) + SMOOTHING * rate
    rows = np.bincount(codes, minlength=size) + SMOOTHING
    return np.log((rows - events) / events) - np.log((1 - rate) / rate)
