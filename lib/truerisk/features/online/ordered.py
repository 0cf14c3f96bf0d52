"""Sums of doubles: added one by one in the order of (time, key), as the batch build adds them.

Another order, or a running total less an earlier one, would give another double.
"""

import math
from collections.abc import Sequence
from functools import reduce
from operator import add

NUMBERS = Sequence[float]


def total(values: NUMBERS) -> float | None:
    """Their sum from the first to the last, null for none."""
    return reduce(add, values, 0.0) if values else None


def mean(values: NUMBERS) -> float | None:
    """Their sum by their number, null for none."""
    found = total(values)
    return None if found is None else found / len(values)


def deviation(values: NUMBERS) -> float | None:
    """The sample standard deviation by Welford's recurrence, null for fewer than two."""
    if len(values) < 2:
        return None
    middle = squares = 0.0
    for n, value in enumerate(values, 1):
        away = value - middle
        middle += away / n
        squares += away * (value - middle)
    return math.sqrt(squares / (len(values) - 1))


FUNCTIONS = {"sum": total, "mean": mean, "std": deviation}
