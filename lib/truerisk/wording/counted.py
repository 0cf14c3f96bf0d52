"""The one way to say how many and how long: ``1 row``, ``2,000 rows``, ``30 days``, ``1 hour``."""

from datetime import timedelta

UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def counted(count: float, one: str, many: str = "") -> str:
    """``count`` things, each called ``one``; ``many`` is the plural that does not end in s."""
    said = f"{count:,.0f}"
    return f"{said} {one if said == '1' else many or f'{one}s'}"


def lasting(length: timedelta) -> str:
    """A declared length in the largest unit of which it is a whole number."""
    seconds = int(length.total_seconds())
    return next(counted(seconds // size, unit) for size, unit in UNITS if seconds % size == 0)
