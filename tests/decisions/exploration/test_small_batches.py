"""One lender decided at once, by days, by fives, by twos: exploration costs and teaches alike."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.decisions.exploration import world
from truerisk.decisions.exploration.budget import LIMIT, Spent, own_room
from truerisk.decisions.exploration.explorable import explorable
from truerisk.decisions.exploration.explore import brake, design_rates
from truerisk.decisions.exploration.recent import PERIOD, Recent
from truerisk.decisions.policy import Choice
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Problem

N, DAYS, HOPEFUL = 3_000, 60, 0.4
AT_ONCE, DAILY, FEW, TINY = N, N // DAYS, 5, 2
LATER = np.arange(N) >= N // 2  # after the first 30 days
BUDGETS: dict[str, dict[str, Any]] = {
    "share": {"share_of_profit": 0.04},
    "dollars": {"dollars_per_day": 800},
}
KNOWN = Calibration(HOPEFUL, 1.0)
MADE: dict[Any, "Stream"] = {}

pytestmark = pytest.mark.xdist_group("small batches")  # they share what was made


@dataclass(frozen=True)
class Stream:
    """A lender's applications in order of time, decided; arrays (n,)."""

    drawn: world.World
    rate: np.ndarray
    cost: np.ndarray
    own: np.ndarray
    explored: np.ndarray
    day: np.ndarray

    @property
    def open(self) -> np.ndarray:
        return self.cost > 0

    def spent(self, rows: np.ndarray) -> float:
        return float(self.rate[rows] @ self.cost[rows])


def decided(problem: Problem, drawn: world.World, size: int, memory: bool = True) -> Stream:
    """Batches of ``size``, one after the other, each with the decisions of those before it."""
    scored, n = drawn.scored, len(drawn.scored)
    amount, score = scored["amount"].to_numpy(), scored["score"].to_numpy()
    money = np.outer(-0.65 * amount, [1, 0]), np.outer(0.13 * amount, [1, 0])
    expected = score[:, None] * money[0] + (1 - score)[:, None] * money[1]
    nobody = np.full(n, None, dtype=object)

    def taken(a: int, b: int) -> tuple[Choice, tuple[np.ndarray, np.ndarray]]:
        choice = Choice(
            expected[a:b].argmax(axis=1), nobody[a:b], np.zeros(b - a, bool), expected[a:b]
        )
        return choice, (money[0][a:b], money[1][a:b])

    p, when = KNOWN.apply(score), scored["as_of"].dt.tz_convert(None).to_numpy()
    rate, cost, own = np.ones(n), np.zeros(n), np.zeros(n)
    explored, day = np.zeros(n, dtype=bool), when.astype("datetime64[D]").astype(str)
    for a in range(0, n, size):
        b = min(a + size, n)
        f = int(np.searchsorted(when, when[b - 1] - PERIOD.to_timedelta64(), "right"))
        before = None
        if memory and f < a:
            committed = float((rate * cost)[f:a].sum())
            choice, dollars = taken(f, a)
            before = Recent(
                as_of=scored["as_of"].iloc[f:a],
                score=np.column_stack([score[f:a]] * 2),
                p=np.column_stack([p[f:a]] * 2),
                choice=choice,
                money=dollars,
                r=np.ones(a - f),
                committed=[committed],
            )
        every = explorable(problem, scored.iloc[a:b], *taken(a, b), KNOWN, before)[0]
        today = (day[:a] == day[b - 1]) & (cost[:a] > 0)
        spent = {day[b - 1]: Spent(float(rate[:a][today].sum()), int(explored[:a][today].sum()))}
        found, rows = design_rates(problem.exploration[0], every, spent), every.batch()
        cost[a:b], own[a:b] = rows.cost, rows.own
        at = a + np.flatnonzero(rows.open)
        luck = drawn.luck[at] < found.pi
        stopped = brake(luck, day[at], own_room(problem.exploration[0], spent, day[at]))
        rate[at], explored[at] = np.where(stopped, 0.0, found.pi), luck & ~stopped
    return Stream(drawn, rate, cost, own, explored, day)


