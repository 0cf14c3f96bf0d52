"""One capacity: the price that leaves as many takers as seats, and the lottery among equals."""

import numpy as np

GRID = 2.0**20  # parts of a dollar: sums and differences of prices are exact, and ties are ties


def on_grid(dollars: np.ndarray) -> np.ndarray:
    """Dollars to the millionth part, same shape: rounding noise is no reason for a seat."""
    found = dollars * GRID
    np.rint(found, out=found)
    found /= GRID
    found += 0.0  # no -0
    return found


def cutoff(gain: np.ndarray, weight: np.ndarray, seats: float) -> float:
    """λ, the least price at which those who gain more want no more than the seats; never below 0.

    ``gain`` (n,) is what a seat is worth to each row, ``weight`` (n,) how many rows it stands for;
    who gains nothing does not compete. λ is the gain of the first who has no seat for sure, so
    it also is what one more seat would be worth.
    """
    rows = np.flatnonzero(gain > 0)
    if weight[rows].sum() <= seats:
        return 0.0
    rows = rows[np.argsort(-gain[rows])]  # the order of equals is no matter
    first = int(np.searchsorted(np.cumsum(weight[rows]), seats, side="right"))
    return float(gain[rows[min(first, len(rows) - 1)]])


def lottery(drawn: np.ndarray, expected: float, seats: float) -> float:
    """τ ≤ 1 among equals: rows whose number is below it take the seats that are left.

    ``drawn`` (n,) are the numbers in [0, 1) of the rows at hand, ``expected`` the number of equals
    still to come, each below τ with probability τ. The takers, the expected ones included, are the
    seats to the nearest whole row: with nobody to come, exactly the seats.
    """
    numbers = np.sort(drawn)
    before = np.arange(len(numbers)) + numbers * expected  # takers when τ reaches each number
    taken = int((before + 0.5 <= seats).sum())
    highest = numbers[taken] if taken < len(numbers) else 1.0
    lowest = np.nextafter(numbers[taken - 1], 1.0) if taken else 0.0
    if expected <= 0:
        return float(highest)
    return float(np.clip((seats - taken) / expected, lowest, highest))
