from datetime import date

import numpy as np
import pandas as pd

from truerisk.decisions.capacity.calendar import kinds, moments
from truerisk.problem.actions import KINDS


def times(*texts: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts), utc=True))


def test_a_day_is_the_local_one() -> None:
    at = moments(times("2025-03-10 03:30", "2025-03-10 04:00"), "America/New_York")
    assert [str(day) for day in at.day] == ["2025-03-09", "2025-03-10"]
    assert list(at.clock) == [23.5 * 3_600, 0.0]


def test_without_a_zone_a_day_is_the_utc_day() -> None:
    at = moments(times("1969-12-31 23:59:59.5"))
    assert str(at.day[0]) == "1969-12-31"
    assert at.clock[0] == 86_399.5


def test_a_day_is_a_holiday_before_it_is_anything_else() -> None:
    days = np.arange(np.datetime64("2025-04-17"), np.datetime64("2025-04-22"))
    found = [KINDS[k] for k in kinds(days, [date(2025, 4, 18), date(2025, 4, 20)])]
    assert found == ["working", "holiday", "saturday", "holiday", "working"]
