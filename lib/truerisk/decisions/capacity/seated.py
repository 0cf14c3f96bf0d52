"""The seats of a batch: whom the prices give one, and what the ledger keeps of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import (
    AFTER,
    BEFORE,
    EXPLORE_AFTER,
    EXPLORE_BEFORE,
    GAIN,
    PRICE,
    SEAT_DAY,
    SEAT_LOST,
    SEAT_RHO,
    TAU,
    seat_of,
)
from truerisk.decisions.batch import Batch
from truerisk.decisions.capacity.calendar import Moments, distinct, moments
from truerisk.decisions.capacity.claims import seats_left
from truerisk.decisions.capacity.price import Arrivals, Priced, price
from truerisk.decisions.exploration.explore import draw
from truerisk.decisions.policy import Choice
from truerisk.problem.spec import Problem
from truerisk.wording.coded import coded

WORD = "seat"  # of the lottery among equals


@dataclass(frozen=True)
class Seated:
    """``at`` (n,) are the local days and clock times of the rows that are ``priced``."""

    at: Moments
    priced: Priced


def seated(problem: Problem, scored: pd.DataFrame, choice: Choice, batch: Batch) -> Seated | None:
    """What limited actions do to the policy's ``choice``; None where nothing is limited."""
    if not problem.limited:
        return None
    at = moments(scored["as_of"], problem.calendar.zone)
    rows = Arrivals(
        at=at,
        worth=choice.expected,
        sent=np.where(pd.isna(choice.rule), -1, choice.action),
    )
    names = list(problem.actions)
    made = price(
        rows,
        batch.arrivals,
        [names.index(name) for name in problem.limited],
        lambda day: seats_left(problem, day, batch.claims)[0],
        lambda places: lots(problem, scored[problem.key].iloc[places], at.day[places]),
        problem.calendar.holidays,
        None if batch.until is None else moments(pd.Series([batch.until]), problem.calendar.zone),
    )
    return Seated(at, made)


def lots(problem: Problem, application: pd.Series, day: np.ndarray) -> np.ndarray:
    """The number in [0, 1) of each application in the lottery of its day, (n,).

    SHA-256 of (salt | "seat" | day | application): nobody is last every day.
    """
    salt = problem.exploration[0].salt if problem.exploration else ""
    found = np.empty(len(day))
    for today in distinct(day)[0]:
        mine = day == today
        found[mine] = draw(salt or problem.name, f"{WORD}|{today}", application[mine])
    return found


def lost_seat(problem: Problem, seats: Seated | None, rows: int) -> np.ndarray:
    """The limited action that each row would have taken had there been a seat, else None, (n,)."""
    if seats is None:
        return np.full(rows, None, dtype=object)
    names, lost = np.array(list(problem.actions), dtype=object), seats.priced.lost
    return np.asarray(np.where(lost < 0, None, names[lost]), dtype=object)


def seat_columns(
    problem: Problem, seats: Seated | None, batch: Batch, action: np.ndarray, drawn: np.ndarray
) -> dict[str, np.ndarray | pd.Series]:
    """What the ledger keeps of seats, (n,) each; ``action`` is what was done, ``drawn`` by lot."""
    if seats is None:
        return {}
    names, made, days = list(problem.actions), seats.priced, seats.at.day
    each, which = distinct(days)
    found: dict[str, np.ndarray | pd.Series] = {
        SEAT_DAY: coded([str(day) for day in each], which),
        SEAT_LOST: coded(names, made.lost),
        SEAT_RHO: made.rho,
    }
    kept = [seats_left(problem, day, batch.claims)[1] for day in each]
    for j, name in enumerate(problem.limited):
        went = np.bincount(which, drawn & (action == names.index(name)), len(each))
        before = np.array([left[j] for left in kept])
        found |= {
            seat_of(PRICE, name): made.price[:, j],
            seat_of(TAU, name): made.tau[:, j],
            seat_of(GAIN, name): made.gain[:, j],
            seat_of(BEFORE, name): made.before[:, j],
            seat_of(AFTER, name): made.after[:, j],
            seat_of(EXPLORE_BEFORE, name): before[which],
            seat_of(EXPLORE_AFTER, name): (before - went)[which],
        }
    return found
