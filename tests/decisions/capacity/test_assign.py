from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from truerisk.decisions.capacity.assign import Assigned, Competing, assign
from truerisk.errors import TrueriskError

RNG = np.random.default_rng(0)
LOTS = RNG.random(1_000)


def at_hand(worth: Any, sent: Any = None, weight: Any = None, hand: int | None = None) -> Competing:
    worth = np.asarray(worth, dtype=float)
    return Competing(
        worth=worth,
        sent=np.full(len(worth), -1) if sent is None else np.asarray(sent),
        weight=np.ones(len(worth)) if weight is None else np.asarray(weight, dtype=float),
        hand=len(worth) if hand is None else hand,
    )


def made(rows: Competing, limited: list[int], seats: list[float]) -> Assigned:
    return assign(rows, limited, np.array(seats), lambda places: LOTS[places])


def replayed(rows: Competing, found: Assigned, limited: list[int]) -> np.ndarray:
    """The choice again, from what the ledger keeps of each row: g, λ, τ and its number."""
    takes = (found.gain > found.price) | (
        (found.gain == found.price) & (LOTS[: rows.hand, None] < found.tau)
    )
    rest = np.delete(np.arange(rows.worth.shape[1]), limited)
    best = rest[rows.worth[: rows.hand][:, rest].argmax(axis=1)]
    elsewhere = np.where(np.isin(rows.sent[: rows.hand], limited), -1, rows.sent[: rows.hand])
    best = np.where(elsewhere >= 0, elsewhere, best)
    return np.where(takes.any(axis=1), np.array(limited)[takes.argmax(axis=1)], best)


def test_300_equal_scores_fill_every_seat() -> None:
    found = made(at_hand([[0.0, 5.0]] * 300), [1], [100])
    assert (found.action == 1).sum() == 100
    assert found.price == [5.0]
    assert set(LOTS[:300][found.action == 1]) == set(np.sort(LOTS[:300])[:100])


def test_zero_seats_are_a_capacity() -> None:
    found = made(at_hand([[0.0, 5.0], [0.0, 7.0], [1.0, 0.0]]), [1], [0])
    assert list(found.action) == [0, 0, 0]
    assert list(found.lost) == [1, 1, -1]
    assert found.price == [7.0]


def test_seats_that_nobody_lacks_cost_nothing() -> None:
    found = made(at_hand([[0.0, 5.0], [0.0, -7.0], [0.0, 0.0]]), [1], [2])
    assert list(found.action) == [1, 0, 0]
    assert found.price == [0.0]
    assert (found.lost == -1).all()


def test_a_dollar_that_is_no_number_is_refused() -> None:
    with pytest.raises(TrueriskError, match="1 of 2 applications are no number"):
        made(at_hand([[0.0, np.nan], [0.0, 1.0]]), [1], [1])


def test_whom_a_rule_sends_competes_first() -> None:
    rows = at_hand([[0.0, 50.0], [0.0, 9.0], [0.0, -3.0]], sent=[-1, -1, 1])
    found = made(rows, [1], [1])
    assert list(found.action) == [0, 0, 1]
    assert np.isinf(found.gain[2, 0])


def test_rules_that_send_more_than_there_are_seats_lose_by_lot_and_say_so() -> None:
    rows = at_hand([[2.0, 0.0, 1.0], [0.0, 0.0, 5.0], [0.0, 9.0, 0.0]], sent=[1, 1, -1])
    found = made(rows, [1], [1])
    winner = int(LOTS[0] > LOTS[1])
    assert found.action[winner] == 1
    assert found.action[1 - winner] == [0, 2][1 - winner]  # its best other action
    assert found.lost[1 - winner] == found.lost[2] == 1
    assert np.isinf(found.price[0])


def test_who_is_expected_later_competes_and_takes_nothing_now() -> None:
    rows = at_hand([[0.0, 5.0], [0.0, 3.0], [0.0, 4.0]], weight=[1, 1, 1], hand=2)
    found = made(rows, [1], [2])
    assert list(found.action) == [1, 0]
    assert found.price == [3.0]


cents = st.integers(-3, 6).map(float)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(cents, cents, cents), min_size=1, max_size=12),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_two_capacities_earn_what_the_best_assignment_earns(
    gains: list[tuple[float, float, float]], one: int, two: int
) -> None:
    """Ties abound in whole dollars; the oracle is the Hungarian method."""
    rows = at_hand([[g[0], g[1], g[2]] for g in gains])
    found = made(rows, [1, 2], [one, two])
    counts = np.bincount(found.action, minlength=3)
    assert counts[1] <= one
    assert counts[2] <= two
    columns = [rows.worth[:, [0]]] * len(gains)
    columns += [rows.worth[:, [1]]] * one + [rows.worth[:, [2]]] * two
    table = np.hstack(columns)
    best = table[linear_sum_assignment(table, maximize=True)].sum()
    assert rows.worth[np.arange(len(gains)), found.action].sum() == pytest.approx(best)
    assert (replayed(rows, found, [1, 2]) == found.action).all()


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(cents, cents, cents, st.sampled_from([-1, -1, -1, 0, 1, 2])),
        min_size=1,
        max_size=15,
    ),
    st.lists(st.tuples(cents, cents, cents), max_size=10),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_the_count_never_passes_the_seats_and_replays(
    hand: list[tuple[float, float, float, int]],
    later: list[tuple[float, float, float]],
    one: int,
    two: int,
) -> None:
    worth = [[a, b, c] for a, b, c, _ in hand] + [[a, b, c] for a, b, c in later]
    rows = at_hand(
        worth,
        sent=[s for *_, s in hand] + [-1] * len(later),
        weight=[1.0] * len(hand) + [0.3] * len(later),
        hand=len(hand),
    )
    found = made(rows, [1, 2], [one, two])
    counts = np.bincount(found.action, minlength=3)
    assert counts[1] <= one
    assert counts[2] <= two
    assert (replayed(rows, found, [1, 2]) == found.action).all()
