"""h and the rest of the variance agree with the influence functions of the measured metrics."""

import numpy as np
import pytest

from tests.decisions.exploration import world
from truerisk.decisions.exploration import sensitivity
from truerisk.statistics import influence
from truerisk.statistics.logistic import logit, sigmoid

N = 4_000


@pytest.fixture(scope="module")
def drawn() -> world.World:
    made = world.draw(5, N)
    made.scored["score"] = made.scored["score"].round(2).clip(0.01)  # with ties
    return made


def test_auc_hangs_on_a_row_as_its_influence_function_says(drawn: world.World) -> None:
    score, p = drawn.scored["score"].to_numpy(), drawn.risk
    found = sensitivity.auc(p, score, np.ones(N, dtype=bool))
    slope = influence.auc(p, 1 - p, score).slope
    np.testing.assert_allclose(found.squared, slope**2, rtol=0.01, atol=1e-4)
    y = drawn.y
    variance = (influence.auc(y, 1 - y, score).influence ** 2).mean()
    assert found.rest == pytest.approx(variance, rel=0.1)


def test_the_event_rate_hangs_on_everyone_alike(drawn: world.World) -> None:
    found = sensitivity.event_rate(drawn.risk, np.ones(N, dtype=bool))
    assert set(found.squared) == {1.0}
    assert found.rest == pytest.approx(drawn.y.var(), rel=0.05)


@pytest.mark.slow
def test_the_profit_hangs_on_those_whom_another_model_would_decide_otherwise() -> None:
    """Against challengers drawn one by one: h² and the variance are their averages."""
    rng, n = np.random.default_rng(0), 400
    score, amount = rng.uniform(0.05, 0.5, n), rng.uniform(1, 3, n)
    p = np.clip(score * 1.2, 0, 0.9)
    declined = score > world.CUTOFF
    sign = np.where(declined, 1.0, -1.0)
    gain1, gain0 = sign * -0.65 * amount, sign * 0.13 * amount
    everyone = np.ones(n, dtype=bool)
    found = sensitivity.profit(p, score, gain1, gain0, everyone, everyone)
    squares, second, first = np.zeros(n), np.zeros(n), 0.0
    rounds = 4_000
    for _ in range(rounds):
        other = sigmoid(logit(score) + sensitivity.CHALLENGER * rng.logistic(size=n))
        otherwise = (other > world.CUTOFF) != declined
        y = rng.random(n) < p
        value = np.where(y, gain1, gain0) * otherwise
        squares += (gain1 - gain0) ** 2 * otherwise / rounds
        second, first = second + value**2 / rounds, first + value.mean() / rounds
    np.testing.assert_allclose(found.squared, squares, atol=0.25)
    assert found.squared @ squares / np.linalg.norm(squares) ** 2 == pytest.approx(1, abs=0.01)
    assert found.rest == pytest.approx(second.mean() - first**2, rel=0.03)


def test_what_a_rule_decided_no_model_decides_otherwise() -> None:
    n = 10
    score, one = np.full(n, 0.2), np.ones(n)
    free, everyone = np.arange(n) > 4, np.ones(n, dtype=bool)
    found = sensitivity.profit(score, score, -0.65 * one, 0.13 * one, free, everyone)
    assert (found.squared[free] > 0).all()
    assert not found.squared[~free].any()


def test_where_one_action_is_always_better_no_model_crosses() -> None:
    one, everyone = np.ones(3), np.ones(3, dtype=bool)
    found = sensitivity.profit(one / 2, one / 2, one, 2 * one, everyone, everyone)
    assert not found.squared.any()


def test_rows_without_a_chance_neither_count_nor_are_counted(drawn: world.World) -> None:
    some = np.arange(N) % 3 > 0
    score = drawn.scored["score"].to_numpy()
    whole = sensitivity.auc(drawn.risk, score, some)
    part = sensitivity.auc(drawn.risk[some], score[some], np.ones(some.sum(), dtype=bool))
    np.testing.assert_allclose(whole.squared[some], part.squared)
    assert not whole.squared[~some].any()
    nobody = np.zeros(N, dtype=bool)
    assert sensitivity.event_rate(drawn.risk, nobody).rest == 0
    assert sensitivity.auc(drawn.risk, score, nobody).rest == 0
