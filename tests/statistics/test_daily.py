"""Flags up to a daily capacity, against a loop over days."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from truerisk.statistics.daily import daily_ranking

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=30)


def by_hand(score: np.ndarray, day: np.ndarray, room: float) -> np.ndarray:
    flags = np.zeros(len(score))
    for one in set(day):
        left = room
        for level in sorted(set(score[day == one]), reverse=True):
            tied = (day == one) & (score == level)
            flags[tied] = min(max(left / tied.sum(), 0), 1)
            left -= tied.sum()
    return flags


@given(ROWS, st.floats(0, 12))
def test_each_day_flags_its_highest_and_ties_share(rows: list, room: float) -> None:
    day, score = (np.array([row[i] for row in rows], dtype=int) for i in (0, 1))
    found = daily_ranking(score / 4, day).up_to(room)
    np.testing.assert_allclose(found, by_hand(score, day, room), atol=1e-12)
    for one in set(day):
        assert np.isclose(found[day == one].sum(), min(room, (day == one).sum()))
