"""Budgets and caps act on probabilities; the draw is a hash."""

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from truerisk.decisions.batch import Batch
from truerisk.decisions.decide import decide, describe
from truerisk.decisions.exploration.budget import (
    LEAST_SCALE,
    LIMIT,
    SHARE_OF_CAP,
    Spent,
    Window,
    own_room,
    rates,
)
from truerisk.decisions.exploration.explore import WORD, brake, draw
from truerisk.features.matching import Match
from truerisk.problem.exploration import Exploration
from truerisk.problem.spec import Problem

DAYS = np.repeat(["2025-03-01", "2025-03-02"], 50)
COST = np.linspace(10, 500, 100)


def plan(**budget: Any) -> Exploration:
    return Exploration(action="approve", **budget)


def pi_of(
    cost: np.ndarray = COST,
    profit: float = 0.0,
    day: np.ndarray = DAYS,
    spent: dict[str, Spent] | None = None,
    r: np.ndarray | None = None,
    **budget: Any,
) -> np.ndarray:
    now, days = np.ones(len(cost), dtype=bool), len(np.unique(day))
    r = np.ones(len(cost)) if r is None else r
    window = Window(
        weight=np.ones(len(cost)), cost=cost, r=r, now=now, profit=profit, days=days, committed=0.0
    )
    return rates(plan(**budget), window, day, spent or {}).pi


def test_a_share_of_profit_is_spent_in_expectation() -> None:
    pi = pi_of(profit=30_000, share_of_profit=0.02)
    assert (pi * COST).sum() == pytest.approx(600)
    assert len(np.unique(pi)) == 1, "the uniform design has one probability"


def test_a_batch_that_loses_money_explores_nothing() -> None:
    assert not pi_of(profit=-1e6, share_of_profit=0.02).any()


def test_dollars_per_day_are_spent_on_average() -> None:
    assert pi_of(dollars_per_day=300, cap=1) @ COST == pytest.approx(600)


def test_who_applied_often_has_a_quarter_and_the_budget_is_spent_all_the_same() -> None:
    r = np.where(np.arange(100) % 2 == 0, 1.0, 0.25)
    pi = pi_of(dollars_per_day=300, cap=1, r=r)
    assert pi @ COST == pytest.approx(600)
    assert pi[r < 1] == pytest.approx(pi[0] / 4)
    capped = pi_of(dollars_per_day=1e9, cap=0.5, applications_per_day=10, r=r)
    assert pd.Series(capped).groupby(DAYS).sum().tolist() == pytest.approx([6.5, 6.5])


def after(committed: float, first: int = 60, **budget: Any) -> np.ndarray:
    """π of the rows from ``first``, after recent ones that committed so many dollars of $600."""
    now = np.arange(len(COST)) >= first
    window = Window(
        weight=np.ones(len(COST)),
        cost=COST,
        r=np.ones(len(COST)),
        now=now,
        profit=0.0,
        days=2.0,
        committed=committed,
    )
    return rates(plan(dollars_per_day=300, **budget), window, DAYS[now], {}).pi


def test_a_batch_takes_its_own_part_of_a_budget_kept_with_recent_decisions() -> None:
    whole = pi_of(dollars_per_day=300, cap=1)
    assert after(250, cap=1) == pytest.approx(whole[60:])
    assert after(0, cap=1) == pytest.approx(whole[60:]), "what others left is not caught up"


def test_near_the_limit_a_batch_takes_what_is_left_and_at_it_a_tenth() -> None:
    whole = pi_of(dollars_per_day=300, cap=1)[60:]
    spent = LIMIT * 600 - 100
    assert after(spent, cap=1) @ COST[60:] == pytest.approx(100)
    assert after(1_000, cap=1) == pytest.approx(LEAST_SCALE * whole)
    small = after(LIMIT * 600 - 15, first=99, cap=1)
    assert small == pytest.approx(whole[-1:] / 2), "half of the last twentieth is left"


def test_two_batches_of_a_day_explore_no_more_than_one() -> None:
    today = DAYS[:50]
    budget = {"dollars_per_day": 9000.0, "applications_per_day": 10, "cap": 0.5}
    first = pi_of(COST[:30], day=today[:30], **budget)
    spent = {today[0]: Spent(first.sum(), 0)}
    second = pi_of(COST[30:50], day=today[30:], spent=spent, **budget)
    assert first.sum() + second.sum() <= SHARE_OF_CAP * 10 + 1e-9


def test_the_cap_holds_however_large_the_budget() -> None:
    assert (pi_of(dollars_per_day=1e12, cap=0.07) == 0.07).all()


def test_the_budget_goes_before_the_floor() -> None:
    pi = pi_of(dollars_per_day=300, floor=0.05, cap=0.5)
    assert pi == pytest.approx(600 / COST.sum())


