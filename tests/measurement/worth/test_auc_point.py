"""The model of a better score: against draws of it, and against a better score that exists."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.worth.action_values import action_values
from truerisk.measurement.worth.auc_point import value_of_auc_point
from truerisk.measurement.worth.better_score import better_score, evidence
from truerisk.measurement.worth.breakpoints import Choice, breakpoints
from truerisk.measurement.worth.needle import needle
from truerisk.measurement.worth.perfect import perfect_model


def dated(log: pd.DataFrame) -> pd.DataFrame:
    when = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(log.index // 100, "D")
    return log.assign(as_of=when)


def best(p: np.ndarray, one: np.ndarray, zero: np.ndarray) -> np.ndarray:
    """The action with the greatest expected dollars; values of shape (actions, n)."""
    return (p * one + (1 - p) * zero).argmax(axis=0)


@pytest.mark.slow
def test_breakpoints_are_where_the_best_of_three_actions_changes() -> None:
    rng = np.random.default_rng(0)
    one, zero = rng.normal(-1, 2, (3, 400)), rng.normal(1, 2, (3, 400))
    found = breakpoints([(one[k], zero[k]) for k in range(3)])
    for log_odds in np.linspace(-6, 6, 61):
        p = worlds.sigmoid(np.full(400, log_odds))
        action, columns = best(p, one, zero), np.arange(400)
        now = Choice(found, np.full(400, log_odds)).now
        assert now[0] == pytest.approx(one[action, columns])
        assert now[1] == pytest.approx(zero[action, columns])


@pytest.mark.slow
def test_auc_and_dollars_equal_those_of_drawn_readings() -> None:
    log, rng, size = worlds.draw(2, n=20_000), np.random.default_rng(1), 0.6
    s = action_values(log)
    model = better_score(s, s.a, s.b)
    assert model is not None
    gains, areas = [], []
    one, zero = (np.array([v[side] for v in s.value.values()]) for side in (0, 1))
    columns = np.arange(len(s))
    old = best(model.p, one, zero)
    for _ in range(40):
        y = rng.random(len(s)) < model.p
        reading = size * rng.normal(size=len(s)) + np.where(y, 1, -1) * size**2 / 2
        new = best(worlds.sigmoid(model.log_odds + reading), one, zero)
        earned = np.where(y, one, zero)
        gains.append((earned[new, columns] - earned[old, columns]).mean())
        areas.append(roc_auc_score(y, model.log_odds + reading))
    noise = np.std(gains) / np.sqrt(40), np.std(areas) / np.sqrt(40)
    assert abs(model.gain(size).theta - np.mean(gains)) < 4 * noise[0]
    assert abs(model.area(size) - np.mean(areas)) < 4 * noise[1]
    assert model.gain(size).theta > 20 * noise[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trait", "near"),
    [
        (0.45, 0.05),
        ({-0.5: 0.5, 0.5: 0.5}, 0.05),
        ({0: 0.99, 4: 0.01}, 0.1),
        ({0: 0.9, -3: 0.1}, 0.25),
    ],
)
def test_predicted_dollars_are_near_those_of_a_better_score_that_exists(
    trait: dict[float, float] | float, near: float
) -> None:
    """x is scored, a second trait is not; a better score knows it. Its weight on the log-odds is
    normal of that size, or takes the values of ``trait`` with their chances."""
    rng = np.random.default_rng(3)
    n = 100_000
    x = rng.normal(size=n)
    if isinstance(trait, dict):
        nodes, weights = np.array(list(trait)), np.array(list(trait.values()))
        second = rng.choice(nodes, n, p=weights)
    else:
        nodes, weights = np.polynomial.hermite_e.hermegauss(20)
        nodes, weights = nodes * trait, weights / weights.sum()
        second = rng.normal(0, trait, n)
    p = worlds.sigmoid(worlds.BASE + worlds.SLOPE * x + second)
    plain = worlds.sigmoid(worlds.BASE + worlds.SLOPE * x[:, None] + nodes) @ weights
    amount = rng.lognormal(0, 0.6, n)
    margin = rng.uniform(0.05, 0.3, n)
    one, zero = -0.65 * amount, margin * amount

    def dollars(known: np.ndarray) -> float:
        taken = known * one + (1 - known) * zero > 0
        return float((taken * (p * one + (1 - p) * zero)).mean())

    pairs = np.repeat([1, 0], n)
    weight = np.append(p, 1 - p)
    auc = [roc_auc_score(pairs, np.tile(v, 2), sample_weight=weight) for v in (plain, p)]
    log = pd.DataFrame(
        {
            "subject": np.arange(n), "mature": True, "score": plain, "p_reveal": 1.0,
            "p_approve": 1.0, "p_decline": 0.0, "revealed": True,
            "event": (rng.random(n) < p).astype(float),
            "value_approve_if_event": one, "value_approve_if_no_event": zero,
            "value_decline_if_event": 0.0, "value_decline_if_no_event": 0.0,
        }
    )  # fmt: skip
    found = value_of_auc_point(log, points=auc[1] - auc[0])
    truth = dollars(p) - dollars(plain)
    assert 0.01 < auc[1] - auc[0] < 0.03
    assert found["value"][0] == pytest.approx(truth, rel=near)
    # In proportion to what a perfect model adds, as one might guess, it is far off.
    perfect = (p * 0 + (1 - p) * zero).mean() - dollars(plain)
    guess = perfect * (auc[1] - auc[0]) / (1 - auc[0])
    assert abs(guess / truth - 1) > 0.25


@pytest.mark.slow
def test_the_needle_and_the_auc_point_say_the_same() -> None:
    log = dated(worlds.draw(4, n=6_000))
    asked = needle(log, dollars=200)
    back = value_of_auc_point(log, points=float(asked["value"][0]))
    a_year = 100 * 365.25
    assert back["value"][0] * a_year == pytest.approx(200, rel=1e-3)
    assert asked["at"][0] * a_year == pytest.approx(200, rel=1e-3)
    assert asked["status"][0].startswith("modelled: ")
    assert asked["sentence"][0].startswith("AUC must rise by 0.0")
    assert asked["sentence"][0].endswith(", before it brings $200 a year.")


@pytest.mark.slow
def test_a_larger_log_tells_a_smaller_gain_from_zero() -> None:
    few, many = (needle(worlds.draw(5, n=n)) for n in (4_000, 40_000))
    assert few["low"][0] > 2 * many["high"][0]
    assert many["sentence"][0].endswith("an application can be told from zero.")
    returning = worlds.draw(5, n=40_000, repeats=10)
    assert needle(returning)["value"][0] > 1.5 * many["value"][0]


@pytest.mark.slow
def test_the_noise_is_that_of_comparing_a_drawn_better_score() -> None:
    """Over worlds: the spread of the estimated gain of a challenger that reads Z."""
    rng, size, gains, told = np.random.default_rng(6), 0.8, [], []
    for seed in range(100):
        log = worlds.draw(seed, n=1_500)
        s = action_values(log)
        model = better_score(s, s.a, s.b)
        assert model is not None
        y = log["y"].to_numpy()[np.argsort(-log["score"].to_numpy(), kind="stable")]
        reading = size * rng.normal(size=len(s)) + np.where(y == 1, 1, -1) * size**2 / 2
        old, new = (Choice(model.points, model.log_odds + z).now for z in (0.0, reading))
        gains.append((s.a * (new[0] - old[0]) + s.b * (new[1] - old[1])).mean())
        told.append(model.noise(s)(size))
    assert np.mean(told) == pytest.approx(np.std(gains), rel=0.2)


@pytest.mark.slow
def test_more_than_is_to_be_had_is_said() -> None:
    log = dated(worlds.draw(4, n=6_000))
    found = needle(log, dollars=1e6)
    assert found["value"].isna().all()
    assert "a perfect one would bring $2," in found["sentence"][0]
    ceiling = float(perfect_model(log)["value"].iloc[-1]) * 365.25
    assert 2_000 < ceiling < 3_200
    flat = log.assign(score=0.2)
    for made in (value_of_auc_point(flat), needle(flat), value_of_auc_point(log, 0.4)):
        assert made["value"].isna().all()
        assert made["status"].str.startswith("withheld: the score does not rank").all()
    s = action_values(log)
    model = better_score(s, s.a, s.b)
    assert model is not None
    assert evidence(model, 0.4) is None


def test_bad_questions_are_refused() -> None:
    log = worlds.draw(1)
    for made, says in (
        (lambda: value_of_auc_point(log, points=0), "points is 0; allowed is a gain of AUC"),
        (lambda: needle(log, dollars=-1), "dollars is -1; allowed is a gain above 0"),
        (lambda: needle(log, dollars=100), 'no column "as_of"'),
        (lambda: needle(log.drop(columns="value_approve_if_event")), "value_approve_if_event"),
    ):
        with pytest.raises(LogError, match=says):
            made()


@pytest.mark.slow
@pytest.mark.parametrize("worth", [0.0, 5.0])
def test_where_no_decision_changes_the_dollars_no_accuracy_brings_any(worth: float) -> None:
    log = dated(worlds.draw(4))
    flat = log.assign(**dict.fromkeys((c for c in log if c.startswith("value_")), worth))
    point = value_of_auc_point(flat)
    assert point["value"].eq(0).fillna(False).all()
    for found in (needle(flat), needle(flat, dollars=100)):
        assert found["value"].isna().all()
        assert found["status"][0] == (
            "withheld: no score brings that; a perfect one would bring $0 a year"
        )
    assert (perfect_model(flat)["value"].iloc[:1] == worth).all()


def test_dollars_keep_their_scale() -> None:
    """In the unit of the dollars nothing changes; dollars beyond any are refused."""
    log = worlds.draw(4)
    worth = [c for c in log if c.startswith("value_")]
    tiny = log.assign(**{c: log[c] * 2.0**-100 for c in worth})
    found, small = (perfect_model(x)[["value", "low", "high"]].astype(float) for x in (log, tiny))
    assert small.to_numpy() * 2.0**100 == pytest.approx(found.to_numpy(), rel=1e-9)
    with pytest.raises(
        LogError, match="beyond 1,000,000,000,000,000 dollars in 3,000 of 3,000 rows"
    ):
        perfect_model(log.assign(**{worth[0]: 1e300}))
