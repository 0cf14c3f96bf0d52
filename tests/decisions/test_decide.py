"""Ledger rows hold the exact probabilities, and are the same however the batch was cut."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

from truerisk.decisions.decide import decide, describe
from truerisk.decisions.policy import policy_version

Make = Callable[..., Any]


@pytest.fixture
def decided(lender: Make, make_scored: Make, make_batch: Make) -> pd.DataFrame:
    """2,000 decisions with π = .2 where exploration is allowed."""
    return decide(lender(), make_scored(), make_batch())


def open_rows(decided: pd.DataFrame) -> pd.Series:
    """Declined by the policy, and not by an absolute rule."""
    own = (
        decided["score"] * decided["value_approve_if_event"]
        + (1 - decided["score"]) * decided["value_approve_if_no_event"]
    )
    declined = (own < 0) | decided["rule"].eq("large")
    return declined & decided["rule"].ne("minor")


def test_probabilities_are_exact(decided: pd.DataFrame) -> None:
    explorable, minor = open_rows(decided), decided["rule"].eq("minor")
    expected = np.select([explorable, minor], [0.2, 0.0], default=1.0)
    assert explorable.sum() > 500
    assert minor.sum() > 20
    np.testing.assert_allclose(decided["p_reveal"], expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(decided["p_approve"], expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(decided["p_approve"] + decided["p_decline"], 1, rtol=0, atol=1e-15)


def test_the_propensity_is_that_of_the_action_taken(decided: pd.DataFrame) -> None:
    taken = np.where(decided["action"] == "approve", decided["p_approve"], decided["p_decline"])
    assert (decided["propensity"] == taken).all()
    assert (decided["propensity"] > 0).all()
    assert set(decided.loc[decided["explored"], "propensity"].round(12)) == {0.2}
    assert set(decided.loc[open_rows(decided) & ~decided["explored"], "propensity"]) == {0.8}


def test_what_was_explored_was_revealed_and_only_where_the_policy_would_not(
    decided: pd.DataFrame,
) -> None:
    explored = decided[decided["explored"]]
    assert (explored["action"] == "approve").all()
    assert open_rows(decided)[explored.index].all()
    untouched = decided[~decided["explored"] & open_rows(decided)]
    assert (untouched["action"] == "decline").all()


def test_an_absolute_rule_is_never_explored_and_another_rule_may_be(decided: pd.DataFrame) -> None:
    minors, large = (decided[decided["rule"] == reason] for reason in ("minor", "large"))
    assert (minors["action"] == "decline").all()
    assert not minors[["p_reveal", "exploration_rate", "explored"]].any(axis=None)
    assert large["explored"].any()
    assert np.allclose(large["p_reveal"], 0.2)


def test_the_explored_share_keeps_to_its_probabilities(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    made = decide(lender(), make_scored(20_000), make_batch())
    rate = made["exploration_rate"]
    spread = np.sqrt((rate * (1 - rate)).sum())
    z = (made["explored"].sum() - rate.sum()) / spread
    assert stats.norm.sf(abs(z)) > 5e-4
    low, high = (made[open_rows(made)].groupby(pd.qcut(made["score"], 2))["explored"]).mean()
    assert abs(low - high) < 0.04, "the draw depends on the score"


def test_money_and_value_are_those_of_the_row(decided: pd.DataFrame, make_scored: Make) -> None:
    amount = decided["application_id"].map(make_scored().set_index("application_id")["amount"])
    assert np.allclose(decided["value_approve_if_event"], -0.65 * amount)
    assert np.allclose(decided["value_approve_if_no_event"], 0.13 * amount)
    own = decided["score"] * -0.65 * amount + (1 - decided["score"]) * 0.13 * amount
    expected = np.where(decided["action"] == "approve", own, 0)
    assert np.allclose(decided["expected_value"], expected)
    cost = np.where(open_rows(decided), np.maximum(-own, 1), 0)
    assert np.allclose(decided["exploration_cost"], cost)


def test_a_budget_is_the_expected_cost_of_a_day_on_average(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    made = decide(lender({"dollars_per_day": 900, "cap": 0.2}), make_scored(), make_batch())
    assert made["exploration_rate"] @ made["exploration_cost"] == pytest.approx(10 * 900)


def test_a_share_of_profit_is_of_the_policys_own_profit(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    problem = lender({"share_of_profit": 0.02, "cap": 0.5})
    made = decide(problem, make_scored(), make_batch())
    unexplored = decide(lender({}), make_scored(), make_batch())
    budget = 0.02 * unexplored["expected_value"].sum()
    assert (made["exploration_rate"] * made["exploration_cost"]).sum() == pytest.approx(budget)


def test_a_hard_cap_holds_and_what_comes_after_it_logs_no_chance(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    """One draw a day: .65 expected, so the brake must trip on some of 200 days."""
    budget = {"dollars_per_day": 1e9, "cap": 0.2, "applications_per_day": 1}
    made = decide(lender(budget), make_scored(8_000, days=200), make_batch())
    day = made["as_of"].dt.date
    assert made["explored"].groupby(day).sum().max() == 1
    after = made["explored"].groupby(day).cumsum().astype(bool) & ~made["explored"]
    closed = made[after & open_rows(made)]
    assert len(closed) > 100
    assert not closed[["exploration_rate", "p_reveal"]].any(axis=None)
    before = made[~after & open_rows(made)]
    assert (before["exploration_rate"] > 0).all()
    assert (before["p_reveal"] == before["exploration_rate"]).all()


def test_without_exploration_every_decision_is_certain(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    made = decide(lender({}), make_scored(), make_batch())
    assert set(made["propensity"]) == {1.0}
    assert set(made["p_reveal"]) == {0.0, 1.0}
    assert not made["explored"].any()


def test_a_batch_that_is_approved_as_a_whole_has_nothing_to_explore(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    frame = make_scored(20).assign(score=0.0, age=40.0, amount=100.0)
    made = decide(lender(), frame, make_batch())
    assert set(made["action"]) == {"approve"}
    assert set(made["p_reveal"]) == {1.0}


def test_no_application_makes_no_row(lender: Make, make_scored: Make, make_batch: Make) -> None:
    made = decide(lender(), make_scored(20).iloc[:0], make_batch())
    assert made.empty
    assert "p_approve" in made


@pytest.mark.slow
def test_shards_in_any_order_give_the_rows_of_the_whole_batch(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    problem = lender({"dollars_per_day": 900, "applications_per_day": 4})
    frame, batch = make_scored(), make_batch()
    whole = decide(problem, frame, batch)
    shuffled = frame.sample(frac=1, random_state=1)
    shards = [frame.iloc[i::3] for i in (2, 0, 1)]
    for cut in (shuffled, shards, [*shards, frame.iloc[:0]], tuple(shards[::-1])):
        assert_frame_equal(decide(problem, cut, batch), whole)
    assert whole["as_of"].is_monotonic_increasing


def test_ties_in_time_are_ordered_by_key(lender: Make, make_scored: Make, make_batch: Make) -> None:
    frame = make_scored(50, days=0)
    made = decide(lender(), frame.sample(frac=1, random_state=2), make_batch())
    assert made["application_id"].tolist() == frame["application_id"].tolist()


def test_deciding_again_decides_the_same(
    decided: pd.DataFrame, lender: Make, make_scored: Make, make_batch: Make
) -> None:
    assert_frame_equal(decide(lender(), make_scored(), make_batch()), decided)


def test_another_salt_explores_others(lender: Make, make_scored: Make, make_batch: Make) -> None:
    budget = {"dollars_per_day": 1e9, "cap": 0.2}
    one, other = (
        decide(lender({**budget, "salt": salt}), make_scored(), make_batch())["explored"]
        for salt in ("2025", "2026")
    )
    both = (one & other).sum() / one.sum()
    assert both == pytest.approx(0.2, abs=0.08)


def test_each_application_of_a_subject_has_a_draw_of_its_own(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    """Four applications in March by each subject, all declined by dollars, π = .2 each."""
    frame = make_scored(2_000).assign(score=0.9, age=40.0)
    frame["subject"] = [f"C{i % 500}" for i in range(len(frame))]
    made = decide(lender(), frame, make_batch())
    assert made["exploration_rate"].nunique() == 1
    hits = made.groupby("subject")["explored"].sum()
    expected = 500 * stats.binom.pmf(np.arange(4), 4, 0.2)
    seen = np.bincount(hits.clip(upper=3), minlength=4)
    expected[3] += 500 - expected.sum()
    assert stats.chisquare(seen, expected).pvalue > 0.001
    assert made["exploration_n"].tolist() == [i // 500 for i in range(2_000)]


def test_from_the_ninth_application_on_a_quarter_of_the_chance_is_left(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    frame = make_scored(200).assign(score=0.9, age=40.0)
    frame["subject"] = [f"C{i % 10}" for i in range(len(frame))]
    made = decide(lender(), frame, make_batch())
    n = np.arange(200) // 10
    assert made["exploration_n"].tolist() == n.tolist()
    assert made["exploration_r"].tolist() == np.where(n < 8, 1.0, 0.25).tolist()
    assert np.allclose(made["exploration_rate"], 0.2 * made["exploration_r"])
    assert np.allclose(made["p_reveal"], made["exploration_rate"])
    assert (made["explored"] == (made["exploration_u"] < made["exploration_rate"])).all()
    assert "floor" not in describe(lender(), made, len(made))


def test_a_row_says_who_decided_what_and_from_which_inputs(
    decided: pd.DataFrame, lender: Make, make_scored: Make, make_batch: Make
) -> None:
    batch = make_batch(versions={"applications": 3})
    problem = lender(training={"segments": ["age"]})
    made = decide(problem, make_scored(), batch, "ScoreFlow/1")
    row = made.iloc[0]
    assert (row["model_version"], row["batch"], row["run"]) == ("m1", "b1", "ScoreFlow/1")
    assert row["policy_version"] == policy_version(problem)
    assert row["source_versions"] == '{"applications": 3}'
    assert (made["feature__amount"] == make_scored()["amount"]).all()
    assert (made["segment__age"] == make_scored()["age"]).all()
    assert made["decision_id"].is_unique
    assert (made["decision_id"] == decided["decision_id"]).all(), "an id moved with the problem"


def test_the_unexplored_policy_decides_alike_whatever_the_budget(
    lender: Make, make_scored: Make, make_batch: Make
) -> None:
    made: list[pd.Series] = []
    for budget in ({"dollars_per_day": 1}, {"dollars_per_day": 1e9, "cap": 0.5}):
        rows = decide(lender(budget), make_scored(), make_batch())
        made.append(rows["action"].mask(rows["explored"], "decline"))
    assert (made[0] == made[1]).all()
