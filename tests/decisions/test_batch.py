"""A batch pins what decides; scoring and deciding it again gives the same rows."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from truerisk.commands import ledger as commands
from truerisk.decisions.batch import Batch, known_calibration, plan_batch, rescore, score
from truerisk.decisions.decide import decide
from truerisk.decisions.exploration.budget import LIMIT, SHARE_OF_CAP
from truerisk.decisions.ledger import commit, read_ledger
from truerisk.errors import TrueriskError
from truerisk.features.definitions import definition
from truerisk.lake.identity import alike, as_text
from truerisk.lake.lake import Lake
from truerisk.lake.tables import ESTIMATES, ledger
from truerisk.models.calibration import Calibration
from truerisk.models.package import Model, save
from truerisk.models.scorecard import ScorecardModel
from truerisk.problem.spec import Problem

pytestmark = pytest.mark.slow

BUDGET = {"dollars_per_day": 400, "applications_per_day": 5, "cap": 0.5}
CARD = {"amount": {"edges": [10_000.0, 20_000.0], "points": [25, 0, -25], "missing": 0}}


@pytest.fixture
def problem(lender: Callable[..., Problem]) -> Problem:
    return lender(BUDGET, application={"decide_from": "2025-03-03"}, compute={"shards": 3})


@pytest.fixture
def stocked(lake: Lake, make_scored: Callable[..., pd.DataFrame]) -> Lake:
    """The lake with 400 applications over ten days from 2025-03-01."""
    rows = make_scored(400).drop(columns="score")
    rows = rows.rename(columns={"subject": "customer_id", "as_of": "applied_at"})
    lake.append("applications", rows, "application_id")
    return lake


@pytest.fixture
def version(stocked: Lake, problem: Problem) -> str:
    """A scorecard on the amount alone: the larger, the riskier."""
    fitted = ScorecardModel(1.6, 20, CARD)
    model = Model(
        name="scorecard",
        fitted=fitted,
        calibration=Calibration(0.0, 1.0),
        features=["amount"],
        definition=definition(problem),
        fingerprint="f" * 64,
    )
    return save(problem.name, stocked, model, {})


def run(lake: Lake, problem: Problem, version: str, **bounds: Any) -> tuple[Batch, pd.DataFrame]:
    """What the flow does, without a flow."""
    batch = plan_batch(problem, lake, version, **bounds)
    decided = decide(problem, [score(problem, lake, batch, s) for s in batch.shards], batch)
    commit(problem, lake, decided)
    return batch, decided


@pytest.mark.slow
def test_a_batch_holds_the_undecided_between_its_bounds_in_order(
    stocked: Lake, problem: Problem, version: str
) -> None:
    every = stocked.read("applications").sort_values("applied_at")["application_id"].tolist()
    assert plan_batch(problem, stocked, version).spine["application_id"].tolist() == every[80:]
    bounded = plan_batch(problem, stocked, version, since="2025-03-01", until="2025-03-04")
    assert bounded.spine["application_id"].tolist() == every[:120]
    run(stocked, problem, version, until="2025-03-05")
    rest = plan_batch(problem, stocked, version, since="2025-03-01", until="2025-03-06")
    assert rest.spine["application_id"].tolist() == [*every[:80], *every[160:200]]


def test_without_a_beginning_nothing_is_decided(
    stocked: Lake, lender: Callable[..., Problem], version: str
) -> None:
    with pytest.raises(TrueriskError, match="pass --since or set application"):
        plan_batch(lender(BUDGET), stocked, version)


def test_the_shards_together_are_the_batch_and_the_scores_those_of_the_model(
    stocked: Lake, problem: Problem, version: str
) -> None:
    batch = plan_batch(problem, stocked, version)
    shards = [score(problem, stocked, batch, s) for s in batch.shards]
    assert [len(s) for s in shards] == [107, 107, 106]
    together = pd.concat(shards).sort_values("as_of")
    assert together["application_id"].tolist() == batch.spine["application_id"].tolist()
    points = np.select([together["amount"] <= 1e4, together["amount"] <= 2e4], [25, 0], -25)
    by_hand = 1 / (1 + np.exp(1.6 + points * np.log(2) / 20))
    np.testing.assert_allclose(together["score"], by_hand, rtol=1e-9)


@pytest.mark.slow
def test_a_replay_gives_the_ledger_back_and_commits_nothing(
    stocked: Lake, problem: Problem, version: str
) -> None:
    batch, decided = run(stocked, problem, version, until="2025-03-05")
    stocked.append(
        "applications",
        stocked.read("applications").head(1).assign(application_id="A99999", amount=1.0),
        "application_id",
    )
    again = decide(problem, [score(problem, stocked, batch, s) for s in (2, 0, 1)], batch)
    assert_frame_equal(again, decided)
    resumed = decide(problem, score(problem, stocked, batch), batch, "ScoreFlow/2")
    assert set(resumed["run"]) == {"ScoreFlow/2"}, "the run that decided, not the one that planned"
    held = read_ledger(problem, stocked)
    assert_frame_equal(held[decided.columns], decided, check_dtype=False)
    assert held["decided_at"].nunique() == 1
    assert commit(problem, stocked, again) == 0


def test_the_same_work_planned_twice_is_the_same_batch(
    stocked: Lake, problem: Problem, version: str
) -> None:
    one, same = (plan_batch(problem, stocked, version) for _ in range(2))
    assert one.id == same.id
    other = plan_batch(problem, stocked, version, until="2025-03-05")
    assert other.id != one.id
    assert one.versions == {"applications": stocked.version("applications")}


@pytest.mark.slow
def test_batches_of_one_day_share_its_cap_and_all_share_the_budget(
    stocked: Lake, problem: Problem, version: str
) -> None:
    run(stocked, problem, version, until="2025-03-03T12:00")
    batch, _ = run(stocked, problem, version, until="2025-03-04T06:00")
    held = read_ledger(problem, stocked)
    first = held[held["as_of"] < pd.Timestamp("2025-03-03T12:00", tz="UTC")]
    (day, spent), *others = batch.spent[0].items()
    assert (day, others) == ("2025-03-03", [])
    rate = first["exploration_rate"]
    assert spent.expected == pytest.approx(rate.sum())
    assert spent.drawn == first["explored"].sum()
    assert batch.recent is not None
    assert batch.recent.committed[0] == pytest.approx(rate @ first["exploration_cost"])
    run(stocked, problem, version)
    held = read_ledger(problem, stocked)
    by_day = held["exploration_rate"].groupby(held["as_of"].dt.date)
    assert len(by_day) == 8
    assert held["exploration_rate"] @ held["exploration_cost"] <= LIMIT * 8 * 400
    assert by_day.sum().max() <= SHARE_OF_CAP * 5 + 1e-9
    assert held["explored"].groupby(held["as_of"].dt.date).sum().max() <= 5
    assert held["explored"].sum() > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "budget",
    [
        {"share_of_profit": 0.02},
        pytest.param({"dollars_per_day": 2_000}, marks=pytest.mark.thorough),
    ],
)
def test_a_ledger_of_small_batches_is_as_one_of_a_large_one(
    stocked: Lake, lender: Callable[..., Problem], version: str, budget: dict[str, float]
) -> None:
    """Six days at once, then batches of three hours; against all seven days at once."""
    problem = lender({"action": "approve", "floor": 0.001, **budget})
    whole = plan_batch(problem, stocked, version, "2025-03-01", "2025-03-08")
    at_once = decide(problem, score(problem, stocked, whole), whole)
    run(stocked, problem, version, since="2025-03-01", until="2025-03-07")
    for until in pd.date_range("2025-03-07T03:00", "2025-03-08", freq="3h"):
        batch, made = run(stocked, problem, version, since="2025-03-07", until=str(until))
        assert len(made) == 5
        again = decide(problem, score(problem, stocked, batch), batch)
        assert_frame_equal(again, made)
    held = read_ledger(problem, stocked)
    small = held[held["as_of"] >= pd.Timestamp("2025-03-07", tz="UTC")]
    could = small["exploration_cost"] > 0
    assert (small.loc[could, "exploration_rate"] > 0).all()
    same = at_once.set_index("application_id").loc[small["application_id"]]
    np.testing.assert_allclose(small["exploration_cost"], same["exploration_cost"])
    spent = [rows["exploration_rate"] @ rows["exploration_cost"] for rows in (small, same)]
    assert spent[0] == pytest.approx(spent[1], rel=0.15)


@pytest.mark.slow
def test_another_model_rescores_decided_applications_in_the_order_asked_for(
    stocked: Lake, problem: Problem, version: str
) -> None:
    _, decided = run(stocked, problem, version, until="2025-03-05")
    keys = decided["application_id"].sample(frac=1, random_state=1)
    frame = rescore(problem, stocked, version, keys)
    assert frame["application_id"].tolist() == keys.tolist()
    expected = decided.set_index("application_id").loc[keys, "score"]
    np.testing.assert_array_equal(frame["score"], expected)


@pytest.mark.slow
def test_keys_that_were_stored_as_floats_are_decided_once_and_found(
    lake: Lake, problem: Problem, version: str, make_scored: Callable[..., pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A day's file held the keys as 7.0, the next one as 7, a third as text."""
    held, now = pd.Series([7.0, 8.0]), pd.Series(["7", "8.0", "9"])
    assert (~alike(now, held).isin(as_text(held))).tolist() == [False, False, True]
    batch = plan_batch(problem, lake, version)
    rows = score(problem, lake, batch)
    rows = rows.assign(application_id=np.arange(len(rows), dtype=float))
    commit(problem, lake, decide(problem, rows, batch))
    monkeypatch.setattr(commands, "find", lambda name: problem)
    for asked in ("7", "7.0"):
        commands.decisions("small", asked, lake=lake.root)
        assert re.search(r"^application_id +7$", capsys.readouterr().out, re.M)
    with pytest.raises(TrueriskError, match="no decision"):
        commands.decisions("small", "7.5", lake=lake.root)