def lender_of(n: int = N, seed: int = 0) -> world.World:
    drawn = world.draw(seed, n, HOPEFUL)
    late = pd.to_timedelta(np.arange(n) * DAYS * 86_400 // n, unit="s")
    drawn.scored["as_of"] = pd.Timestamp("2025-03-01", tz="UTC") + late
    return drawn


@pytest.fixture
def stream(lender: Callable[..., Problem]) -> Callable[..., Stream]:
    """The lender with a budget and a size of batches; made once."""

    def stream_(budget: str, size: int, memory: bool = True, **more: float) -> Stream:
        wanted = {"floor": 0.005, "cap": 0.2, **BUDGETS[budget], **more}
        key = (*sorted(wanted.items()), size, memory)
        if key not in MADE:
            MADE[key] = decided(lender({"action": "approve", **wanted}), lender_of(), size, memory)
        return MADE[key]

    return stream_


@pytest.mark.slow
@pytest.mark.parametrize("budget", BUDGETS)
def test_the_size_of_batches_changes_neither_cost_nor_labels(
    stream: Callable[..., Stream], budget: str
) -> None:
    whole = stream(budget, AT_ONCE)
    later = whole.open & LATER
    at_floor = (whole.rate[later] <= 0.005).mean()
    assert at_floor < 0.5, "the floor alone decides what is spent"
    for size in (DAILY, FEW):
        made = stream(budget, size)
        assert made.spent(later) == pytest.approx(whole.spent(later), rel=0.1)
        assert made.rate[later].sum() == pytest.approx(whole.rate[later].sum(), rel=0.1)
        assert (made.rate[later] > 0).all()
        near = np.corrcoef(made.rate[later], whole.rate[later])[0, 1]
        assert near > 0.9, "the same applications are worth exploring"


@pytest.mark.slow
@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("size", [DAILY, FEW])
def test_thirty_days_commit_no_more_than_the_limit(
    stream: Callable[..., Stream], budget: str, size: int
) -> None:
    made = stream(budget, size)
    spent = np.convolve(made.rate * made.cost, np.ones(N // 2), "valid")
    profit = np.convolve(made.own, np.ones(N // 2), "valid")
    allowed = 0.04 * profit if budget == "share" else 800 * 30
    assert (spent <= LIMIT * allowed * 1.01).all()


@pytest.mark.slow
def test_loans_that_grow_overnight_do_not_break_the_limit(
    lender: Callable[..., Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """k is that of smaller loans for weeks; a mutant without the limit spends a quarter more."""
    problem = lender({"action": "approve", "floor": 0.0, "cap": 0.2, **BUDGETS["dollars"]})
    drawn = lender_of()
    drawn.scored.loc[LATER, "amount"] *= 3

    def most(made: Stream) -> float:
        by_day = np.add.reduceat(made.rate * made.cost, np.arange(0, N, DAILY))
        assert (made.rate[made.open] > 0).all()
        return float(np.convolve(by_day, np.ones(30), "valid").max()) / (30 * 800)

    assert most(decided(problem, drawn, DAILY)) <= LIMIT * 1.001
    monkeypatch.setattr("truerisk.decisions.exploration.budget.LIMIT", 1e9)
    assert most(decided(problem, drawn, DAILY)) > 1.25


def estimates(made: Stream, seed: int) -> tuple[float, float]:
    """Doubly robust, of the later rows, less the truth, for new outcomes.

    The event rate, and a challenger's gain as a share of the mean amount: both linear in ỹ.
    """
    rng, score = np.random.default_rng(seed), made.drawn.scored["score"].to_numpy()[LATER]
    risk, pi = made.drawn.risk[LATER], np.where(made.open, made.rate, 1.0)[LATER]
    y, seen = rng.random(len(risk)) < risk, rng.random(len(risk)) < pi
    pseudo = score + np.divide(seen * (y - score), pi, out=np.zeros(len(pi)), where=pi > 0)
    amount = made.drawn.scored["amount"].to_numpy()[LATER] * made.drawn.otherwise[LATER]
    sign = np.where(score < world.CUTOFF, 1.0, -1.0)
    gain = 0.78 * sign * amount / made.drawn.scored["amount"].mean()
    return float((pseudo - risk).mean()), float((gain * (pseudo - risk)).mean())


@pytest.mark.slow
@pytest.mark.parametrize("size", [AT_ONCE, DAILY, FEW])
def test_estimates_are_right_about_everyone_whatever_the_size(
    stream: Callable[..., Stream], size: int
) -> None:
    off = np.array([estimates(stream("share", size), seed) for seed in range(1_500)])
    se = off.std(axis=0) / np.sqrt(len(off))
    assert (np.abs(off.mean(axis=0)) < 3 * se).all()
    assert (se < 0.0015).all()


@pytest.mark.slow
def test_a_budget_for_each_batch_alone_leaves_rows_without_a_chance(
    stream: Callable[..., Stream],
) -> None:
    """A mutant: two declines expect no profit, and what nobody may reveal biases every figure."""
    alone = stream("share", TINY, memory=False)
    later = alone.open & LATER
    assert (alone.rate[later] == 0).mean() > 0.2
    off = np.array([estimates(alone, seed)[0] for seed in range(1_500)])
    assert off.mean() < -4 * off.std() / np.sqrt(len(off))
    assert off.mean() < -0.005, "four standard errors of what the others are held to"


@pytest.mark.slow
def test_the_daily_cap_holds_and_leaves_a_chance_until_it_is_full(
    stream: Callable[..., Stream],
) -> None:
    made = stream("dollars", TINY, applications_per_day=3, dollars_per_day=8_000)
    by_day = pd.DataFrame({"drawn": made.explored, "rate": np.where(made.open, made.rate, 0)})
    days = by_day.groupby(made.day).sum()
    assert days["drawn"].max() <= 3
    assert days["rate"].max() <= 0.65 * 3 + 1e-9
    assert days["rate"].iloc[30:].mean() > 0.75 * 0.65 * 3, "the cap hardly binds"
    full = pd.Series(made.explored).groupby(made.day).cumsum().to_numpy() >= 3
    assert (made.rate[made.open & ~full] > 0).all()


def test_a_month_of_recent_decisions_is_no_burden(lender: Callable[..., Problem]) -> None:
    """32,000 of them, and a batch of two, in less than a second."""
    problem = lender({"share_of_profit": 0.02})
    drawn = lender_of(32_002)
    drawn.scored["as_of"] = drawn.scored["as_of"].iloc[0] + pd.to_timedelta(
        np.arange(32_002) * 80, unit="s"
    )
    begun = time.process_time()
    made = decided(problem, drawn, 32_000)
    assert time.process_time() - begun < 1
    assert (made.rate[made.open] > 0).all()
