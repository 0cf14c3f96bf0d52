"""Seats where whole days are known afterwards: what a policy would have done within them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from truerisk.decisions.capacity.assign import Competing, assign
from truerisk.decisions.capacity.calendar import distinct, moments
from truerisk.decisions.capacity.claims import seats_left
from truerisk.decisions.capacity.seated import lots
from truerisk.decisions.policy import Choice
from truerisk.problem.spec import Problem


def within_seats(problem: Problem, frame: pd.DataFrame, choice: Choice, came: pd.Series) -> Choice:
    """The policy's ``choice`` for the rows of a frame, had the capacities bound it day by day.

    ``came`` are the times (UTC) of all applications, of which the frame holds a part: a day's
    seats are its capacity, less those of exploration, times that part of its applications, rounded.
    Unchanged where nothing is limited.
    """
    if not problem.limited:
        return choice
    names, zone = list(problem.actions), problem.calendar.zone
    limited = [names.index(name) for name in problem.limited]
    day = moments(frame["as_of"], zone).day
    all_days, places = distinct(moments(came, zone).day)
    of_day = dict(zip(all_days, np.bincount(places), strict=True))
    sent = np.where(pd.isna(choice.rule), -1, choice.action)
    action = choice.action.copy()
    for today in distinct(day)[0]:
        mine = np.flatnonzero(day == today)
        part = len(mine) / of_day[today]
        seats = np.rint(seats_left(problem, today, {})[0] * part)
        rows = Competing(
            worth=choice.expected[mine],
            sent=sent[mine],
            weight=np.ones(len(mine)),
            hand=len(mine),
        )
        numbers = lots(problem, frame[problem.key].iloc[mine], day[mine])
        action[mine] = assign(rows, limited, seats, numbers.__getitem__).action
    return replace(choice, action=action)
