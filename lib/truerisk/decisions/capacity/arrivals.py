"""How many applications are still expected today, and which earlier ones stand for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from truerisk.decisions.capacity.calendar import SECONDS, Moments, kinds

PERIOD = 28  # days
LEAST = 2  # days of a kind; with fewer all days count
NOBODY = 1.5  # arrivals; today's rows that stand for fewer are taken for all of the day
PRIOR = 25.0  # arrivals: what pulls rho towards 1 while a day is young


@dataclass(frozen=True)
class Expected:
    """``weight`` (n,) is how many later arrivals each known application stands for.

    ``rho`` is how busy today is beside those days; None where there are none and today's own rows
    stand for the rest of the day.
    """

    weight: np.ndarray
    rho: float | None


def expected(
    today: np.datetime64, clock: float, known: Moments, holidays: Sequence[date] = ()
) -> Expected:
    """What is still to come today after ``clock`` (seconds), by the applications ``known``, (n,).

    Those at later clock times of the last 28 days of today's kind (of all days where fewer than 2
    are of it) weigh ρ/D: D such days since the first application, ρ = (today's arrivals so far +
    25) / (those days' mean by this clock time + 25). With no earlier day, today's rows weigh
    (time left ÷ time gone), where that makes more than an arrival or so; where no time has gone yet
    nothing is known of the rest.
    """
    weight = np.zeros(len(known.day))
    mine = known.day == today
    earlier = (known.day < today) & (known.day >= today - PERIOD)
    if not earlier.any():
        each = max(SECONDS - clock, 0.0) / clock if clock > 0 else 0.0
        weight[mine] = each if each * mine.sum() >= NOBODY else 0.0
        return Expected(weight, None)
    days = np.arange(known.day[earlier].min(), today)
    kind = kinds(days, holidays)
    alike = days[kind == kinds(np.array([today]), holidays)[0]]
    if len(alike) < LEAST:
        alike = days
    counts = earlier & np.isin(known.day, alike)
    later = known.clock > clock
    so_far = int((mine & ~later).sum())
    rho = (so_far + PRIOR) / (int((counts & ~later).sum()) / len(alike) + PRIOR)
    weight[counts & later] = rho / len(alike)
    return Expected(weight, float(rho))
