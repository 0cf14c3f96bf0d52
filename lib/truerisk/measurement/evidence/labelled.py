"""A log with its pseudo-labels: the ground on which vintages, dollars and fairness are built."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.pseudo import dr
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """The mature rows of a log; all arrays of shape (n,).

    ``a`` is the doubly robust weight of the event (ỹ, left outside [0, 1]), ``b`` that of no event,
    ``w`` the weight of what is seen, R/π.
    Rows with π = 0 have no pseudo-label: only ``eligible`` ones may enter an estimate.
    """

    frame: pd.DataFrame
    rows: Rows
    m: np.ndarray
    a: np.ndarray
    b: np.ndarray
    w: np.ndarray

    @property
    def eligible(self) -> np.ndarray:
        return self.rows.pi > 0


def labelled(log: Log | Evidence, features: Sequence[str] = ()) -> Labelled:
    """The log's mature rows with ỹ = m + (R/π)(y − m); raises LogError as ``measure`` does.

    ``features`` names columns that the outcome model may use beside the score; a column ``m`` in
    the log is taken as it is.
    """
    known = evidence_of(log, features)
    guess = known.guess(features)
    p = dr(known.rows, guess)
    return Labelled(frame=known.frame, rows=known.rows, m=guess.event, a=p.a, b=p.b, w=p.w)
