"""`truerisk exploration plan`: a table for people, JSON for programs, one sentence for mistakes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from truerisk.cli import app
from truerisk.decisions.batch import plan_batch, score
from truerisk.decisions.decide import decide
from truerisk.decisions.exploration.designs import DESIGNS
from truerisk.decisions.ledger import commit
from truerisk.errors import ProblemError, RegistryError, TrueriskError
from truerisk.features.definitions import definition
from truerisk.lake.lake import Lake
from truerisk.models.calibration import Calibration
from truerisk.models.package import Model, save, save_report
from truerisk.models.scorecard import ScorecardModel
from truerisk.problem.load import load_problem
from truerisk.registry import approval

pytestmark = pytest.mark.slow

CARD = {"amount": {"edges": [10_000.0, 20_000.0], "points": [25, 0, -25], "missing": 0}}
FILE = """
name = "small"
[sources.applications]
table = "applications"
key = "application_id"
time = "applied_at"
[sources.outcomes]
table = "outcomes"
key = "application_id"
time = "observed_at"
[application]
source = "applications"
subject = "customer_id"
decide_from = "2025-03-01"
[outcome]
source = "outcomes"
event = "defaulted"
observed = "observed_at"
horizon = "30d"
[features]
columns = ["amount"]
[candidates.prior]
[actions.approve]
reveals = true
if_event = "-0.65 * amount"
if_no_event = "0.13 * amount"
[actions.decline]
reveals = false
if_event = "0"
if_no_event = "0"
[[exploration]]
action = "approve"
share_of_profit = 0.03
floor = 0.01
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "small.toml"
    made.write_text(FILE)
    return made


@pytest.fixture
def stocked(lake: Lake, file: Path, make_scored: Callable[..., pd.DataFrame]) -> Lake:
    """400 undecided applications over ten days, and an approved scorecard."""
    rows = make_scored(400).drop(columns="score")
    rows = rows.rename(columns={"subject": "customer_id", "as_of": "applied_at"})
    lake.append("applications", rows, "application_id")
    fitted = ScorecardModel(1.6, 20, CARD)
    about = load_problem(file)
    model = Model(
        name="scorecard",
        fitted=fitted,
        calibration=Calibration(0.0, 1.0),
        features=["amount"],
        definition=definition(about),
        fingerprint="f" * 64,
    )
    version = save("small", lake, model, {})
    digest = save_report("small", lake, version, "<html>the report</html>")
    approval.submit("small", lake, version, "run", digest, None, {"gate": []})
    approval.approve("small", lake, version, "ana", "test", digest)
    return lake


@pytest.fixture
def plan(file: Path, lake: Lake) -> Callable[..., Result]:
    def plan_(*words: str) -> Result:
        told = ["exploration", "plan", "--problem", str(file), "--lake", lake.root, *words]
        return CliRunner(env={"COLUMNS": "110"}).invoke(app, told)

    return plan_


def test_it_shows_each_design_side_by_side(stocked: Lake, plan: Callable[..., Result]) -> None:
    said = plan().output
    head = next(line for line in said.splitlines() if "neyman" in line)
    assert head.split() == ["neyman", "(chosen)", "uniform"]
    for row in ("expected cost", "expected labels", "largest weight", "event rate", "AUC", "gain"):
        assert row in said
    assert "400 applications waiting for a decision, 2025-03-01 to 2025-03-10" in said
    assert max(len(line) for line in said.splitlines()) <= 110


@pytest.mark.slow
def test_it_changes_nothing_and_says_what_deciding_then_does(
    stocked: Lake, file: Path, plan: Callable[..., Result]
) -> None:
    before = stocked.tables()
    made: dict[str, Any] = json.loads(plan("--json").output)["entries"][0]
    assert stocked.tables() == before
    problem = load_problem(file)
    batch = plan_batch(problem, stocked, approval.champion_of("small", stocked))
    decided = decide(problem, score(problem, stocked, batch), batch)
    chosen = next(d for d in made["designs"] if d["design"] == made["chosen"])
    rate = decided["exploration_rate"]
    assert chosen["labels"] == pytest.approx(rate.sum())
    assert chosen["cost"] == pytest.approx((rate * decided["exploration_cost"]).sum())
    assert [d["design"] for d in made["designs"]] == list(DESIGNS)
    assert made["matured_on"].startswith("2025-04-09")


@pytest.mark.slow
def test_where_nothing_waits_the_last_decisions_are_the_guide(
    stocked: Lake, file: Path, plan: Callable[..., Result]
) -> None:
    waiting = json.loads(plan("--json").output)
    problem = load_problem(file)
    batch = plan_batch(problem, stocked, approval.champion_of("small", stocked))
    commit(problem, stocked, decide(problem, score(problem, stocked, batch), batch))
    guide = json.loads(plan("--json").output)
    assert guide["applications_are"].startswith("decided already")
    assert guide["entries"][0]["designs"] == waiting["entries"][0]["designs"]
    some = json.loads(plan("--json", "--since", "2025-03-02", "--until", "2025-03-04").output)
    assert some["entries"][0]["applications"] == 80


@pytest.mark.slow
def test_a_small_batch_is_planned_with_the_decisions_before_it(
    stocked: Lake, file: Path, plan: Callable[..., Result]
) -> None:
    problem, champion = load_problem(file), approval.champion_of("small", stocked)
    batch = plan_batch(problem, stocked, champion, until="2025-03-09")
    commit(problem, stocked, decide(problem, score(problem, stocked, batch), batch))
    made = json.loads(plan("--json", "--until", "2025-03-09T02:00").output)
    batch = plan_batch(problem, stocked, champion, until="2025-03-09T02:00")
    rate = decide(problem, score(problem, stocked, batch), batch)["exploration_rate"]
    assert made["applications_are"].endswith("budgeted with 320 decided in the 30 days before")
    made = made["entries"][0]
    assert made["applications"] == len(rate) == 4
    chosen = next(d for d in made["designs"] if d["design"] == made["chosen"])
    assert chosen["labels"] == pytest.approx(rate.sum())
    assert chosen["without_chance"] == 0


def test_a_budget_below_the_floor_is_said(
    stocked: Lake, file: Path, plan: Callable[..., Result]
) -> None:
    file.write_text(FILE.replace("floor = 0.01", "floor = 0.19"))
    assert "affords no floor of 0.19" in plan().output


def test_mistakes_are_one_sentence(
    stocked: Lake, file: Path, lake: Lake, plan: Callable[..., Result], tmp_path: Path
) -> None:
    nowhere = plan("--since", "2026-01-01")
    assert isinstance(nowhere.exception, TrueriskError)
    assert "no application waits" in str(nowhere.exception)
    bare = plan("--lake", str(tmp_path / "empty"))
    assert isinstance(bare.exception, RegistryError)
    assert "no champion" in str(bare.exception)
    file.write_text(FILE.partition("[[exploration]]")[0])
    without = plan()
    assert isinstance(without.exception, ProblemError)
    assert "has no [[exploration]]" in str(without.exception)
