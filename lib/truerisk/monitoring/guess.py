"""The outcome model of a log, fitted once for everything that is measured on it."""

from collections.abc import Sequence

import pandas as pd

from truerisk.measurement.log import mature_rows
from truerisk.measurement.outcome_model import cross_fit


def guessed(log: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """The log with ``m``, P(event | score, features) of every row, young ones too.

    Cross-fitted by subject on the mature outcomes: a young row's outcome is in no fit.
    """
    young = ~log["mature"].to_numpy(dtype=bool)
    known = log.assign(revealed=log["revealed"] & ~young, event=log["event"].mask(young))
    frame, rows = mature_rows(known.assign(mature=True), as_logged=False)
    return log.assign(m=cross_fit(frame, rows, features))
