"""Dollars as they came: exact, no estimator needed."""

import numpy as np

from truerisk.errors import LogError
from truerisk.measurement.estimate import AS_RUN
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.interval import se_of, wald
from truerisk.wording.counted import counted


def booked(rows: Rows, realised: np.ndarray) -> dict:
    """Dollars per application as they came, Σ realised_value / n: exact, no estimator needed.

    The interval allows for other applications of the same kind, not for unknown outcomes.
    """
    unknown = int(np.isnan(realised).sum())
    if unknown:
        raise LogError(
            f"The log's realised_value is null in {unknown:,} of {len(realised):,} mature rows; "
            "every decision has booked something by then, a decline 0."
        )
    value = float(realised.mean())
    sums = rows.sums(realised - value)
    ends: tuple[float | None, float | None] = None, None
    status = f"no interval: all {counted(len(realised), 'application')} are of one subject"
    if np.isfinite(se := se_of(sums, len(realised))):
        ends, status = wald(value, se), "ok"
    return {
        "metric": "realised_value",
        "policy": AS_RUN,
        "at": None,
        "estimator": "booked",
        "population": "all",
        "value": value,
        "low": ends[0],
        "high": ends[1],
        "lowest": None,
        "highest": None,
        "n": len(realised),
        "effective_n": float(len(realised)),
        "labels": len(realised),
        "explored_labels": 0,
        "largest_weight": 1.0,
        "share_not_identified": 0.0,
        "status": status,
    }
