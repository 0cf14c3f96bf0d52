"""Rows by group: the values of a column, or bands of scores; a name is made last and is unique."""

from collections import Counter

import numpy as np
import pandas as pd

from truerisk.errors import LogError

UNKNOWN = "not known"
BAND = "score band"


def groups(values: pd.Series) -> np.ndarray:
    """The name of each row's group, (n,); null is a group of its own, "not known".

    Different values have different names, also 1 and "1", or the text "not known": those that
    would be written alike are written as Python does.
    """
    try:
        code, found = pd.factorize(values)
    except TypeError:
        raise LogError(f'The column "{values.name}" of the log holds lists.') from None
    written = [_written(value) for value in found]
    taken = Counter([*written, UNKNOWN])
    names = [text if taken[text] == 1 else repr(value) for text, value in zip(written, found)]
    return np.array([*names, UNKNOWN], dtype=object)[code]  # the last is that of null, −1


def bands(score: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    """The band of each row, 1 for the lowest scores, and how many bands there are.

    ``count`` quantiles; fewer where scores are equal.
    """
    edges = np.unique(np.quantile(score, np.linspace(0, 1, count + 1)[1:-1]))
    found, code = np.unique(np.searchsorted(edges, score, "right"), return_inverse=True)
    return code + 1, len(found)


def _written(value: object) -> str:
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]