@pytest.mark.slow
def test_a_batch_without_work_decides_nothing(
    stocked: Lake, problem: Problem, version: str
) -> None:
    run(stocked, problem, version)
    before = stocked.version(ledger(problem.name))
    batch, decided = run(stocked, problem, version)
    assert batch.spine.empty
    assert decided.empty
    assert stocked.version(ledger(problem.name)) == before


def measured(version: str, known_at: str, **values: float | None) -> pd.DataFrame:
    """Rows of ``estimates`` as measuring leaves them: metric → doubly robust value."""
    rows = [
        {
            "problem": "small",
            "model_version": version,
            "segment_by": "",
            "segment": "",
            "metric": metric,
            "estimator": "dr",
            "population": "eligible",
            "value": value,
            "known_at": pd.Timestamp(known_at, tz="UTC"),
            "measured_at": pd.Timestamp(known_at, tz="UTC"),
            "estimate_id": f"{version}|{known_at}|{metric}",
        }
        for metric, value in values.items()
    ]
    return pd.DataFrame(rows).astype({"value": "float64"})


@pytest.mark.slow
def test_a_batch_pins_the_latest_calibration_for_everyone_and_is_named_by_it(
    stocked: Lake, problem: Problem, version: str
) -> None:
    before = plan_batch(problem, stocked, version)
    assert before.calibration == Calibration(0.0, 1.0)
    for known_at, intercept in (("2025-05-01", 0.7), ("2025-04-01", 0.1)):
        rows = measured(
            version, known_at, calibration_intercept=intercept, calibration_slope=1.2, auc=0.8
        )
        stocked.append(ESTIMATES, rows, "estimate_id")
    after = plan_batch(problem, stocked, version)
    assert after.calibration == Calibration(0.7, 1.2)
    assert after.id != before.id
    made = [
        decide(problem, [score(problem, stocked, batch, s) for s in batch.shards], batch)
        for batch in (before, after)
    ]
    assert (made[1]["exploration_p"] > made[1]["score"]).all()
    np.testing.assert_allclose(made[0]["exploration_p"], made[0]["score"], atol=1e-12)
    later = measured(version, "2025-06-01", calibration_intercept=9.0, calibration_slope=1.0)
    stocked.append(ESTIMATES, later, "estimate_id")
    again = decide(problem, [score(problem, stocked, after, s) for s in after.shards], after)
    assert_frame_equal(again, made[1])


