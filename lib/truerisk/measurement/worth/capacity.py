"""Flagging up to a capacity each day, highest scores first: whom, and sums a day."""

from dataclasses import dataclass

import numpy as np

from truerisk.errors import LogError
from truerisk.measurement.worth.action_values import ActionValues
from truerisk.statistics.influence import Value
from truerisk.wording.counted import counted

NEAR = 0.25  # a local mean reaches this share of the capacity to either side


@dataclass(frozen=True)
class Daily:
    """``f`` (n,) in [0, 1] flags up to the capacity of each day, ``drift`` (n,) is f less its mean
    of the day, ``near`` (n,) marks the rows around each day's cutoff."""

    f: np.ndarray
    drift: np.ndarray
    near: np.ndarray

    def drag(self, each: np.ndarray) -> np.ndarray:
        """η·(f − q_d): the share of a row in its day's cutoff. It sums to 0 over a day, whose sums
        vary with their cutoff anyway; subjects who come back need it."""
        return each[self.near].mean() * self.drift if self.near.any() else 0 * each


def daily(s: ActionValues, capacity: float) -> Daily:
    """Raises LogError for a capacity that is not above 0, or that no day exceeds, or one day."""
    f = s.daily.up_to(capacity)
    count = np.bincount(s.day)
    taken = np.bincount(s.day, weights=f)
    reach = max(NEAR * capacity, 1.0)
    near = (s.daily.up_to(capacity + reach) > 0) & (s.daily.up_to(max(capacity - reach, 0.0)) < 1)
    return Daily(f, f - (taken / count)[s.day], near & (count[s.day] > capacity))


def check_capacity(s: ActionValues, capacity: float) -> None:
    """A capacity between 0 and the busiest day, and days enough to vary."""
    if not capacity > 0:
        raise LogError(f"capacity_per_day is {capacity:g}; allowed is a number above 0.")
    if not len(s):
        return
    if s.days < 2:
        raise LogError(
            "All mature applications are of one day, and a capacity a day needs at least two."
        )
    busiest = int(np.bincount(s.day).max())
    if capacity >= busiest:
        raise LogError(
            f"capacity_per_day is {capacity:g}, and the busiest of {counted(s.days, 'day')} has "
            f"{counted(busiest, 'application')}; give a capacity below that."
        )


def a_day(
    s: ActionValues, at: Daily, each: np.ndarray, slope: np.ndarray, extra: np.ndarray
) -> Value:
    """Mean over days of Σ each; ``slope`` (n,) is ∂each/∂ỹ, ``extra`` (n,) what a
    flag adds to a row's ``each``.

    Days are the units: (1/D)·Σ_d (S_d − θ), spread over the rows of a day.
    """
    sums, count = np.bincount(s.day, weights=each), np.bincount(s.day)
    theta = sums.mean()
    influence = each - at.drag(extra) - (theta / count)[s.day]
    return Value(float(theta), influence * len(s) / s.days, slope * len(s) / s.days)
