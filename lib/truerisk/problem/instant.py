"""Instants: UTC, microseconds; a date means 00:00 UTC and an offset is converted."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from truerisk.errors import TrueriskError
from truerisk.problem.shown import shown

if TYPE_CHECKING:
    import pandas as pd


def parse_instant(value: Any) -> "pd.Timestamp":
    """An ISO 8601 text, date or datetime as a UTC timestamp; ValueError when it is none."""
    import pandas as pd  # half a second that a command without times has no need of

    if isinstance(value, int | float):
        raise _no_time(value)
    try:
        # pandas alone would read "06/07" in American order and "10:30" as today.
        stamp = pd.Timestamp(datetime.fromisoformat(value) if isinstance(value, str) else value)
        stamp = stamp if stamp.tzinfo is None else stamp.tz_convert("UTC")
    except (ValueError, TypeError, OverflowError) as error:
        raise _no_time(value) from error
    if stamp is pd.NaT:
        raise _no_time(value)
    return (stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp).as_unit("us")


def _no_time(value: Any) -> ValueError:
    return ValueError(f"{shown(value, 60)} is not a time; write it as '2026-06-30'")


def instant(value: str | date | datetime | None) -> "pd.Timestamp":
    """``value`` in UTC, or now: the one place where a missing cutoff becomes the present."""
    import pandas as pd

    if value is None or value == "":
        return pd.Timestamp.now("UTC").as_unit("us")
    try:
        return parse_instant(value)
    except ValueError as error:
        raise TrueriskError(f"{error}.") from error


Instant = Annotated[
    datetime, BeforeValidator(parse_instant), PlainSerializer(lambda t: t.isoformat())
]
