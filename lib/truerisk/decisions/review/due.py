"""Until when a verdict is due: the time that a review may take, counted on the problem's calendar.

Time counts on days on which somebody reviews: those whose kind has a capacity above 0, from
midnight to midnight in the calendar's zone, and every day where the review has no capacity. So
with ``within = "1d"`` and nobody at weekends, what comes on Friday at 15:00 is due on Monday at
15:00, and what comes on Saturday on Monday's last midnight. Where nobody reviews on any day, every
day counts.
"""

import numpy as np
import pandas as pd

from truerisk.decisions.capacity.calendar import kinds
from truerisk.problem.actions import KINDS, Action, Calendar

MARGIN = 40  # days beyond the time itself that are looked at first
LONGEST = 3_660  # days: a holiday longer than that is a mistake in the file


def due_times(review: Action, calendar: Calendar, as_of: pd.Series) -> pd.Series:
    """When the verdict on each application is due, UTC, (n,); ``as_of`` is UTC, (n,)."""
    if not len(as_of):
        return as_of
    assert review.within is not None
    within = review.within.total_seconds()
    local = as_of.dt.tz_convert(calendar.zone).dt.tz_localize(None)
    first = local.min().normalize()
    ahead = int(within // 86_400) + MARGIN
    while True:
        days = pd.date_range(first, local.max().normalize() + pd.Timedelta(days=ahead))
        begins = _midnights(days, calendar.zone)
        counts = np.diff(begins) * _open(review, calendar, days[:-1])
        elapsed = np.concatenate([[0.0], np.cumsum(counts)])
        at = as_of.dt.tz_convert("UTC").to_numpy(dtype="datetime64[us]").astype("int64") / 1e6
        day = np.searchsorted(begins, at, side="right") - 1
        spent = np.where(counts[day] > 0, at - begins[day], 0.0)
        target = elapsed[day] + spent + within
        if target.max() <= elapsed[-1] or ahead > LONGEST:
            break
        ahead *= 4
    # The first day by whose end as much has elapsed; where it ends just then, that is the time.
    last = np.minimum(np.searchsorted(elapsed, target, side="left") - 1, len(counts) - 1)
    due = begins[last] + target - elapsed[last]
    micros = np.round(due * 1e6).astype("int64").astype("datetime64[us]")
    return pd.Series(pd.DatetimeIndex(micros).tz_localize("UTC"), index=as_of.index)


def _midnights(days: pd.DatetimeIndex, zone: str) -> np.ndarray:
    """The instants at which local days begin, in seconds since 1970; days may last 23 or 25 h."""
    begins = days.tz_localize(zone, nonexistent="shift_forward", ambiguous=True)
    return begins.tz_convert("UTC").to_numpy(dtype="datetime64[us]").astype("int64") / 1e6


def _open(review: Action, calendar: Calendar, days: pd.DatetimeIndex) -> np.ndarray:
    """1 for the days that count, (days,)."""
    if review.capacity is None or not any(review.capacity.values()):
        return np.ones(len(days))
    seats = np.array([review.capacity[kind] for kind in KINDS])
    each = kinds(days.to_numpy(dtype="datetime64[D]"), calendar.holidays)
    return (seats[each] > 0).astype(float)
