"""The ledger says why: factors in dollars, the rule that decided, and never luck."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from typer.testing import CliRunner

from truerisk.cli import app
from truerisk.decisions.batch import Batch, plan_batch, score
from truerisk.decisions.decide import decide, describe
from truerisk.decisions.ledger import commit, read_ledger
from truerisk.decisions.reasons import in_words, stated, worst
from truerisk.features.definitions import definition
from truerisk.lake.lake import Lake
from truerisk.lake.tables import ledger
from truerisk.models.calibration import Calibration
from truerisk.models.package import Model, save
from truerisk.models.scorecard import ScorecardModel
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
CARD = {
    "amount": {"edges": [10_000.0, 20_000.0], "points": [10, 0, -10], "missing": 0},
    "age": {"edges": [30.0], "points": [-30, 10], "missing": 0},
}
USUAL = {"amount": 15_000.0, "age": 40.0}


def said(reasons: pd.Series) -> pd.Series:
    return reasons.dropna().map(json.loads)


def test_at_most_four_the_worst_first_and_what_weighs_next_to_nothing_left_out() -> None:
    made = pd.DataFrame(
        {
            "a": [-5.0, -100.0, 3.0, -1.0, -45.0],
            "b": [-50.004, -4.9, 0.0, -1.0, -100.0],
            "c": [20.0, -5.0, 1.0, -1.0, -39.0],
            "d": [-19.0, 0.0, 0.0, -1.0, -1.0],
            "e": [-30.0, 0.0, 0.0, -1.0, -9.0],
            "f": [-10.0, 0.0, 0.0, -1.0, -10.0],
        }
    )
    assert worst(made) == [list("bedf"), list("ac"), [], list("abcd"), list("abcf")]
    assert worst(made[[]]) == [[], [], [], [], []]


def test_in_words() -> None:
    both = [{"factor": "amount", "dollars": -2130.0}, {"factor": "late", "dollars": -0.5}]
    assert in_words(json.dumps(both)) == "amount −$2,130; late −$0.50"
    assert in_words('[{"rule": "Below legal age"}]') == "rule: Below legal age"
    several = [{"factors": [["a", "low"], ["b", "high"], ["a", "high"]], "dollars": -20.0}]
    assert in_words(json.dumps(several)) == "a and b −$20"
    assert in_words('[{"margin": -7.13}]') == "no single factor; −$7.13"


def test_a_rule_is_cited_and_luck_never_is() -> None:
    scored = pd.DataFrame({"factors": ["[1]", None, "[2]", None]})
    rule = np.array([None, "minor", None, "large"], dtype=object)
    drawn = np.array([False, False, True, True])
    found = stated(scored, rule, drawn)
    assert found[0] == "[1]"
    assert json.loads(found[1]) == [{"rule": "minor"}]
    assert found[2:].isna().all()
    bare = stated(scored[[]], rule, drawn)
    assert bare.isna().tolist() == [True, False, True, True]


@pytest.fixture
def problem(lender: Make) -> Problem:
    """A third of what it declines is explored."""
    return lender(
        {"dollars_per_day": 1e9, "cap": 0.3, "design": "uniform"},
        features={"columns": ["amount", "age"]},
        application={"decide_from": "2025-03-01"},
        compute={"shards": 3},
    )


@pytest.fixture
def stocked(lake: Lake, make_scored: Make) -> Lake:
    rows = make_scored(400).drop(columns="score")
    rows = rows.rename(columns={"subject": "customer_id", "as_of": "applied_at"})
    lake.append("applications", rows, "application_id")
    return lake


def packaged(lake: Lake, problem: Problem, usual: dict[str, Any] | None) -> str:
    model = Model(
        name="scorecard",
        fitted=ScorecardModel(1.6, 20, CARD),
        calibration=Calibration(0.0, 1.0),
        features=["amount", "age"],
        definition=definition(problem),
        fingerprint="f" * 64,
        reference=usual,
    )
    return save(problem.name, lake, model, {})


def scored(lake: Lake, problem: Problem, version: str) -> tuple[Batch, list[pd.DataFrame]]:
    batch = plan_batch(problem, lake, version)
    return batch, [score(problem, lake, batch, s) for s in batch.shards]


@pytest.mark.slow
def test_every_decline_says_why_and_no_approval_does(stocked: Lake, problem: Problem) -> None:
    batch, shards = scored(stocked, problem, packaged(stocked, problem, USUAL))
    made = decide(problem, shards, batch)
    declined = made["action"] == "decline"
    assert made["reasons"].notna().equals(declined)
    by_rule = made["rule"].notna() & declined
    assert by_rule.sum() > 10
    for reason, rows in made[by_rule].groupby("rule"):
        assert rows["reasons"].eq(json.dumps([{"rule": reason}])).all()
    dollars = said(made.loc[declined & ~by_rule, "reasons"])
    assert len(dollars) > 50
    assert dollars.map(lambda r: 1 <= len(r) <= 2 and all(f["dollars"] < 0 for f in r)).all()
    large = made.loc[dollars.index, "feature__age"] > 30  # of usual risk: only the amount is left
    assert dollars[large].map(lambda r: [f["factor"] for f in r] == ["amount"]).all()
    assert made["explored"].sum() > 10


@pytest.mark.slow
def test_reasons_are_the_same_whether_or_not_exploration_was_possible(
    stocked: Lake, problem: Problem, lender: Make
) -> None:
    version = packaged(stocked, problem, USUAL)
    made = decide(problem, *reversed(scored(stocked, problem, version)))
    without = problem.model_copy(update={"exploration": []})
    sure = decide(without, *reversed(scored(stocked, without, version)))
    unlucky = (made["action"] == "decline") & (made["exploration_rate"] > 0)
    assert unlucky.sum() > 50
    assert_series_equal(made.loc[unlucky, "reasons"], sure.loc[unlucky, "reasons"])


@pytest.mark.slow
def test_a_replay_gives_the_same_reasons_beside_decisions_that_had_none(
    stocked: Lake, problem: Problem
) -> None:
    batch, shards = scored(stocked, problem, packaged(stocked, problem, USUAL))
    made = decide(problem, shards, batch)
    old = made.drop(columns="reasons").head(100)
    stocked.append(
        ledger(problem.name),
        old.assign(decided_at=pd.Timestamp("2025-04-01", tz="UTC")),
        problem.key,
    )
    assert commit(problem, stocked, made) == 300
    held = read_ledger(problem, stocked)["reasons"]
    assert held[:100].isna().all()
    again = decide(problem, [score(problem, stocked, batch, s) for s in (2, 0, 1)], batch)
    assert_frame_equal(again, made)
    assert_series_equal(held[100:], made["reasons"][100:], check_dtype=False)


@pytest.mark.slow
def test_a_package_from_before_gives_rules_alone_and_that_is_said_once(
    stocked: Lake, problem: Problem
) -> None:
    batch, shards = scored(stocked, problem, packaged(stocked, problem, None))
    made = decide(problem, shards, batch)
    declined = made["action"] == "decline"
    assert made["reasons"].notna().equals(declined & made["rule"].notna())
    silent = int((declined & made["rule"].isna()).sum())
    told = describe(problem, made, len(made))
    assert told.count(f"no reasons for {silent} decisions: the model was packaged") == 1
    assert "no reasons" not in describe(problem, made.iloc[:0], 0)


@pytest.mark.slow
def test_the_command_says_the_reasons_in_words(
    lake: Lake,
    problem: Problem,
    make_scored: Make,
    make_batch: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = decide(problem, make_scored(50), make_batch()).iloc[[7, 8]]
    made["reasons"] = ['[{"factor": "amount", "dollars": -2130.0}]', None]
    commit(problem, lake, made)
    monkeypatch.setattr("truerisk.commands.ledger.find", lambda name: problem)
    shown = {}
    for key in made[problem.key]:
        arguments = ["decisions", key, "--problem", "small", "--lake", lake.root]
        done = CliRunner(env={"COLUMNS": "100"}).invoke(app, arguments)
        assert done.exit_code == 0, done.output
        shown[key] = next(x for x in done.output.splitlines() if x.startswith("reasons"))
    assert [line.split(maxsplit=1)[1:] for line in shown.values()] == [["amount −$2,130"], []]
