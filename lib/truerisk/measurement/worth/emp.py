"""Expected maximum profit of a credit score, for comparison with the literature."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.worth.action_values import ActionValues, action_values
from truerisk.measurement.worth.figure import Figure, settled, table
from truerisk.statistics.influence import Value, ratio
from truerisk.statistics.threads import one_thread


@one_thread
def emp(
    log: Log | Evidence | ActionValues,
    features: Sequence[str] = (),
    success_rate: float = 0.55,
    default_rate: float = 0.1,
    roi: float = 0.2644,
) -> pd.DataFrame:
    """EMP = ∫₀¹ max_t [λ·π₀F₀(t) − ROI·π₁F₁(t)] h(λ) dλ, weighted by doubly robust labels.

    λ is the share of a loan lost at default: 0 with ``success_rate``, 1 with ``default_rate``, else
    uniform; π₀F₀ the share of all who would default and are declined, π₁F₁ of those who would pay
    and are. In shares of the loan amount, not in dollars of this log. The best cutoff for every λ
    is where the isotonic fit of the event on the score crosses ROI/(λ + ROI), so that the integral
    is exact; the interval takes the cutoffs as given (they are optimal: no first-order effect).
    Rows: emp and emp_fraction (share declined at the optimum, without an interval). The maximum is
    taken on the data it is valued on: slightly too high where labels are few. Source: Verbraken,
    Bravo, Weber, Baesens 2014. Raises LogError.
    """
    if min(success_rate, default_rate) < 0 or success_rate + default_rate > 1 or not roi > 0:
        raise LogError(
            f"success_rate {success_rate:g} and default_rate {default_rate:g} must be shares that "
            f"sum to at most 1, and roi {roi:g} must be above 0."
        )
    s = action_values(log, features)
    between = 1 - success_rate - default_rate

    def of(a: np.ndarray, b: np.ndarray) -> Value:
        least = _least(a, b, s.start, s.size, roi)  # the λ from which a row is declined
        lost = default_rate * (least < 1) + between * (1 - least**2) / 2
        paid = default_rate * (least < 1) + between * (1 - least)
        each = lost * a - roi * paid * b
        return ratio(each, a + b, lost + roi * paid)

    row = settled(s, Figure(name="emp", unit="share of the amount, per application", of=of))
    fraction = {**row, "figure": "emp_fraction", "unit": "share of applications declined"}
    if row["value"] is not None:
        least = _least(s.a, s.b, s.start, s.size, roi)
        share = default_rate * (least < 1) + between * (1 - least)
        fraction |= {"value": float(share.mean()), "low": None, "high": None}
    return table([row, fraction])


def _least(
    a: np.ndarray, b: np.ndarray, start: np.ndarray, size: np.ndarray, roi: float
) -> np.ndarray:
    """λ above which declining pays, in [0, 1], by score; a row's odds are those of its block."""
    from scipy.optimize import isotonic_regression

    first = np.flatnonzero(np.diff(start, prepend=-1))
    at = np.add.reduceat(a, first), np.add.reduceat(b, first)
    total = at[0] + at[1]
    if (total <= 0).any():
        total = size[first].astype(float)
    rate = isotonic_regression(at[0] / total, weights=total, increasing=False).x
    rate = np.repeat(rate, size[first])
    with np.errstate(divide="ignore"):
        return np.where(rate > 0, np.clip(roi * (1 - rate) / np.maximum(rate, 1e-300), 0, 1), 1.0)
