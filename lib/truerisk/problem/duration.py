"""Durations: a number and one of s, h, d; no calendar months, which have no fixed length."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from truerisk.problem.shown import shown

UNITS = {"s": 1, "h": 3600, "d": 86400}
LONGEST = 36500 * UNITS["d"]


def parse_duration(value: Any) -> timedelta:
    """``"30d"``, ``"12h"`` or ``"90s"`` as a timedelta; raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"([0-9]{1,12})([shd])", value) if isinstance(value, str) else None
    if not found:
        raise ValueError(
            f"{shown(value, 60)} is not a duration; write a whole number and s, h or d, "
            "such as '30d'"
        )
    seconds = int(found[1]) * UNITS[found[2]]
    if seconds > LONGEST:
        raise ValueError(
            f"{shown(value)} is too long; a duration is at most '36500d', a hundred years"
        )
    return timedelta(seconds=seconds)


def short(duration: timedelta) -> str:
    """The one spelling of a duration, used in feature names: the largest unit that divides it."""
    seconds = int(duration.total_seconds())
    unit = max((u for u in UNITS if seconds % UNITS[u] == 0), key=UNITS.__getitem__)
    return f"{seconds // UNITS[unit]}{unit}"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(short)]
