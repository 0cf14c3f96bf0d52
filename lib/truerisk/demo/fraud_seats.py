"""The analysts' seats in the fraud demo: whom one more would review, and how many wait."""

import numpy as np
import pandas as pd

from truerisk.columns import (
    GAIN,
    IF_EVENT,
    IF_NO_EVENT,
    PRICE,
    SEAT_DAY,
    chance_of,
    seat_of,
    value_of,
)
from truerisk.decisions.capacity.calendar import kinds
from truerisk.problem.actions import KINDS
from truerisk.problem.spec import Problem
from truerisk.simulator.analysts import ANALYSTS

REVIEW = "review"


def seats_a_day(problem: Problem, log: pd.DataFrame) -> pd.Series:
    """The analysts' seats on the day of each row, (n,)."""
    seats = problem.actions[REVIEW].capacity
    assert seats is not None
    days = log[SEAT_DAY].to_numpy().astype("datetime64[D]")
    kind = kinds(days, problem.calendar.holidays)
    return pd.Series(np.array([seats[k] for k in KINDS])[kind], index=log.index)


def with_one_more(problem: Problem, log: pd.DataFrame) -> pd.DataFrame:
    """The policy had there been one more analyst: a probability per action, rows as in the log.

    The new seats of a day go to those of it who were not reviewed and for whom it is worth most.
    """
    gain = log[seat_of(GAIN, REVIEW)].where(log["own_action"] != REVIEW)
    rank = gain.groupby(log[SEAT_DAY]).rank(method="first", ascending=False)
    gets = (rank <= seats_a_day(problem, log) // len(ANALYSTS)) & (gain > 0)
    p = chances(problem, log)
    for action in problem.actions:
        moves = gets & (log["own_action"] == action)
        p.loc[moves, REVIEW] += p.loc[moves, action]
        p.loc[moves, action] = 0.0
    return p


def priced(problem: Problem, log: pd.DataFrame) -> tuple[float, float]:
    """Dollars: the mean price of a seat, and those of one more analyst's seats a day; each by λ.

    A price is what the last seat brings, so that several more bring less than so many times it.
    """
    days = log.assign(seats=seats_a_day(problem, log)).groupby(SEAT_DAY)
    price, seats = days[seat_of(PRICE, REVIEW)].mean(), days["seats"].first()
    mean = float(np.average(price[seats > 0], weights=seats[seats > 0]))
    return mean, float((price * (seats // len(ANALYSTS))).mean())


def chances(problem: Problem, log: pd.DataFrame) -> pd.DataFrame:
    """The probability of each action before the draw, one column each, rows as in the log."""
    names = {chance_of(action): action for action in problem.actions}
    return log[list(names)].rename(columns=names)


def worth(problem: Problem, log: pd.DataFrame, p: pd.DataFrame, event: np.ndarray) -> float:
    """Dollars an application of such probabilities of actions, or of a change to them, where
    ``event`` (n,) is whether, or how probably, each is fraud."""
    if_event, if_no_event = (
        log[[value_of(action, side) for action in problem.actions]].to_numpy()
        for side in (IF_EVENT, IF_NO_EVENT)
    )
    earned = event[:, None] * if_event + (1 - event)[:, None] * if_no_event
    return float((p.to_numpy() * earned).sum(axis=1).mean())


def waiting(asked: pd.DatetimeIndex, ended: pd.DatetimeIndex) -> pd.Series:
    """How many wait at noon of each day, UTC, of reviews asked for and ended at such times."""
    noon = pd.date_range(asked.min().normalize(), asked.max().normalize()) + pd.Timedelta(hours=12)
    begun, over = (at.sort_values().searchsorted(noon, side="right") for at in (asked, ended))
    return pd.Series(begun - over, index=noon)
