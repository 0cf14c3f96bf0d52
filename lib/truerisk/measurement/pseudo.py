"""Pseudo-labels: what stands for the event and for its absence in every row.

Every metric is written for two weights per row, ``a`` for the event and ``b`` for no event:
naive a = y, b = 1 − y on revealed rows; IPW a = (R/π)y, b = (R/π)(1 − y); DR a = ỹ, b = 1 − ỹ with
ỹ = m + (R/π)(y − m), left outside [0, 1].
"""

from dataclasses import dataclass

import numpy as np

from truerisk.measurement.log import Rows


@dataclass(frozen=True)
class Pseudo:
    """``a`` and ``b``, each of shape (n,)."""

    a: np.ndarray
    b: np.ndarray


def naive(rows: Rows, m: np.ndarray, y: np.ndarray, seen: np.ndarray) -> Pseudo:
    """The revealed rows, unweighted."""
    return Pseudo(seen * y, seen * (1 - y))


def ipw(rows: Rows, m: np.ndarray, y: np.ndarray, seen: np.ndarray) -> Pseudo:
    """Horvitz–Thompson weights, normalised by the metrics (Hájek); rows with π = 0 count as one.

    They enter only where their outcome does not matter: estimate() prints nothing otherwise.
    """
    w = np.where(rows.pi > 0, _weight(rows, seen), 1.0)
    return Pseudo(w * y, w * (1 - y))


def dr(rows: Rows, m: np.ndarray, y: np.ndarray, seen: np.ndarray) -> Pseudo:
    """Doubly robust, ỹ = m + (R/π)(y − m); rows with π = 0 carry y as given (bounds)."""
    w = _weight(rows, seen)
    a = np.where(rows.pi > 0, m + w * (y - m), y)
    return Pseudo(a, 1 - a)


ESTIMATORS = {"naive": naive, "ipw": ipw, "dr": dr}


def _weight(rows: Rows, seen: np.ndarray) -> np.ndarray:
    return np.divide(seen, rows.pi, out=np.zeros(len(rows)), where=rows.pi > 0)