@pytest.mark.slow
def test_what_was_withheld_or_is_of_others_calibrates_nothing(
    stocked: Lake, problem: Problem, version: str
) -> None:
    rows = [
        measured("another", "2025-05-01", calibration_intercept=1.0, calibration_slope=1.0),
        measured(version, "2025-05-01", calibration_intercept=None, calibration_slope=None),
        measured(version, "2025-05-02", calibration_intercept=1.0),
        measured(version, "2025-05-03", calibration_intercept=1.0, calibration_slope=1.0).assign(
            estimator="naive"
        ),
        measured(version, "2025-05-04", calibration_intercept=1.0, calibration_slope=1.0).assign(
            segment_by="vintage"
        ),
    ]
    stocked.append(ESTIMATES, pd.concat(rows), "estimate_id")
    assert known_calibration(problem, stocked, version) == Calibration(0.0, 1.0)
    everyone = measured(version, "2025-04-01", calibration_intercept=0.3, calibration_slope=1.0)
    stocked.append(
        ESTIMATES, everyone.assign(population="all", estimate_id=["a", "b"]), "estimate_id"
    )
    assert known_calibration(problem, stocked, version) == Calibration(0.3, 1.0)


@pytest.mark.slow
def test_what_made_each_rate_is_in_the_ledger(
    stocked: Lake, lender: Callable[..., Problem], version: str
) -> None:
    problem = lender({**BUDGET, "dollars_per_day": 40_000})
    _, decided = run(stocked, problem, version, since="2025-03-03")
    held = read_ledger(problem, stocked)
    could = held["exploration_rate"] > 0
    day = held["as_of"].dt.date
    assert could.any()
    for column in ("exploration_k_approve", "exploration_scale_approve"):
        assert (held.loc[could].groupby(day)[column].nunique() == 1).all()
    assert held.loc[could, "exploration_scale_approve"].between(0, 1, inclusive="right").all()
    assert (held.loc[could, "exploration_scale_approve"] < 1).any(), (
        "the cap of 5 a day never bound"
    )
    assert not held.loc[decided["exploration_cost"] == 0, "exploration_k_approve"].any()
