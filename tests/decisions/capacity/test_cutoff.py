import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from truerisk.decisions.capacity.cutoff import cutoff, lottery, on_grid

gains = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, np.inf]), max_size=30).map(np.array)


@given(gains, st.integers(0, 20))
def test_whoever_gains_more_than_the_price_fits_and_one_more_would_not(
    gain: np.ndarray, seats: int
) -> None:
    price = cutoff(gain, np.ones(len(gain)), seats)
    assert price >= 0
    assert (gain > price).sum() <= seats
    if price > 0:
        assert (gain >= price).sum() > seats


@given(
    st.lists(st.floats(0, 1, exclude_max=True), max_size=20, unique=True).map(np.array),
    st.floats(0, 30),
    st.integers(0, 20),
)
def test_a_lottery_fills_the_seats_and_never_more(
    drawn: np.ndarray, to_come: float, seats: int
) -> None:
    tau = lottery(drawn, to_come, seats)
    taken = (drawn < tau).sum()
    assert 0 <= tau <= 1
    assert taken <= seats
    if to_come == 0:
        assert taken == min(seats, len(drawn))
    if len(drawn) + to_come >= seats:
        assert abs(taken + tau * to_come - seats) <= 0.5 + 1e-9


def test_the_price_is_what_one_more_seat_is_worth() -> None:
    gain, weight = np.array([9.0, 7.0, 4.0, -1.0]), np.ones(4)
    assert [cutoff(gain, weight, seats) for seats in range(5)] == [9.0, 7.0, 4.0, 0.0, 0.0]


def test_rounding_noise_decides_no_seat() -> None:
    assert on_grid(np.array([0.1 + 0.2])) == on_grid(np.array([0.3]))
