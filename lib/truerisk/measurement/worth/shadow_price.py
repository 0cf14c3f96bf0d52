"""What one more reviewed application a day is worth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.worth.action_values import ActionValues, action_values
from truerisk.measurement.worth.capacity import a_day, check_capacity, daily
from truerisk.measurement.worth.figure import Figure, settled, table
from truerisk.measurement.worth.review_curve import flag_and_rest
from truerisk.statistics.influence import Value
from truerisk.statistics.threads import one_thread

LABELS = 100  # expected around the cutoff
STEPS = 20


@one_thread
def shadow_price(
    log: Log | Evidence | ActionValues,
    capacity_per_day: float,
    flag: str | None = None,
    features: Sequence[str] = (),
    rest: str | None = None,
) -> pd.DataFrame:
    """Dollars a day that one more flag a day adds at the capacity: ∂ net dollars / ∂ capacity.

    [net(c + δ) − net(c − δ)] / 2δ, paired by day, its interval clustered by subject and day. δ is
    the least that leads one to expect 100 labels between c − δ and c + δ (at most c): the figure
    is the mean price of the flags between those two, exact where the price falls evenly. Actions
    as in ``review_curve``. Rows: shadow_price (``at`` the capacity) and shadow_price_reach (δ).
    Raises LogError as ``review_curve`` does.
    """
    s = action_values(log, features)
    gain, _ = flag_and_rest(s, flag, rest)
    check_capacity(s, capacity_per_day)
    if not len(s):
        return table(
            [
                settled(
                    s, Figure(name="shadow_price", unit="dollars", of=_nothing, at=capacity_per_day)
                )
            ]
        )
    reach = _reach(s, capacity_per_day)
    at = daily(s, capacity_per_day)
    more, less = (s.daily.up_to(capacity_per_day + d) for d in (reach, -reach))
    step = (more - less) / (2 * reach)

    def of(a: np.ndarray, b: np.ndarray) -> Value:
        extra = gain[0] * a + gain[1] * b
        return a_day(s, at, extra * step, (gain[0] - gain[1]) * step, 0 * extra)

    unit = "dollars a day for one more a day"
    row = settled(s, Figure(name="shadow_price", unit=unit, of=of, at=capacity_per_day, daily=True))
    width = {**row, "figure": "shadow_price_reach", "unit": "applications a day", "value": reach}
    return table([row, width | {"low": None, "high": None}])


def _reach(s: ActionValues, capacity: float) -> float:
    """Half the width of the band of ranks: from the propensities alone, never from outcomes."""
    for part in np.linspace(1 / STEPS, 1, STEPS):
        reach = capacity * float(part)
        band = s.daily.up_to(capacity + reach) - s.daily.up_to(capacity - reach)
        if (band * s.rows.pi).sum() >= LABELS:
            break
    return reach


def _nothing(a: np.ndarray, b: np.ndarray) -> Value:
    return Value(np.nan, a, b)