@pytest.mark.slow
def test_a_run_says_for_how_many_the_budget_kept_exploration_below_its_floor(
    lender: Callable[..., Problem],
    make_scored: Callable[..., pd.DataFrame],
    make_batch: Callable[..., Batch],
) -> None:
    def said(dollars: float) -> tuple[str, pd.DataFrame]:
        budget = {"action": "approve", "dollars_per_day": dollars, "floor": 0.05, "cap": 0.5}
        problem = lender(budget)
        decided = decide(problem, make_scored(), make_batch())
        return describe(problem, decided, len(decided)), decided

    poor, decided = said(1)
    could = decided["exploration_cost"] > 0
    below = int((could & (decided["exploration_rate"] < 0.05)).sum())
    assert f"below its floor of 0.05 for {below:,} of {could.sum():,} applications" in poor
    assert below > 0.9 * could.sum()
    assert describe(lender(), decided, 0) == "Decided 0 applications, 0 by exploration."
    rich, decided = said(1e9)
    assert rich.startswith(f"Decided 2,000 applications, {decided['explored'].sum():,} by explor")
    assert "floor" not in rich


def test_a_run_says_the_share_without_a_row_in_a_source(
    lender: Callable[..., Problem],
    make_scored: Callable[..., pd.DataFrame],
    make_batch: Callable[..., Batch],
) -> None:
    """Also where none has one: of a day's few applications there may be none."""
    scored = make_scored()
    shards = [scored.iloc[::2].copy(), scored.iloc[1::2].copy()]
    for shard, matched in zip(shards, (0, 250)):
        shard.attrs["matches"] = [
            Match(source="payments", by="customer_id", applications=len(shard), matched=matched)
        ]
    decided = decide(lender(), shards, make_batch())
    said = describe(lender(), decided, len(decided), make_batch(), shards)
    assert "\n87.5% of 2,000 applications have no row in payments by customer_id." in said
    none = describe(lender(), decided, 0, make_batch(), shards)
    assert none == "Decided 0 applications, 0 by exploration."


def test_the_expected_number_a_day_stays_below_the_hard_cap() -> None:
    pi = pi_of(dollars_per_day=1e9, cap=0.5, applications_per_day=10)
    assert pd.Series(pi).groupby(DAYS).sum().tolist() == pytest.approx([6.5, 6.5])
    spent = {"2025-03-01": Spent(expected=6.0, drawn=3), "2025-03-02": Spent(expected=9.0)}
    pi = pi_of(dollars_per_day=1e9, cap=0.5, applications_per_day=10, spent=spent)
    assert pd.Series(pi).groupby(DAYS).sum().tolist() == pytest.approx([0.5, 0])


def test_a_cap_that_does_not_bind_changes_nothing() -> None:
    budget = {"dollars_per_day": 50.0, "cap": 0.5}
    assert (pi_of(**budget, applications_per_day=10_000) == pi_of(**budget)).all()


def test_no_row_to_explore_is_no_trouble() -> None:
    none = np.zeros(0)
    assert len(pi_of(none, day=none.astype(str), dollars_per_day=5)) == 0
    assert len(draw("x", WORD, pd.Series([], dtype="str"))) == 0


def test_the_brake_stops_a_day_after_its_last_allowed_draw() -> None:
    explored = np.tile([True, False, True, True, False], 2)
    day = np.repeat(["2025-03-01", "2025-03-02"], 5)
    stopped = brake(
        explored, day, own_room(plan(dollars_per_day=1, applications_per_day=2), {}, day)
    )
    assert stopped.tolist() == [False, False, False, True, True] * 2
    spent = {"2025-03-02": Spent(drawn=2)}
    stopped = brake(
        explored, day, own_room(plan(dollars_per_day=1, applications_per_day=2), spent, day)
    )
    assert stopped.tolist() == [False, False, False, True, True] + [True] * 5
    assert not brake(explored, day, own_room(plan(dollars_per_day=1), {}, day)).any()


def keys(n: int) -> pd.Series:
    return pd.Series(range(n)).astype(str)


def test_draws_are_uniform_and_independent_of_their_order() -> None:
    u = draw("salt", WORD, keys(20_000))
    assert stats.kstest(u, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.03
    assert (draw("salt", WORD, keys(20_000)[::-1])[::-1] == u).all()


def test_a_draw_is_the_published_hash() -> None:
    """Fixed for ever: other draws would break the replay of every ledger."""
    digest = hashlib.sha256(b"credit|explore|A1").digest()
    by_hand = int.from_bytes(digest[:8], "big") / 2**64
    u = draw("credit", WORD, pd.Series(["A1"]))
    assert u[0] == pytest.approx(by_hand, abs=1e-15) == pytest.approx(0.740794870788248)


def test_a_key_that_is_a_number_has_one_draw_however_it_is_read() -> None:
    whole = draw("salt", WORD, pd.Series([7, 2**53 + 1]))
    assert whole[0] == draw("salt", WORD, pd.Series([7.0])) == draw("salt", WORD, pd.Series(["7"]))
    assert whole[0] == draw("salt", WORD, pd.Series([7], dtype="Int64"))
    assert whole[0] == draw("salt", WORD, pd.Series([Decimal("7.00")]))
    assert whole[1] == draw("salt", WORD, pd.Series([str(2**53 + 1)])), "no float on the way"
    assert draw("salt", WORD, pd.Series(["7.0"])) != whole[0], "a text is what it says"


def test_another_salt_gives_unrelated_draws() -> None:
    one, other = draw("one", WORD, keys(5_000)), draw("other", WORD, keys(5_000))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05


@pytest.mark.parametrize("pi", [0.01, 0.2])
def test_a_probability_is_kept_in_the_long_run(pi: float) -> None:
    n = 50_000
    hits = int((draw("salt", WORD, keys(n)) < pi).sum())
    assert stats.binomtest(hits, n, pi).pvalue > 0.001
