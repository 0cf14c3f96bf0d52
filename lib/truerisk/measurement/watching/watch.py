"""watch(): each series week by week, by sequences that allow for being looked at every week."""

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Columns

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.watching.alert import CALM, SINCE_APPROVAL, Departure
from truerisk.measurement.watching.burn_in import BurnIn
from truerisk.measurement.watching.release import WEEK, release
from truerisk.measurement.watching.sequence import Sequence
from truerisk.measurement.watching.series import (
    NAMES,
    OF_EVENTS,
    Series,
    every_series,
    unforeseen,
)
from truerisk.statistics.threads import one_thread
from truerisk.wording.lists import did_you_mean

ALPHA = 0.05  # of a series: half for the sequence since approval, half for those of the quarters
BEST_WEEK = 26.0  # since approval: within 1.7 × Wald from week 13 to beyond week 100
BEST_WEEK_OF_QUARTER = 13.0  # its end, when a shift has had most time to show
NUMBERS = [
    "value", "low", "high", "reference_low", "reference_high", "dollars_a_week", "dollars_at_least",
]  # fmt: skip

Promise = float | tuple[float, float]


@one_thread
def watch(
    log: Log | Evidence,
    promised: Mapping[str, Promise],
    features: Columns[str] = (),
    start: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Running values of every series after each entirely mature week, and where they alert.

    ``log`` holds the decisions of one model (columns as for ``measure``, and ``as_of``, UTC);
    ``start`` is the instant of approval: earlier rows only teach the outcome model. A column ``m``
    is used as it is and must have been fixed before each row; without it m is the score at first
    and then fitted, with ``features``, on earlier quarters only. ``promised`` holds what the model
    was approved on: series → number, or its interval (low, high); for calibration a tolerance such
    as (−.02, .02), for value_error one in dollars. A series without a promise never alerts.

    Series, of eligible rows (π > 0): event_rate; calibration_error, events minus scores per
    application; calibration_error_approved, the same where π = 1; brier; auc, of all rows so far;
    policy_value, dollars an application of the policy that ran; value_error, the part of them
    beyond what the scores said (both where the log has dollars).

    Columns: week (its Monday, UTC), series, scope ("since approval", or a calendar quarter as
    "2026Q3", where the sequence starts afresh), value, low, high, n (applications so far),
    explored_labels (so far, of different subjects), reference_low, reference_high, alert,
    dollars_a_week and dollars_at_least (negative: costs; null without alert or dollars; of events
    it is value_error's), means (a sentence, "" without alert), status. Until a scope has 50
    explored labels (labels, where nothing needs exploration), and 10 events and 10 non-events among
    all that are seen, value is null and status has the counts. low and high hold at all looks at
    once in 95% of runs, both scopes together, for each series; where approved outcomes are unseen
    they hold all that these may be.
    Raises LogError for a log that cannot be watched and for a promise that is no number or of no
    series.
    """
    reference = _checked(promised)
    every = release(log, features, start)
    found: dict[str, list[dict]] = {}  # by series
    for series in every_series(every):
        found[series.name] = list(_scope(series, SINCE_APPROVAL, BEST_WEEK, reference))
    for quarter in every.quarters.unique():
        for series in every_series(every.of_quarter(quarter)):
            found[series.name] += _scope(series, quarter, BEST_WEEK_OF_QUARTER, reference)
    rows = [row for each in found.values() for row in each]
    frame = pd.DataFrame(rows).sort_values("week", kind="stable", ignore_index=True)
    return frame.astype(dict.fromkeys(NUMBERS, "Float64"))


def _checked(promised: Mapping[str, Promise]) -> dict[str, tuple[float, float]]:
    found = {}
    for name, promise in promised.items():
        if name not in NAMES:
            raise LogError(f'No series is called "{name}"; {did_you_mean(name, NAMES)}.')
        low, high = promise if isinstance(promise, tuple | list) else (promise, promise)
        if not -np.inf < low <= high < np.inf:
            raise LogError(
                f"The promised {name} is {promise}; give a number or (low, high), low first."
            )
        found[name] = (float(low), float(high))
    return found


def _scope(
    series: Series,
    scope: str,
    best_week: float,
    reference: Mapping[str, tuple[float, float]],
) -> Iterator[dict]:
    """The rows of one series in one scope."""
    burn, weeks = BurnIn(series), series.on.weeks
    promise = reference.get(series.name)
    first = int(np.argmax(burn.over))
    found = series.sequence(ALPHA / 2, best_week, first) if burn.over.any() else None
    beyond = found and promise and _beyond(series, found, promise, best_week, first)
    for look, over in enumerate(burn.over):
        week, n = weeks[look], int(burn.n[look])
        row = {
            "week": week,
            "series": series.name,
            "scope": scope,
            "value": None,
            "low": None,
            "high": None,
            "n": n,
            "explored_labels": int(burn.explored[look]),
            "reference_low": promise and promise[0],
            "reference_high": promise and promise[1],
            **CALM,
            "status": burn.status(look),
        }
        if found is not None and over:
            i = look - first
            value, low, high = found.at(i)
            row |= {"value": value, "low": low, "high": high}
            if promise and (low > promise[1] or high < promise[0]):
                each = None if beyond is None else beyond.at(i)
                a_week = n / ((week - weeks[0]) / WEEK + 1)
                departure = Departure(
                    series=series.name,
                    scope=scope,
                    value=value,
                    low=low,
                    high=high,
                    reference=promise,
                    applications=a_week,
                    unforeseen=each,
                )
                row |= departure.as_row()
        yield row


def _beyond(
    series: Series, found: Sequence, promise: tuple[float, float], best_week: float, first: int
) -> Sequence | None:
    """The sequence of value_error, which says what events that are not as promised cost."""
    left = bool(((found.low > promise[1]) | (found.high < promise[0])).any())
    money = unforeseen(series.on) if left and series.name in OF_EVENTS else None
    return None if money is None or money.null else money.sequence(ALPHA / 2, best_week, first)
