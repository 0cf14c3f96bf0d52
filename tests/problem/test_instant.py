"""Instants are UTC, whole microseconds, and never guessed."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from truerisk.errors import TrueriskError
from truerisk.problem.instant import instant

NOON = pd.Timestamp("2026-06-30 12:00", tz="UTC")


@pytest.mark.parametrize(
    "value",
    [
        "2026-06-30T12:00:00Z",
        "2026-06-30T14:00:00+02:00",
        "2026-06-30 12:00",
        datetime(2026, 6, 30, 12),
        datetime(2026, 6, 30, 12, tzinfo=UTC),
        pd.Timestamp("2026-06-30 08:00", tz="America/New_York"),
        pd.Timestamp("2026-06-30 12:00:00.000000999"),
    ],
)
def test_offsets_convert_naive_means_utc_and_nanoseconds_are_cut(value: object) -> None:
    assert instant(value) == NOON
    assert str(instant(value).tz) == "UTC"
    assert instant(value).unit == "us"


@pytest.mark.parametrize("value", ["2026-06-30", date(2026, 6, 30)])
def test_a_date_means_midnight_utc(value: object) -> None:
    assert instant(value) == pd.Timestamp("2026-06-30 00:00", tz="UTC")


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_cutoff_is_now(value: object) -> None:
    before = pd.Timestamp.now("UTC")
    assert before.floor("us") <= instant(value) <= pd.Timestamp.now("UTC")


@pytest.mark.parametrize(
    "value", ["06/07/2026", "10:30", "now", "soon", "2026-13-01", 20260630, True, pd.NaT]
)
def test_what_could_be_read_in_two_ways_is_refused(value: object) -> None:
    with pytest.raises(TrueriskError, match=r"is not a time; write it as '2026-06-30'\.$"):
        instant(value)
