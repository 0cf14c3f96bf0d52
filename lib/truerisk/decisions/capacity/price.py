"""The seats of a batch, day by day: the rows at hand and the arrivals still expected compete."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np

from truerisk.decisions.capacity.arrivals import Expected, expected
from truerisk.decisions.capacity.assign import Competing, assign
from truerisk.decisions.capacity.calendar import Moments, distinct
from truerisk.decisions.capacity.ties import Draw


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Applications as a price sees them, n rows in any order.

    ``at`` is when they came, ``worth`` (n, actions) the expected dollars of every action by the
    model and the money that decide now, ``sent`` (n,) the action of the rule that decided, else −1.
    """

    at: Moments
    worth: np.ndarray
    sent: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Priced:
    """What the seats do to each of n rows; L limited actions.

    ``action``, ``lost`` and ``rho`` are (n,), ``price``, ``tau``, ``gain``, ``before`` and
    ``after`` (n, L): see ``Assigned``. ``rho`` is NaN where no later arrivals were expected or none
    were known to expect; ``before`` and ``after`` are the seats left of the row's day.
    """

    action: np.ndarray
    lost: np.ndarray
    rho: np.ndarray
    price: np.ndarray
    tau: np.ndarray
    gain: np.ndarray
    before: np.ndarray
    after: np.ndarray


def price(
    rows: Arrivals,
    before: Arrivals | None,
    limited: list[int],
    seats: Callable[[np.datetime64], np.ndarray],
    draw: Draw,
    holidays: Sequence[date] = (),
    until: Moments | None = None,
) -> Priced:
    """Prices and actions of a batch; its days in order, each day's rows at hand together.

    ``before`` are the applications known from earlier batches, and today's among them, which are
    decided; ``seats`` gives the seats left of a day, (L,); ``draw`` the tie hash of rows by place.
    Later arrivals are expected from the newest application on that is known of the day, or from
    ``until`` (1,), before which every arrival is known; none where one of a later day is known.
    """
    known = rows if before is None else _both(rows, before)
    n, width = len(rows.sent), len(limited)
    found = Priced(
        action=np.empty(n, dtype="int64"),
        lost=np.empty(n, dtype="int64"),
        rho=np.full(n, np.nan),
        **{name: np.empty((n, width)) for name in ("price", "tau", "gain", "before", "after")},
    )
    days, which = distinct(rows.at.day)
    newest = known.at.day.max(initial=days[0]) if len(days) else None
    order, ends = np.argsort(which, kind="stable"), np.cumsum(np.bincount(which))
    for today, mine in zip(days, np.split(order, ends[:-1])):
        left, coming = seats(today), Expected(np.zeros(0), None)
        over = until is not None and bool(until.day[0] > today)
        if not over and today == newest:
            clock = float(known.at.clock[known.at.day == today].max())
            if until is not None and until.day[0] == today:
                clock = max(clock, float(until.clock[0]))
            coming = expected(today, clock, known.at, holidays)
        later = np.flatnonzero(coming.weight)
        competing = Competing(
            worth=np.vstack([rows.worth[mine], known.worth[later]]),
            sent=np.append(rows.sent[mine], known.sent[later]),
            weight=np.append(np.ones(len(mine)), coming.weight[later]),
            hand=len(mine),
        )
        made = assign(competing, limited, left, partial(_of, draw, mine))
        taken = np.bincount(made.action, minlength=rows.worth.shape[1])[limited]
        found.action[mine], found.lost[mine] = made.action, made.lost
        found.rho[mine] = np.nan if coming.rho is None else coming.rho
        found.price[mine], found.tau[mine], found.gain[mine] = made.price, made.tau, made.gain
        found.before[mine], found.after[mine] = left, left - taken
    return found


def _of(draw: Draw, mine: np.ndarray, places: np.ndarray) -> np.ndarray:
    return draw(mine[places])


def _both(one: Arrivals, other: Arrivals) -> Arrivals:
    at = Moments(np.append(one.at.day, other.at.day), np.append(one.at.clock, other.at.clock))
    return Arrivals(
        at=at, worth=np.vstack([one.worth, other.worth]), sent=np.append(one.sent, other.sent)
    )
