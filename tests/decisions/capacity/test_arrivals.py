from datetime import date

import numpy as np
import pytest

from truerisk.decisions.capacity.arrivals import expected
from truerisk.decisions.capacity.calendar import Moments

TUESDAY = np.datetime64("2025-03-25")
NOON = 43_200.0


def known(*rows: tuple[str, float]) -> Moments:
    return Moments(
        np.array([day for day, _ in rows], dtype="datetime64[D]"),
        np.array([clock for _, clock in rows]),
    )


def test_later_arrivals_of_this_kind_of_day_weigh_rho_over_days() -> None:
    rows = [("2025-03-24", 50_000.0), ("2025-03-24", 100.0), ("2025-03-21", 60_000.0)]
    rows += [("2025-03-22", 70_000.0), ("2025-02-24", 70_000.0)]  # a Saturday, and too long ago
    found = expected(TUESDAY, NOON, known(*rows, ("2025-03-25", NOON)))
    # Working days since 21 March: 21 and 24. One of three came by noon there, one today.
    assert found.rho == pytest.approx(26 / 25.5)
    assert found.weight == pytest.approx(np.array([1, 0, 1, 0, 0, 0]) * 26 / 25.5 / 2)


def test_with_fewer_than_two_days_of_the_kind_all_days_count() -> None:
    rows = known(("2025-03-22", 50_000.0), ("2025-03-24", 50_000.0), ("2025-03-25", 10.0))
    found = expected(TUESDAY, NOON, rows)
    assert found.weight == pytest.approx(np.array([1, 1, 0]) * 26 / 25 / 3)


def test_a_holiday_is_a_kind_of_its_own() -> None:
    holidays = [date(2025, 3, 20), date(2025, 3, 21), date(2025, 3, 25)]
    rows = known(("2025-03-20", 50_000.0), ("2025-03-24", 50_000.0), ("2025-03-25", 10.0))
    assert expected(TUESDAY, NOON, rows, holidays).weight == pytest.approx([0.52, 0, 0])


def test_days_of_the_kind_without_an_arrival_count() -> None:
    rows = known(("2025-03-18", 50_000.0), ("2025-03-24", 50_000.0))
    assert expected(TUESDAY, NOON, rows).weight == pytest.approx([0.2, 0.2])


def test_on_the_first_day_todays_rows_stand_for_the_rest() -> None:
    found = expected(TUESDAY, 21_600.0, known(("2025-03-25", 10.0), ("2025-03-25", 21_600.0)))
    assert found.rho is None
    assert found.weight == pytest.approx([3, 3])


def test_where_no_time_has_gone_nobody_is_expected() -> None:
    """As with sources that know only the date: all of a day comes at its midnight."""
    assert expected(TUESDAY, 0.0, known(("2025-03-25", 0.0))).weight == [0]
