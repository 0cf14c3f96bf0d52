"""A protected attribute reaches the ledger, for fairness, and moves nothing on its way."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from truerisk.catalog.lineage import use_edges
from truerisk.columns import PROTECTED
from truerisk.decisions.batch import plan_batch, score
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit, decision_log, read_ledger
from truerisk.features.dataset import build_dataset
from truerisk.features.definitions import definition
from truerisk.lake.lake import Lake
from truerisk.measurement.fairness import fairness
from truerisk.models.calibration import Calibration
from truerisk.models.package import Model, save
from truerisk.models.prior import PriorModel
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
COLUMN = f"{PROTECTED}sex"


@pytest.fixture
def problem(lender: Make) -> Problem:
    return lender(application={"decide_from": "2025-03-01"}, training={"protected": ["sex"]})


@pytest.mark.slow
def test_decisions_carry_it_and_are_the_same_whatever_it_says(
    problem: Problem, make_scored: Make, make_batch: Make
) -> None:
    scored = make_scored(500)
    made = [decide(problem, scored.assign(sex=s), make_batch()) for s in ("f", "m")]
    assert made[0][COLUMN].eq("f").all() and made[1][COLUMN].eq("m").all()
    assert_frame_equal(made[0].drop(columns=COLUMN), made[1].drop(columns=COLUMN))
    assert not any("sex" in c for c in made[0] if c != COLUMN)


@pytest.mark.slow
def test_from_the_source_to_the_ledger_to_fairness(
    lake: Lake, problem: Problem, make_scored: Make
) -> None:
    rows = make_scored(400).drop(columns="score")
    rows = rows.rename(columns={"subject": "customer_id", "as_of": "applied_at"})
    lake.append("applications", rows.assign(sex=["f", "m", "f", None] * 100), "application_id")
    seen = rows["applied_at"] + pd.Timedelta(days=5)
    ended = pd.DataFrame({"application_id": rows["application_id"], "observed_at": seen})
    lake.append("outcomes", ended.assign(defaulted=[0, 0, 0, 1] * 100), "application_id")
    model = Model(
        name="prior",
        fitted=PriorModel(0.1),
        calibration=Calibration(0.0, 1.0),
        features=["amount"],
        definition=definition(problem),
        fingerprint="f" * 64,
    )
    batch = plan_batch(problem, lake, save(problem.name, lake, model, {}))
    made = decide(problem, score(problem, lake, batch), batch)
    commit(problem, lake, made)
    held = read_ledger(problem, lake)[COLUMN]
    assert held.isna().sum() == 100 and held.eq("f").sum() == 200

    known_at = pd.Timestamp("2025-06-01", tz="UTC")
    learned = build_dataset(problem, lake, known_at)
    assert "sex" in learned.frame and "sex" not in learned.features
    log = decision_log(problem, lake, known_at).rename(columns={COLUMN: "sex"})
    found = fairness(log, problem.training.protected)
    assert list(dict.fromkeys(found["group"])) == ["f", "m", "not known"]
    rate = found[found["metric"].eq("approval_rate") & found["group"].eq("f")].iloc[0]
    assert rate["value"] == pytest.approx(log.loc[log["sex"] == "f", "p_reveal"].mean())


def test_the_catalogue_shows_that_fairness_alone_reads_it(problem: Problem) -> None:
    edges = [e for e in use_edges(problem, {}) if "sex" in str(e)]
    assert len(edges) == 1
    assert "training.protected" in str(edges[0])
