"""Who takes which action where several are worth the same at their prices."""

from collections.abc import Callable

import numpy as np

from truerisk.decisions.capacity.cutoff import lottery

Draw = Callable[[np.ndarray], np.ndarray]  # places of rows at hand (m,) → numbers in [0, 1) (m,)
ROUNDING = 1e-9  # of seats, where weights are parts of a row


def settle(
    value: np.ndarray,
    weight: np.ndarray,
    hand: np.ndarray,
    seats: np.ndarray,
    price: np.ndarray,
    draw: Draw,
) -> tuple[np.ndarray, np.ndarray]:
    """The place of each row's action, (n,), none limited last (L), and τ, shape (n, L).

    ``value`` (n, L + 1) is what each leaves at its ``price`` (L,); ``hand`` (n,) is the row's place
    among those at hand, −1 for one expected later, whose action is not asked for. A row takes the
    first action in the file's order that is worth no less than any other and whose τ is above the
    row's number.
    """
    tied = value == value.max(axis=1, keepdims=True)
    tied[:, :-1] &= (price > 0) | ~tied[:, -1:]  # what costs nothing and gains nothing: no seat
    action, tau = tied.argmax(axis=1), np.zeros((len(value), len(seats)))
    alone = tied.sum(axis=1) == 1
    room = seats - np.bincount(action[alone], weight[alone], len(seats) + 1)[:-1]
    open_ = np.flatnonzero(~alone)
    if not len(open_):
        return action, tau
    which, group = np.unique(tied[open_], axis=0, return_inverse=True)
    total = np.bincount(group.ravel(), weight[open_], len(which))
    targets = _flow(which, total, np.maximum(room, 0.0), price)
    for k, among in enumerate(which):
        rows = open_[group.ravel() == k]
        here = rows[hand[rows] >= 0]
        numbers = draw(hand[here])
        wanted, free = 0.0, np.ones(len(here), dtype=bool)
        action[rows] = len(seats)
        one = among[:-1].sum() == 1
        for j in np.flatnonzero(among[:-1]):
            wanted += targets[k, j]
            tau[rows, j] = lottery(numbers, total[k] - len(here), wanted)
            if one:  # the common case: one number for everybody
                tau[alone, j] = tau[rows[0], j]
            takes = free & (numbers < tau[here, j])
            action[here[takes]] = j
            free &= ~takes
    _within(action, tau, hand, seats, open_, draw)
    return action, tau


def _flow(which: np.ndarray, total: np.ndarray, room: np.ndarray, price: np.ndarray) -> np.ndarray:
    """How many of each kind of tie go to each limited action, (kinds, L).

    Rows that would lose by going elsewhere find room and seats that cost something are filled: the
    prices are those of an assignment that does both.
    """
    found = np.zeros((len(which), len(room)))
    row, action = np.nonzero(which[:, :-1])
    if len(row) == 1:
        found[row, action] = min(total[row[0]], room[action[0]])
        return found
    from scipy.optimize import linprog  # slow to import, often not needed
    from scipy.sparse import coo_array

    ones, column = np.ones(len(row)), np.arange(len(row))
    result = linprog(
        -1.0 * (~which[row, -1]) - (price[action] > 0),
        A_ub=coo_array(
            (np.append(ones, ones), (np.append(row, len(which) + action), np.tile(column, 2))),
            (len(which) + len(room), len(row)),
        ),
        b_ub=np.append(total, room),
        method="highs-ds",
    )
    found[row, action] = result.x
    return found


def _within(
    action: np.ndarray,
    tau: np.ndarray,
    hand: np.ndarray,
    seats: np.ndarray,
    open_: np.ndarray,
    draw: Draw,
) -> None:
    """Where rounding several kinds of tie gives a row too many, the highest numbers lose."""
    for j, most in enumerate(np.floor(seats + ROUNDING).astype(int)):
        takers = np.flatnonzero((action == j) & (hand >= 0))
        if len(takers) <= most:
            continue
        lots = np.intersect1d(takers, open_)
        numbers = draw(hand[lots])
        last = np.argsort(-numbers, kind="stable")[: len(takers) - most]
        tau[lots[last], j] = numbers[last]
        action[lots[last]] = len(seats)
