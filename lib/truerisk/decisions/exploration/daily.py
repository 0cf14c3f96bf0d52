"""What a day has room for: an entry's own hard cap, and the seats that exploration has."""

import numpy as np
import pandas as pd

from truerisk.decisions.capacity.claims import Claims, seats_left
from truerisk.decisions.exploration.budget import own_room
from truerisk.problem.exploration import Exploration
from truerisk.problem.spec import Problem


def daily(problem: Problem, entry: Exploration, day: np.ndarray) -> dict[str, float]:
    """The most applications that an entry may explore on each of these days; none: no limit."""
    room = own_room(entry, {}, day)
    seats = seats_for(problem, entry, day, {})
    if seats is None:
        return room
    return {today: min(seats[today], room.get(today, np.inf)) for today in seats}


def seats_for(
    problem: Problem, entry: Exploration, day: np.ndarray, held: Claims
) -> dict[str, float] | None:
    """Exploration's seats left of each day where the entry's action is limited; else None."""
    if entry.action not in problem.limited:
        return None
    j = problem.limited.index(entry.action)
    return {str(d): float(seats_left(problem, d, held)[1][j]) for d in pd.unique(day)}
