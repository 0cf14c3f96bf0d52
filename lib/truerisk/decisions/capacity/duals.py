"""Several capacities at once: the dual prices of the best assignment of applications to seats.

maximise Σ_i Σ_a y_ia · gain_ia   with   Σ_a y_ia ≤ weight_i   and   Σ_i y_ia ≤ seats_a

The matrix is that of a transport problem, so that every dual vertex is a sum of differences of
gains: on their grid it is exact, once found.
"""

import numpy as np

from truerisk.decisions.capacity.cutoff import on_grid

FEW = 1_000  # rows that are solved at once
SOME = 8  # every eighth row says about where the prices lie


def duals(gain: np.ndarray, weight: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """λ (L,) ≥ 0 for the ``seats`` (L,) > 0 of L actions; ``gain`` (n, L), ``weight`` (n,) > 0.

    A whole programme of n rows takes minutes. A part of the rows says about where the prices lie;
    whoever takes the same action at any price near there is settled, the others are solved, and
    the prices are those of the whole where they turn out to lie near enough.
    """
    guess = np.zeros(len(seats))
    if len(gain) <= FEW:
        found = _solved(gain, weight, seats, guess, np.inf)
        assert found is not None  # nobody has to take a seat
        return found
    some = slice(None, None, SOME)
    guess = duals(gain[some], weight[some] * (weight.sum() / weight[some].sum()), seats)
    few = FEW
    while True:
        best, second = -np.partition(-_values(gain, guess), 1, axis=1)[:, :2].T
        margin = best - second
        margin = margin[margin > 0]
        near = np.partition(margin, few)[few] / 2 if few < len(margin) else np.inf
        found = _solved(gain, weight, seats, guess, near)
        if found is not None and (np.abs(found - guess) <= near).all():
            return found
        if found is not None:  # which says whereto, and beyond what is near nothing
            guess = np.clip(found, guess - near, guess + near)
        few *= 2


def _values(gain: np.ndarray, price: np.ndarray) -> np.ndarray:
    """What each action leaves at these prices, none of them last, shape (n, L + 1)."""
    return np.column_stack([gain - price, np.zeros(len(gain))])


def _solved(
    gain: np.ndarray, weight: np.ndarray, seats: np.ndarray, guess: np.ndarray, near: float
) -> np.ndarray | None:
    """The duals if all lie within ``near`` of the guess; None where no assignment there exists."""
    from scipy.optimize import linprog  # slow to import, often not needed
    from scipy.sparse import coo_array

    value, width = _values(gain, guess), np.append(np.full(len(seats), near), 0.0)
    if np.isinf(near):
        possible = np.isfinite(value)
    else:
        possible = value + width >= (value - width).max(axis=1, keepdims=True)
    alone = possible.sum(axis=1) == 1
    only = possible[alone].argmax(axis=1)
    left = seats - np.bincount(only, weight[alone], len(width))[:-1]
    if (left < 0).any():
        return None
    # Of the others only differences matter: whoever has the same ones is one row of the programme.
    base = value[~alone].max(axis=1, keepdims=True)
    apart = np.where(possible[~alone], value[~alone] - base, -np.inf)
    alike, group = np.unique(apart, axis=0, return_inverse=True)
    total = np.bincount(group.ravel(), weight[~alone], len(alike))
    row, action = np.nonzero(np.isfinite(alike))
    worth = alike[row, action] + np.append(guess, 0.0)[action]
    column, ones = np.arange(len(row)), np.ones(len(row))
    taken = action < len(seats)
    result = linprog(
        -worth,
        A_ub=coo_array((ones[taken], (action[taken], column[taken])), (len(seats), len(row))),
        b_ub=left,
        A_eq=coo_array((ones, (row, column)), (len(alike), len(row))),
        b_eq=total,
        method="highs",
    )
    return on_grid(-result.ineqlin.marginals) if result.status == 0 else None
