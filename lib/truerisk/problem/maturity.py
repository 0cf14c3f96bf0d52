"""When an outcome may be counted: the whole horizon must have passed, for everyone alike."""

from datetime import timedelta

import pandas as pd


def is_mature(as_of: pd.Series, horizon: timedelta, known_at: pd.Timestamp) -> pd.Series:
    """True where ``as_of + horizon <= known_at``, shape (n,).

    Events and non-events alike: counting the early events of immature applications, whose
    non-events are still unknown, inflates the rate.
    """
    return as_of + horizon <= known_at


def label(
    event: pd.Series, observed_at: pd.Series, as_of: pd.Series, horizon: timedelta
) -> pd.Series:
    """1.0 for an event within the horizon, 0.0 for anything else that was followed, else null.

    ``event`` (n,) is 0/1, null where the application was not followed. A mature application whose
    row was observed after the horizon is 0: it was followed past the horizon without an event.
    """
    within = observed_at <= as_of + horizon
    return (event.eq(1) & within).astype("float64").where(event.notna())


def is_closed(
    event: pd.Series, observed_at: pd.Series, as_of: pd.Series, horizon: timedelta
) -> pd.Series:
    """True where following ended before the horizon without an event (paid off early): stays 0."""
    return event.eq(0) & (observed_at < as_of + horizon)
