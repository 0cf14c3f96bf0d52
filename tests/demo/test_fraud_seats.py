"""What the fraud demo says of seats, on days that can be counted by hand."""

import numpy as np
import pandas as pd
import pytest

import truerisk as tr
from truerisk.columns import GAIN, PRICE, SEAT_DAY, chance_of, seat_of, value_of
from truerisk.demo.fraud_seats import chances, priced, waiting, with_one_more, worth
from truerisk.lake.home import repository
from truerisk.problem.spec import Problem
from truerisk.simulator.analysts import ANALYSTS

ACTIONS = ("pass", "review", "decline")


@pytest.fixture(scope="module")
def problem() -> Problem:
    return tr.load_problem(repository() / "problems" / "fraud.toml")


@pytest.fixture
def log(problem: Problem) -> pd.DataFrame:
    """Ten applications on a Monday and ten on the Sunday before, with gains of −5 to 4 dollars."""
    own = ["review"] * 2 + ["pass"] * 4 + ["decline"] * 4
    gain = np.array([9.0, 8.0, 4.0, 3.0, 2.0, -5.0, 1.0, 3.5, 2.5, -1.0])
    frame = pd.DataFrame({"own_action": own, seat_of(GAIN, "review"): gain})
    for action in ACTIONS:
        frame[chance_of(action)] = np.where(frame["own_action"] == action, 0.9, 0.05)
        frame[value_of(action, "if_event")] = {"pass": -100.0, "review": -10.0, "decline": 0.0}[
            action
        ]
        frame[value_of(action, "if_no_event")] = {"pass": 7.0, "review": 5.0, "decline": -2.0}[
            action
        ]
    monday = frame.assign(**{SEAT_DAY: "2025-09-08", seat_of(PRICE, "review"): 4.0})
    sunday = frame.assign(**{SEAT_DAY: "2025-09-07", seat_of(PRICE, "review"): np.inf})
    return pd.concat([sunday, monday], ignore_index=True)


def test_one_more_analyst_reviews_those_that_gain_most_and_only_on_working_days(
    problem: Problem, log: pd.DataFrame
) -> None:
    before, after = chances(problem, log), with_one_more(problem, log)
    seats = problem.actions["review"].capacity
    assert seats is not None
    assert seats["working"] // len(ANALYSTS) == 4  # what the gains below are counted for
    moved = np.flatnonzero((before != after).any(axis=1))
    assert list(moved) == [12, 13, 17, 18]
    assert after.sum(axis=1).to_numpy() == pytest.approx(np.ones(20))
    assert after.loc[moved, "review"].to_numpy() == pytest.approx(np.full(4, 0.95))
    assert after.loc[12, "pass"] == 0 == after.loc[17, "decline"]


def test_a_price_counts_where_there_are_seats(problem: Problem, log: pd.DataFrame) -> None:
    log[seat_of(PRICE, "review")] = log[seat_of(PRICE, "review")].replace(np.inf, 99.0)
    assert priced(problem, log) == pytest.approx((4.0, 4 * 4.0 / 2))


def test_dollars_are_those_of_outcomes_or_of_probabilities(
    problem: Problem, log: pd.DataFrame
) -> None:
    p = pd.DataFrame({a: np.full(20, float(a == "pass")) for a in problem.actions})
    assert worth(problem, log, p, np.zeros(20)) == pytest.approx(7)
    assert worth(problem, log, p, np.full(20, 0.5)) == pytest.approx(-46.5)


def test_how_many_wait_at_noon() -> None:
    at = [pd.Timestamp("2025-09-01", tz="UTC") + pd.Timedelta(hours=h) for h in (1, 11, 13, 30)]
    ended = pd.DatetimeIndex([a + pd.Timedelta(hours=h) for a, h in zip(at, (3, 20, 60, 8))])
    assert list(waiting(pd.DatetimeIndex(at), ended)) == [1, 2]
