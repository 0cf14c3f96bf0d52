"""Seats in words, for the terminal: how many a batch took, at which price, and who lost one."""

import numpy as np
import pandas as pd

from truerisk.columns import AFTER, BEFORE, PRICE, SEAT_DAY, SEAT_LOST, seat_of
from truerisk.decisions.batch import Batch
from truerisk.decisions.capacity.calendar import distinct
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted
from truerisk.wording.dollars import dollars

DAYS = 3  # each with a line of its own; more are summed up


def said_of_seats(problem: Problem, decided: pd.DataFrame, batch: Batch | None) -> list[str]:
    """A sentence per limited action and day, or per action for many days."""
    said = []
    for name in problem.limited:
        columns = [seat_of(what, name) for what in (BEFORE, AFTER, PRICE)]
        days = (
            decided.groupby(SEAT_DAY)[columns]
            .first()
            .set_axis(["before", "after", "price"], axis=1)
        )
        lost = decided[SEAT_LOST].eq(name)
        if len(days) <= DAYS:
            for day in days.index.astype(str):
                mine = int((lost & decided[SEAT_DAY].eq(day)).sum())
                said.append(_line(name, day, days.loc[[day]], mine))
        else:
            said.append(_line(name, counted(len(days), "day"), days, int(lost.sum())))
    if batch is not None and problem.limited and _first_day(batch, decided):
        said.append(
            "No application of an earlier day is known: today's so far stand for the rest of today."
        )
    return said


def _line(name: str, when: str, days: pd.DataFrame, lost: int) -> str:
    taken, left = int((days["before"] - days["after"]).sum()), int(days["after"].sum())
    low, high = days["price"].min(), days["price"].max()
    price = _price(low) if low == high else f"{_price(low)} to {_price(high)}"
    on = f"on {when}" if len(days) == 1 else f"over {when}"
    went = f"; {counted(lost, 'application')} went elsewhere for lack of one" if lost else ""
    return f"Seats of “{name}” {on}: {taken:,} taken, {left:,} left, a seat is worth {price}{went}."


def _price(value: float) -> str:
    return "more than dollars can say (rules fill them)" if np.isinf(value) else dollars(value)


def _first_day(batch: Batch, decided: pd.DataFrame) -> bool:
    days = set(decided[SEAT_DAY])
    if batch.arrivals is not None:
        days |= {str(day) for day in distinct(batch.arrivals.at.day)[0]}
    return len(days) == 1
