"""The oracle is the whole programme, solved at once."""

import numpy as np
import pytest
from scipy.optimize import linprog

from truerisk.decisions.capacity import duals as module
from truerisk.decisions.capacity.cutoff import on_grid
from truerisk.decisions.capacity.duals import duals


def whole(gain: np.ndarray, weight: np.ndarray, seats: np.ndarray) -> float:
    n, width = gain.shape
    each = np.kron(np.eye(n), np.ones((1, width)))
    full = np.kron(np.ones((1, n)), np.eye(width))
    found = linprog(
        -gain.ravel(), np.vstack([each, full]), np.append(weight, seats), method="highs"
    )
    return -float(found.fun)


def bound(gain: np.ndarray, weight: np.ndarray, seats: np.ndarray, price: np.ndarray) -> float:
    """The dual value: no assignment earns more, and the best earns as much at the right prices."""
    return float(price @ seats + weight @ np.maximum((gain - price).max(axis=1), 0))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["apart", "alike", "twins", "coarse"])
def test_the_prices_are_those_of_the_whole_programme(
    seed: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEW", 20)
    rng = np.random.default_rng(seed)
    gain = on_grid(rng.normal(5, 10, (150, 3)))
    if kind == "alike":
        gain[:] = gain[0] = [9.0, 7.0, 7.0]
    if kind == "twins":
        gain[:, 1] = gain[:, 0]
    if kind == "coarse":
        gain = np.round(gain / 5) * 5
    weight = rng.choice([1.0, 0.35], 150)
    seats = np.array([12.0, 7.0, 20.0])
    price = duals(gain, weight, seats)
    assert (price >= 0).all()
    assert bound(gain, weight, seats, price) == pytest.approx(whole(gain, weight, seats))


def test_one_price_at_a_time_is_not_enough() -> None:
    """Two teams that are worth the same share one queue: no price of one alone shows it."""
    gain = on_grid(np.array([[9.0, 9.0], [8.0, 8.0], [7.0, 7.0], [6.0, 6.0]]))
    assert duals(gain, np.ones(4), np.ones(2)) == pytest.approx([7.0, 7.0], abs=1.0)


@pytest.mark.slow
def test_a_wild_price_of_a_part_does_not_lead_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the settled rows leave an action more seats than are wanted, the part's price is 0."""
    monkeypatch.setattr(module, "FEW", 30)
    solved, near = module._solved, []

    def kept(gain: np.ndarray, *rest: np.ndarray) -> np.ndarray | None:
        near.append((len(gain), rest[-1]))
        return solved(gain, *rest)

    monkeypatch.setattr(module, "_solved", kept)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        gain = on_grid(rng.normal(0, 10, (4_000, 3)) + rng.normal(5, 5, (4_000, 1)))
        seats = np.array([120.0, 160.0, 80.0])
        duals(gain, np.ones(4_000), seats)
    assert [n for n, width in near if np.isinf(width) and n > 300] == []
