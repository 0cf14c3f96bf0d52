"""Days of arrivals with known gains: what seats earn when they are priced batch by batch."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from truerisk.decisions.capacity.calendar import Moments, kinds
from truerisk.decisions.capacity.price import Arrivals, price

MONDAY = np.datetime64("2025-03-03")
SEAT = 1  # of two actions: the one with seats


def arrivals(
    days: int,
    seed: int,
    by_kind: Sequence[float] = (1, 1, 1, 1),
    holidays: Sequence[date] = (),
    shock: float = 0.0,
    mean: float = 1_000.0,
) -> Arrivals:
    """About ``mean`` arrivals a day, most by day, each with a gain in dollars; whole days."""
    rng = np.random.default_rng(seed)
    each = MONDAY + np.arange(days)
    busy = np.array(by_kind)[kinds(each, holidays)] * np.exp(
        rng.normal(0, shock, days) - shock**2 / 2
    )
    day = np.repeat(each, rng.poisson(mean * busy))
    night = rng.random(len(day)) < 0.1
    hours = np.where(night, rng.uniform(0, 24, len(day)), 7 + 15 * rng.beta(2, 2.5, len(day)))
    gain = rng.normal(0, 20, len(day))
    order = np.lexsort([hours, day])
    worth = np.column_stack([np.zeros(len(day)), gain])
    return Arrivals(at=Moments(day, hours[order] * 3_600), worth=worth, sent=np.full(len(day), -1))


def part(all_: Arrivals, rows: np.ndarray) -> Arrivals:
    return Arrivals(at=all_.at[rows], worth=all_.worth[rows], sent=all_.sent[rows])


def exact(gain: np.ndarray, seats: int) -> float:
    """What the best of a day earn, by sorting it."""
    return float(np.sort(np.maximum(gain, 0))[::-1][:seats].sum())


def by_batches(
    all_: Arrivals,
    days: np.ndarray,
    seats: int,
    batches: int = 96,
    holidays: Sequence[date] = (),
    known: Callable[[np.ndarray], Arrivals | None] | None = None,
    fill: bool = False,
) -> tuple[float, float]:
    """Dollars of the ``days`` decided in batches, and those of one exact batch a day.

    ``known`` gives what is known before a day, by default every earlier arrival; ``fill`` fills
    seats first come, first served, instead of pricing them.
    """
    earned = best = 0.0
    for today in days:
        mine = np.flatnonzero(all_.at.day == today)
        lots = np.random.default_rng(int(today.astype(int))).random(len(mine))
        gain, clock = all_.worth[mine, SEAT], all_.at.clock[mine]
        before = part(all_, np.flatnonzero(all_.at.day < today)) if known is None else known(today)
        left, done = seats, 0
        for end in np.searchsorted(clock, np.arange(1, batches + 1) * 86_400 / batches):
            if end == done:
                continue
            if fill:
                takes = np.flatnonzero(gain[done:end] > 0)[:left] + done
            else:
                so_far = part(all_, mine[:done])
                seen = so_far if before is None else _both(before, so_far)
                these, now = lots[done:end], np.array([left])
                rows = part(all_, mine[done:end])
                made = price(
                    rows, seen, [SEAT], lambda _, n=now: n, lambda at, n=these: n[at], holidays
                )
                takes = np.flatnonzero(made.action == SEAT) + done
            assert len(takes) <= left
            left, done = left - len(takes), end
            earned += gain[takes].sum()
        best += exact(gain, seats)
    return float(earned), best


def _both(one: Arrivals, other: Arrivals) -> Arrivals:
    return Arrivals(
        at=Moments(np.append(one.at.day, other.at.day), np.append(one.at.clock, other.at.clock)),
        worth=np.vstack([one.worth, other.worth]),
        sent=np.append(one.sent, other.sent),
    )
