"""Whatever the weights, costs and budgets: π keeps what the problem file promises."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from truerisk.decisions.exploration.budget import (
    SHARE_FOR_FLOOR,
    SHARE_OF_CAP,
    Spent,
    Window,
    rates,
    solve,
)
from truerisk.problem.exploration import Exploration

BATCH = st.tuples(
    st.integers(1, 60), st.integers(0, 2**31), st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1)
)


def rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights and costs over orders of magnitude, on three days."""
    rng = np.random.default_rng(seed)
    weight, cost = np.exp(3 * rng.normal(size=(2, n)))
    return weight, np.maximum(100 * cost, 1), np.sort(rng.choice(["d1", "d2", "d3"], n))


def bounds(low: float, high: float) -> dict[str, float]:
    return {"floor": min(low, high) * 0.3, "cap": max(low, high, 1e-3)}


@pytest.mark.slow
@given(BATCH)
def test_the_budget_is_never_exceeded_in_expectation(batch: Any) -> None:
    n, seed, budget, *ends = batch
    weight, cost, _ = rows(n, seed)
    pi, _ = solve(weight, cost, budget, **bounds(*ends))
    assert pi @ cost <= budget * (1 + 1e-9)
    assert (pi >= 0).all() and (pi <= bounds(*ends)["cap"]).all()


@pytest.mark.slow
@given(BATCH)
def test_the_whole_budget_is_used_unless_everyone_is_at_the_cap(batch: Any) -> None:
    n, seed, budget, *ends = batch
    weight, cost, _ = rows(n, seed)
    pi, _ = solve(weight, cost, budget, **bounds(*ends))
    used = pi @ cost == pytest.approx(budget, rel=1e-6, abs=1e-9)
    assert used or (pi == bounds(*ends)["cap"]).all()


@pytest.mark.slow
@given(BATCH)
def test_the_floor_holds_where_the_budget_affords_it(batch: Any) -> None:
    n, seed, budget, *ends = batch
    weight, cost, _ = rows(n, seed)
    floor = bounds(*ends)["floor"]
    pi, k = solve(weight, cost, budget, **bounds(*ends))
    if floor * cost.sum() <= budget:
        assert (pi >= floor).all()
    else:
        lower, cap = SHARE_FOR_FLOOR * budget / cost.sum(), bounds(*ends)["cap"]
        assert lower < floor
        np.testing.assert_array_equal(pi, np.clip(k * weight, lower, cap))


@pytest.mark.slow
@given(BATCH)
def test_a_larger_budget_lowers_nobodys_chance(batch: Any) -> None:
    n, seed, budget, *ends = batch
    weight, cost, _ = rows(n, seed)
    floor, cap = bounds(*ends).values()
    if floor * cost.sum() > budget:
        floor = 0.0  # where the floor becomes affordable, others give what it takes
    less, _ = solve(weight, cost, budget, floor, cap)
    more, _ = solve(weight, cost, budget * 1.5, floor, cap)
    assert (more >= less).all()


def test_k_is_the_root_that_scipy_finds() -> None:
    weight, cost, _ = rows(200, 3)
    budget = 0.05 * cost.sum()
    _, k = solve(weight, cost, budget, 0.01, 0.4)
    root = brentq(lambda k: np.clip(k * weight, 0.01, 0.4) @ cost - budget, 0, 1e6, xtol=1e-15)
    assert k == pytest.approx(root, rel=1e-9)


def plan(**budget: Any) -> Exploration:
    return Exploration(action="approve", **budget)


def alone(weight: np.ndarray, cost: np.ndarray, profit: float = 0.0) -> Window:
    """A batch of a day without recent decisions."""
    every = np.ones(len(cost))
    return Window(
        weight=weight,
        cost=cost,
        r=every,
        now=every.astype(bool),
        profit=profit,
        days=1.0,
        committed=0.0,
    )


@settings(max_examples=60)
@given(BATCH, st.integers(1, 20), st.floats(0, 10))
def test_the_daily_cap_scales_every_chance_of_its_day_alike(
    batch: Any, cap_a_day: int, before: float
) -> None:
    n, seed, budget, *_ = batch
    weight, cost, day = rows(n, seed)
    spent = {"d1": Spent(expected=before)}
    free = rates(plan(dollars_per_day=budget + 1, cap=0.9), alone(weight, cost), day, {})
    capped = plan(dollars_per_day=budget + 1, cap=0.9, applications_per_day=cap_a_day)
    made = rates(capped, alone(weight, cost), day, spent)
    for today in np.unique(day):
        now = day == today
        room = max(SHARE_OF_CAP * cap_a_day - (before if today == "d1" else 0), 0)
        assert made.pi[now].sum() <= room * (1 + 1e-9)
        assert len(set(made.scale[now])) == 1
        np.testing.assert_allclose(made.pi[now], free.pi[now] * made.scale[now])
    np.testing.assert_array_equal(made.k, free.k)


@pytest.mark.slow
@given(BATCH)
def test_what_is_recorded_gives_the_chance_back(batch: Any) -> None:
    n, seed, budget, *_ = batch
    weight, cost, day = rows(n, seed)
    about = plan(dollars_per_day=budget + 1, floor=0, cap=0.5, applications_per_day=4)
    made = rates(about, alone(weight, cost), day, {})
    again = np.clip(made.k * weight, 0, 0.5) * made.scale
    np.testing.assert_allclose(again, made.pi, rtol=1e-9)


def test_a_batch_without_profit_explores_nothing() -> None:
    weight, cost, day = rows(20, 0)
    assert not rates(plan(share_of_profit=0.5), alone(weight, cost, -10.0), day, {}).pi.any()


def test_a_batch_without_rows_to_explore_is_no_trouble() -> None:
    none = np.zeros(0)
    for budget in ({"share_of_profit": 0.1}, {"dollars_per_day": 5}):
        assert len(rates(plan(**budget), alone(none, none, 1.0), none.astype(str), {}).pi) == 0
