"""The ledger keeps each decision once, and its log shows only what the decision revealed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit, decision_log, read_ledger
from truerisk.errors import LakeError
from truerisk.lake.lake import Lake
from truerisk.lake.tables import ledger
from truerisk.measurement.measure import measure
from truerisk.measurement.vintages.vintages import vintages
from truerisk.problem.actions import Action
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
DAY = pd.Timedelta(days=1)


@pytest.fixture
def problem(lender: Make) -> Problem:
    return lender()


@pytest.fixture
def decided(problem: Problem, make_scored: Make, make_batch: Make) -> pd.DataFrame:
    """600 decisions from 2025-03-01 to 2025-03-10."""
    return decide(problem, make_scored(600), make_batch())


@pytest.fixture
def known(lake: Lake, problem: Problem, decided: pd.DataFrame) -> pd.DataFrame:
    """The ledger, and outcomes of *every* application but five, also of those declined.

    Every third is an event after 10 days, the others were followed for 40 days, or closed after 20.
    """
    commit(problem, lake, decided)
    at = np.arange(len(decided))
    after = np.select([at % 3 == 0, at % 3 == 1], [10, 40], default=20)
    outcomes = pd.DataFrame(
        {
            "application_id": decided["application_id"],
            "defaulted": (at % 3 == 0).astype("int64"),
            "observed_at": decided["as_of"] + pd.to_timedelta(after, unit="D"),
        }
    )
    outcomes = outcomes.drop(index=decided.index[decided["action"] == "approve"][:5])
    lake.append("outcomes", outcomes, "application_id")
    return outcomes.set_index("application_id")


@pytest.mark.slow
def test_a_decision_is_committed_once(lake: Lake, problem: Problem, decided: pd.DataFrame) -> None:
    assert commit(problem, lake, decided.iloc[:400]) == 400
    version = lake.version(ledger(problem.name))
    assert commit(problem, lake, decided.iloc[:400]) == 0
    assert lake.version(ledger(problem.name)) == version
    assert commit(problem, lake, decided.iloc[300:]) == 200
    assert commit(problem, lake, decided.iloc[:0]) == 0
    assert (
        read_ledger(problem, lake)["application_id"].tolist() == decided["application_id"].tolist()
    )


@pytest.mark.slow
def test_the_first_decision_stands(lake: Lake, problem: Problem, decided: pd.DataFrame) -> None:
    commit(problem, lake, decided)
    assert commit(problem, lake, decided.assign(action="approve", score=0.0, batch="b2")) == 0
    held = read_ledger(problem, lake)
    assert_frame_equal(held[decided.columns], decided, check_dtype=False)


def test_without_a_decision_there_is_no_ledger(lake: Lake, problem: Problem) -> None:
    with pytest.raises(LakeError, match="no decision of small yet"):
        read_ledger(problem, lake)


def test_the_log_never_shows_an_outcome_that_the_action_did_not_reveal(
    lake: Lake, problem: Problem, known: pd.DataFrame
) -> None:
    log = decision_log(problem, lake, pd.Timestamp("2025-06-01", tz="UTC"))
    declined = log["action"] == "decline"
    assert log.loc[declined, "application_id"].isin(known.index).all(), "the source knows them"
    assert log.loc[declined, "event"].isna().all()
    assert not log.loc[declined, "revealed"].any()
    assert set(log.loc[declined, "status"]) == {"not revealed"}


def test_the_log_shows_every_outcome_that_was_revealed(
    lake: Lake, problem: Problem, known: pd.DataFrame
) -> None:
    log = decision_log(problem, lake, pd.Timestamp("2025-06-01", tz="UTC"))
    shown = log[log["action"].eq("approve") & log["application_id"].isin(known.index)]
    assert len(shown) > 200
    assert shown["revealed"].all()
    truth = known.loc[shown["application_id"]]
    assert (shown["event"].to_numpy() == truth["defaulted"].to_numpy()).all()
    watched = (truth["observed_at"].to_numpy() - shown["as_of"].to_numpy()) / DAY
    expected = np.where(watched == 20, "closed", "followed")
    assert (shown["status"].to_numpy() == expected).all()
    lost = log[log["action"].eq("approve") & ~log["application_id"].isin(known.index)]
    assert lost["status"].tolist() == ["without an outcome"] * 5
    assert not lost["revealed"].any()


@pytest.mark.slow
def test_the_young_stay_immature_whatever_is_known_of_them(
    lake: Lake, problem: Problem, known: pd.DataFrame
) -> None:
    """Known 35 days after the first: events of the younger were observed, and are not shown."""
    known_at = pd.Timestamp("2025-04-05", tz="UTC")
    log = decision_log(problem, lake, known_at)
    young = log["as_of"] + 30 * DAY > known_at
    assert 0 < young.sum() < len(log)
    assert (log["mature"] == ~young).all()
    early = known.loc[log.loc[young, "application_id"].loc[lambda k: k.isin(known.index)]]
    assert (early["observed_at"] < known_at).any(), "the source knows some of their outcomes"
    assert log.loc[young, "event"].isna().all()
    assert not log.loc[young, "revealed"].any()
    approved = young & log["action"].eq("approve")
    assert set(log.loc[approved, "status"]) == {"pending"}


@pytest.mark.slow
def test_the_log_tells_of_the_young_only_what_was_revealed_by_its_instant(
    lake: Lake, problem: Problem, known: pd.DataFrame
) -> None:
    """Events after 10 days, closed after 20, followed for 40; known 15 to 35 days after."""
    known_at = pd.Timestamp("2025-03-25", tz="UTC")
    log = decision_log(problem, lake, known_at)
    hidden = log["action"].ne("approve")
    assert hidden.any()
    assert log.loc[hidden, ["event_at", "followed_until"]].isna().all(axis=None)
    told = log[~hidden & log["application_id"].isin(known.index)]
    assert not told["mature"].any() and told["event"].isna().all()
    truth = known.loc[told["application_id"]].set_index(told.index)
    ended = truth["observed_at"] <= known_at
    assert 0 < ended.sum() < len(told)
    happened = ended & truth["defaulted"].eq(1)
    assert told["event_at"].equals(truth["observed_at"].where(happened).rename("event_at"))
    until = truth["observed_at"].where(ended, known_at)
    assert told["followed_until"].equals(until.rename("followed_until"))
    lost = log[~hidden & ~log["application_id"].isin(known.index)]
    assert lost["followed_until"].eq(known_at).all(), "young and no outcome yet: followed still"
    assert (
        decision_log(problem, lake, pd.Timestamp("2025-06-01", tz="UTC"))
        .loc[lost.index, "followed_until"]
        .isna()
        .all()
    ), "mature and without an outcome: lost"


@pytest.mark.slow
def test_the_log_has_vintages(lake: Lake, problem: Problem, known: pd.DataFrame) -> None:
    for known_at, kinds in (("2025-06-01", {"matured", "early"}), ("2025-03-25", {"completed"})):
        at = pd.Timestamp(known_at, tz="UTC")
        found = vintages(decision_log(problem, lake, at), problem.outcome.horizon, at)
        assert kinds <= set(found["kind"])


def test_the_log_of_outcomes_that_are_told_late_has_vintages_too(
    lake: Lake, lender: Make, decided: pd.DataFrame
) -> None:
    """An event of the days between horizon and maturity is none, and contradicts nothing."""
    problem = lender(sources={"outcomes": {"delay": "2d"}})
    assert problem.maturing == pd.Timedelta(days=32)
    commit(problem, lake, decided)
    at = np.arange(len(decided))
    outcomes = pd.DataFrame(
        {
            "application_id": decided["application_id"],
            "defaulted": (at % 4 < 2).astype("int64"),
            "observed_at": decided["as_of"] + np.where(at % 4 == 0, 31, 10) * DAY,
        }
    )
    lake.append("outcomes", outcomes, "application_id")
    known_at = pd.Timestamp("2025-04-06", tz="UTC")  # five days are not mature yet
    log = decision_log(problem, lake, known_at)
    late = log["application_id"].isin(outcomes.loc[at % 4 == 0, "application_id"])
    assert log.loc[late, "event_at"].isna().all()
    assert not log.loc[late & log["revealed"], "event"].any()
    found = vintages(log, problem.maturing, known_at)
    assert not found.empty


def test_an_action_that_came_later_had_no_chance_before(
    lake: Lake, problem: Problem, decided: pd.DataFrame, make_batch: Make
) -> None:
    """The same model, and a file that gains an action: the whole log is measured."""
    commit(problem, lake, decided)
    hold = {"reveals": False, "if_event": "1e6", "if_no_event": "1e6"}
    scored = decided[["application_id", "subject", "score"]].assign(
        application_id="B" + decided["application_id"],
        as_of=decided["as_of"] + 20 * DAY,
        amount=1_000.0,
        age=40.0,
    )
    gained = problem.actions | {"hold": Action.model_validate(hold)}
    changed = problem.model_copy(update={"actions": gained})
    later = decide(changed, scored, make_batch(features=["amount"]))
    assert later["action"].ne("decline").all()
    commit(changed, lake, later)
    outcomes = pd.concat([decided, later])[["application_id", "as_of"]]
    outcomes["defaulted"] = (np.arange(len(outcomes)) % 5 == 0).astype("int64")
    outcomes["observed_at"] = outcomes.pop("as_of") + 40 * DAY
    lake.append("outcomes", outcomes, "application_id")
    log = decision_log(problem, lake, pd.Timestamp("2025-08-01", tz="UTC"))
    assert (log.loc[log["as_of"] < later["as_of"].min(), "p_hold"] == 0).all()
    found = measure(log)
    ran = found[found["metric"].eq("policy_value") & found["estimator"].eq("ipw")]
    assert ran["value"].notna().all(), ran["status"].tolist()


@pytest.mark.slow
def test_the_log_ends_before_its_instant_and_pins_its_version(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    lake.append(
        "outcomes",
        pd.DataFrame(
            {
                "application_id": ["A00000"],
                "defaulted": [0],
                "observed_at": [decided["as_of"][0] + 40 * DAY],
            }
        ),
        "application_id",
    )
    commit(problem, lake, decided.iloc[:100])
    then = {ledger(problem.name): lake.version(ledger(problem.name))}
    commit(problem, lake, decided.iloc[100:])
    known_at = decided["as_of"].iloc[300]
    assert len(decision_log(problem, lake, known_at)) == 300
    assert len(decision_log(problem, lake, known_at, then)) == 100


@pytest.mark.slow
def test_a_lost_outcome_of_an_approval_is_bounded_when_measured(
    lake: Lake, problem: Problem, known: pd.DataFrame
) -> None:
    log = decision_log(problem, lake, pd.Timestamp("2025-06-01", tz="UTC"))
    found = measure(log.assign(m=0.3)).set_index(["metric", "estimator", "population"])
    row = found.loc[("event_rate", "dr", "eligible")]
    assert row["status"] == "bounded: 5 approved outcomes were not seen"
