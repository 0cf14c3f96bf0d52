"""Instants: UTC, microseconds; a date means 00:00 UTC and an offset is converted."""

from datetime import date, datetime
from typing import Annotated, Any

import pandas as pd
from pydantic import BeforeValidator, PlainSerializer

from truerisk.errors import TrueriskError


def parse_instant(value: Any) -> pd.Timestamp:
    """A text, date or datetime as a UTC timestamp; ValueError when it is none."""
    try:
        stamp = pd.Timestamp(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{value!r} is not a time; write it as '2026-06-30'") from error
    if stamp is pd.NaT:
        raise ValueError(f"{value!r} is not a time; write it as '2026-06-30'")
    utc = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return utc.as_unit("us")


def instant(value: str | date | datetime | None) -> pd.Timestamp:
    """``value`` in UTC, or now: the one place where a missing cutoff becomes the present."""
    if value is None or value == "":
        return pd.Timestamp.now("UTC").as_unit("us")
    try:
        return parse_instant(value)
    except ValueError as error:
        raise TrueriskError(f"{error}.") from error


Instant = Annotated[
    datetime, BeforeValidator(parse_instant), PlainSerializer(lambda t: t.isoformat())
]
