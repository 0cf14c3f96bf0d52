"""Days as the people with the seats live them: local days, their kind, the clock on the wall."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

SECONDS = 86_400.0  # of a day
THURSDAY = 3  # 1 January 1970, Monday 0


@dataclass(frozen=True)
class Moments:
    """Local ``day`` (n,) datetime64[D], and ``clock`` (n,), seconds since its midnight."""

    day: np.ndarray
    clock: np.ndarray

    def __getitem__(self, rows: np.ndarray | slice) -> "Moments":
        return Moments(self.day[rows], self.clock[rows])


def moments(as_of: pd.Series, zone: str = "UTC") -> Moments:
    """When each application came, in the time zone of the calendar; ``as_of`` is UTC, (n,).

    The clock is the one on the wall: an hour that a change of the clocks repeats counts as one.
    """
    local = as_of.dt.tz_convert(zone).dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    day = local.astype("datetime64[D]")
    return Moments(day, (local - day) / np.timedelta64(1, "s"))


def distinct(day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The days there are, in order, and the place of each row's among them, (n,)."""
    which, found = pd.factorize(day, sort=True)
    return found, which


def kinds(day: np.ndarray, holidays: Sequence[date]) -> np.ndarray:
    """The place of each day's kind in the grammar's KINDS, (n,); a holiday is no Saturday."""
    weekday = (day.astype("int64") + THURSDAY) % 7
    kind = np.select([weekday == 5, weekday == 6], [1, 2], 0)
    return np.where(np.isin(day, np.array(holidays, dtype="datetime64[D]")), 3, kind)
