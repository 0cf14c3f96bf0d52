"""Due times: a review's time counts on days on which somebody reviews."""

from typing import Any

import pandas as pd
import pytest

from truerisk.decisions.review.due import due_times
from truerisk.problem.actions import Action, Calendar

OPEN = {"working": 10, "saturday": 0, "sunday": 0, "holiday": 0}


def review(within: str = "1d", capacity: Any = None) -> Action:
    return Action(
        reveals=True, if_event="0", if_no_event="0", within=within, capacity=capacity, late="b",
        verdicts={"pass": "a", "decline": "b"}, audit=0.05,
    )  # fmt: skip


def due(came: str, within: str = "1d", capacity: Any = None, **calendar: Any) -> str:
    at = pd.Series([pd.Timestamp(came, tz="UTC")]).astype("datetime64[us, UTC]")
    found = due_times(review(within, capacity), Calendar(**calendar), at)
    return f"{found.iloc[0]:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("came", "within", "capacity", "said"),
    [
        ("2026-03-04 15:00", "1d", None, "2026-03-05 15:00"),
        ("2026-03-06 15:00", "1d", None, "2026-03-07 15:00"),  # no capacity: every day
        ("2026-03-06 15:00", "1d", 10, "2026-03-07 15:00"),
        ("2026-03-06 15:00", "1d", OPEN, "2026-03-09 15:00"),  # Friday to Monday
        ("2026-03-07 11:00", "1d", OPEN, "2026-03-10 00:00"),  # Saturday: all of Monday
        ("2026-03-06 15:00", "6h", OPEN, "2026-03-06 21:00"),
        ("2026-03-06 15:00", "9h", OPEN, "2026-03-07 00:00"),  # ends with Friday
        ("2026-03-06 15:00", "10d", OPEN, "2026-03-20 15:00"),
    ],
)
def test_time_counts_on_days_with_seats(came: str, within: str, capacity: Any, said: str) -> None:
    assert due(came, within, capacity) == said


def test_holidays_and_zones_count() -> None:
    assert due("2026-03-06 15:00", "1d", OPEN, holidays=["2026-03-09"]) == "2026-03-10 15:00"
    # Friday 23:30 UTC is Saturday in Madrid: the day that counts is Monday's, to its midnight.
    assert due("2026-03-06 23:30", "1d", OPEN, zone="Europe/Madrid") == "2026-03-09 23:00"
    # The clocks go forward on the 29th, a Sunday that counts: its day has 23 hours.
    assert due("2026-03-28 12:00", "1d", 10, zone="Europe/Madrid") == "2026-03-29 12:00"


def test_where_nobody_ever_reviews_every_day_counts() -> None:
    never = dict.fromkeys(OPEN, 0)
    assert due("2026-03-06 15:00", "1d", never) == "2026-03-07 15:00"
