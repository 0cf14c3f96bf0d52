"""What a change is worth where nothing was seen of it: a guess by scores, or only bounds.

Dollars are of the changed decisions in the period, all of them, new minus old.
"""

from dataclasses import dataclass

import numpy as np

from truerisk.measurement.status import OK
from truerisk.monitoring.preview.redecided import Redecided
from truerisk.monitoring.preview.support import sides
from truerisk.problem.spec import Problem


@dataclass(frozen=True, kw_only=True)
class Dollars:
    """Dollars of some changed decisions: ``value`` with its ends, each None where it is not known.

    Of what is identified the ends are a 95% interval, of what nobody can know the worst and the
    best case; a guess has none. ``status`` says why something is missing, else "ok".
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    status: str = OK


def expected(made: Redecided, rows: np.ndarray, decided_by: Problem, terms: bool) -> Dollars:
    """What the logged scores say of some rows: no outcome was seen, so there is no interval."""
    old, new = sides(made, decided_by, terms)
    total = 0.0
    for dollars, action, sign in ((new, made.now, 1), (old, made.was, -1)):
        s = made.of(made.score, action)
        known = np.where(
            dollars[0] == dollars[1], dollars[1], s * dollars[0] + (1 - s) * dollars[1]
        )
        total += sign * float((made.mass * known)[rows].sum())
    return Dollars(value=total)


def bounds(made: Redecided, rows: np.ndarray, decided_by: Problem, terms: bool) -> Dollars:
    """The worst and the best that could have come of some rows, whatever their outcomes.

    An offer on other terms may also not be taken, and then earns nothing.
    """
    old, new = sides(made, decided_by, terms)
    walks = np.zeros_like(new[:1])
    new = np.concatenate([new, walks])
    low, high = new.min(axis=0) - old.max(axis=0), new.max(axis=0) - old.min(axis=0)
    low, high = ((made.mass * side)[rows].sum() for side in (low, high))
    return Dollars(low=float(low), high=float(high))
