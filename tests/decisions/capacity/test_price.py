"""What quarter-hour batches earn beside one exact batch a day, which knows everything."""

from datetime import date

import numpy as np
import pytest

from tests.decisions.capacity.arriving import (
    MONDAY,
    SEAT,
    arrivals,
    by_batches,
    part,
)
from truerisk.decisions.capacity.calendar import Moments
from truerisk.decisions.capacity.price import Arrivals, Priced, price

HOLIDAYS = [date(2025, 3, 26), date(2025, 4, 2), date(2025, 4, 3)]
WEEK = (1.0, 0.5, 0.3, 0.3)
LAST = MONDAY + np.arange(28, 35)


def priced(rows: Arrivals, before: Arrivals | None, seats: int) -> Priced:
    lots = np.random.default_rng(9).random(len(rows.sent))
    return price(rows, before, [SEAT], lambda day: np.array([seats]), lambda at: lots[at])


def test_batches_earn_nearly_what_one_exact_batch_earns_and_greedy_does_not() -> None:
    days = arrivals(12, 1, mean=300)
    earned, best = by_batches(days, MONDAY + np.arange(11, 12), 30)
    greedy, _ = by_batches(days, MONDAY + np.arange(11, 12), 30, fill=True)
    assert earned >= 0.97 * best
    assert greedy < 0.6 * best


@pytest.mark.slow
@pytest.mark.parametrize(("seats", "share"), [(100, 0.97), (20, 0.94)])
def test_quarter_hours_earn_their_share(seats: int, share: float) -> None:
    earned, best = by_batches(arrivals(32, 1), MONDAY + np.arange(29, 32), seats)
    assert earned >= share * best


@pytest.mark.slow
def test_a_holiday_with_day_shocks_and_weekends() -> None:
    days = arrivals(33, 2, WEEK, HOLIDAYS, 0.5)
    holidays = MONDAY + np.arange(30, 32)
    earned, best = by_batches(days, holidays, 100, holidays=HOLIDAYS)
    assert earned >= 0.97 * best
    weekend = MONDAY + np.arange(26, 28)
    earned, best = by_batches(days, weekend, 100, holidays=HOLIDAYS)
    assert earned >= 0.97 * best


@pytest.mark.thorough
@pytest.mark.parametrize(("seats", "share"), [(100, 0.97), (20, 0.94)])
@pytest.mark.parametrize("seed", range(5))
def test_many_weeks_of_all_kinds(seats: int, share: float, seed: int) -> None:
    days = arrivals(35, seed, WEEK, HOLIDAYS, 0.5)
    earned, best = by_batches(days, LAST, seats, holidays=HOLIDAYS)
    assert earned >= share * best
    # Day one has nothing to go by; from day two on the days before are enough.
    earned, best = by_batches(days, MONDAY + np.arange(1, 7), seats, holidays=HOLIDAYS)
    assert earned >= share * best
    first, whole = by_batches(days, MONDAY + np.arange(1), seats, holidays=HOLIDAYS)
    greedy, _ = by_batches(days, MONDAY + np.arange(1), seats, holidays=HOLIDAYS, fill=True)
    assert 1.3 * greedy < first
    assert first > 0.6 * whole


@pytest.mark.thorough
def test_on_the_day_of_a_swap_history_is_what_the_new_model_makes_of_it() -> None:
    """The new model's dollars are another's ten times over: old gains would price nobody in."""
    days = arrivals(35, 3)
    new = Arrivals(at=days.at, worth=days.worth * [1, 0.1], sent=days.sent)
    swap = np.array([LAST[0]])
    earned, best = by_batches(new, swap, 100)
    assert earned >= 0.97 * best
    old = part(days, np.flatnonzero(days.at.day < LAST[0]))
    earned, best = by_batches(new, swap, 100, known=lambda today: old)
    assert earned < 0.9 * best


def test_a_batch_of_many_days_gets_the_exact_cutoff_of_each() -> None:
    days = arrivals(3, 4, mean=60)
    made = priced(days, None, 5)
    for today in MONDAY + np.arange(2):
        mine = days.at.day == today
        best = np.sort(days.worth[mine, SEAT])[-5:]
        assert set(days.worth[mine & (made.action == SEAT), SEAT]) == set(best)
    assert np.isnan(made.rho[days.at.day < days.at.day[-1]]).all()
    assert (made.before == 5).all()
    assert (made.after[:60] == 0).all()


def test_a_row_that_comes_after_its_day_finds_what_the_day_left() -> None:
    at = Moments(np.array([MONDAY]), np.array([40_000.0]))
    late = Arrivals(at=at, worth=np.array([[0.0, 1.0]]), sent=np.array([-1]))
    tomorrow = Moments(np.array([MONDAY + 1]), np.array([10.0]))
    known = Arrivals(at=tomorrow, worth=np.array([[0.0, 9.0]]), sent=np.array([-1]))
    assert priced(late, known, 1).action == SEAT
    assert priced(late, known, 0).lost == SEAT


def test_equal_scores_share_a_day_between_its_batches() -> None:
    days = arrivals(8, 5, mean=300)
    same = Arrivals(at=days.at, worth=np.tile([0.0, 5.0], (len(days.sent), 1)), sent=days.sent)
    earned, best = by_batches(same, MONDAY + np.arange(7, 8), 100, batches=12)
    assert earned >= 0.97 * best
