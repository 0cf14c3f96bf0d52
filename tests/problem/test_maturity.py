"""Labels wait for the whole horizon, and then they are final."""

from datetime import timedelta

import pandas as pd

from truerisk.problem.maturity import is_closed, is_mature, label

HORIZON = timedelta(days=30)
APPLIED = pd.Timestamp("2024-01-01", tz="UTC")


def times(*days: float | None) -> pd.Series:
    """Instants so many days after the application."""
    offsets = pd.to_timedelta(pd.Series(days, dtype="float64"), unit="D")
    return (APPLIED + offsets).astype("datetime64[us, UTC]")


def test_an_application_is_mature_exactly_when_its_horizon_has_passed() -> None:
    last = APPLIED + HORIZON
    applied = times(0, 0.5)
    assert is_mature(applied, HORIZON, last).tolist() == [True, False]
    assert is_mature(applied, HORIZON, last - timedelta(microseconds=1)).tolist() == [False, False]


def test_only_an_event_within_the_horizon_is_one() -> None:
    event = pd.Series([1.0, 1.0, 1.0, 0.0, 0.0, None])
    observed = times(0, 30, 30.001, 10, 400, None)
    made = label(event, observed, times(0, 0, 0, 0, 0, 0), HORIZON)
    assert made[:5].tolist() == [1, 1, 0, 0, 0]
    assert pd.isna(made[5])


def test_closed_means_that_following_ended_before_the_horizon_without_an_event() -> None:
    event = pd.Series([0.0, 0.0, 1.0, None])
    made = is_closed(event, times(29.999, 30, 10, None), times(0, 0, 0, 0), HORIZON)
    assert made.tolist() == [True, False, False, False]
