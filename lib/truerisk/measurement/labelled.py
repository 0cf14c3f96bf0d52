"""A log with its pseudo-labels: the ground on which vintages, dollars and fairness are built."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.measurement.log import Rows, mature_rows
from truerisk.measurement.outcome_model import cross_fit
from truerisk.measurement.pseudo import ESTIMATORS


@dataclass(frozen=True)
class Labelled:
    """The mature rows of a log; all arrays of shape (n,).

    ``a`` is the doubly robust weight of the event (ỹ, left outside [0, 1]), ``b`` that of no event.
    Rows with π = 0 have no pseudo-label: only ``eligible`` ones may enter an estimate.
    """

    frame: pd.DataFrame
    rows: Rows
    m: np.ndarray
    a: np.ndarray
    b: np.ndarray

    @property
    def eligible(self) -> np.ndarray:
        return self.rows.pi > 0


def labelled(log: pd.DataFrame, features: Sequence[str] = ()) -> Labelled:
    """The log's mature rows with ỹ = m + (R/π)(y − m); raises LogError as ``measure`` does.

    ``features`` names columns that the outcome model may use beside the score; a column ``m`` in
    the log is taken as it is.
    """
    frame, rows = mature_rows(log)
    m = frame["m"].to_numpy(dtype=float) if "m" in frame else cross_fit(frame, rows, features)
    p = ESTIMATORS["dr"](rows, m, rows.y, rows.seen)
    return Labelled(frame, rows, m, p.a, p.b)
