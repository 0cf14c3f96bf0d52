"""What one look computes: nothing of the future, each part or why there is none."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.monitoring.conftest import KNOWN_AT
from truerisk.isolated import beside
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.measure import BAND, measure
from truerisk.monitoring.assemble import assemble, watching
from truerisk.monitoring.decided import Decided, decided
from truerisk.monitoring.score_bands import bands
from truerisk.registry import approval

pytestmark = pytest.mark.slow
ABOUT = {"compared": "", "run": "", "code": ""}


def seen(problem, lake, log, features=("feature__amount",), **other):
    made = decided(log, features)
    found = measure(made.evidence, features, bands=10)
    with beside(watching(problem, lake, made.evidence, made.features)) as watched:
        return assemble(problem, lake, made, found, watched, KNOWN_AT, ABOUT | other)


@pytest.mark.slow
def test_the_outcome_model_covers_young_rows_and_no_young_outcome_is_in_it(log):
    m = decided(log, ["feature__amount"]).evidence.log["m"]
    assert m.between(0, 1).all()
    young = ~log["mature"]
    told = log.assign(event=log["event"].mask(young, 1.0), revealed=log["revealed"] | young)
    pd.testing.assert_series_equal(decided(told, ["feature__amount"]).evidence.log["m"], m)


def test_capacity_is_what_the_policy_flags_a_day(log):
    mature = log[log["mature"]]
    days = mature["as_of"].dt.floor("D").nunique()
    made = decided(log, [])
    assert (made.flag, made.capacity) == ("decline", round(mature["p_decline"].sum() / days))
    without = decided(log.drop(columns=[c for c in log if c.startswith("value_")]), [])
    assert (without.flag, without.capacity) == ("", None)


def test_bands_are_named_as_measure_names_them(log):
    found = measure(log, bands=10)
    named = found.loc[found["group_by"].eq(BAND), "group"].unique()
    beside = bands(evidence_of(log), 10)
    assert list(beside["group"]) == list(named)
    assert beside["mean_score"].is_monotonic_increasing
    assert beside["share_revealed"].iloc[0] == 1
    assert beside["share_revealed"].iloc[-1] == 0.3


@pytest.mark.slow
def test_watching_begins_with_the_first_outcome_the_model_was_not_trained_on(problem, lake, log):
    known = pd.Timestamp("2025-11-01", tz="UTC")
    payload = {"gate": [], "known_at": known.isoformat(), "promised": {"auc": [0.6, 0.7]}}
    approval.submit("credit", lake, "abc123", "TrainFlow/1", "f00d" * 16, None, payload)
    found = seen(problem, lake, log)
    assert found.watched["week"].min() == pd.Timestamp("2025-05-05", tz="UTC")  # holds 5 May
    assert found.promised["auc"] == (0.6, 0.7)
    assert found.promised["calibration_error"] == (-0.02, 0.02)
    assert json.dumps(found.promised)


@pytest.mark.slow
def test_watching_does_not_use_the_model_that_knows_later_outcomes(problem, lake, log):
    """Wrong m of the whole log changes what is measured, and no watched value."""
    made = decided(log, ["feature__amount"])
    found = measure(made.evidence, bands=10)
    wrong = Decided(made.evidence.with_m(np.full(len(log), 0.5)), made.features)
    looks = (watching(problem, lake, m.evidence, m.features) for m in (made, wrong))
    one, two = (
        assemble(problem, lake, m, found, look, KNOWN_AT, ABOUT)
        for m, look in zip((made, wrong), looks, strict=True)
    )
    pd.testing.assert_frame_equal(one.watched, two.watched)
    assert not one.worth["value"].equals(two.worth["value"])


@pytest.mark.slow
def test_drift_compares_the_first_month_with_the_last(problem, lake, log):
    late = log["as_of"] >= KNOWN_AT - pd.Timedelta(days=31)
    moved = log.assign(feature__amount=np.where(late, 2.0, 1.0) * log["feature__amount"])
    found = seen(problem, lake, moved)
    assert found.drift.set_index("column")["flag"].to_dict() == {"amount": True, "score": False}
    assert found.then.endswith("applications from 2025-04-01 to 2025-04-30")
    assert found.now.endswith("applications from 2025-11-30 to 2025-12-30")


@pytest.mark.slow
def test_a_part_that_cannot_be_computed_says_why_and_the_others_are_there(problem, lake, log):
    without = log.drop(columns=[c for c in log if c.startswith(("value_", "event_at"))])
    plain = problem.model_copy(update={"exploration": []})
    found = seen(plain, lake, without)
    assert "dollars" in found.worth
    assert "dollars" in found.curve
    assert found.spend == "This problem does not explore, so nothing was spent on it."
    assert "no protected attribute" in found.fairness
    assert len(found.watched) and len(found.vintages) and len(found.drift)


@pytest.mark.slow
def test_a_protected_attribute_is_compared_for_everyone(problem, lake, log):
    training = problem.training.model_copy(update={"protected": ["sex"]})
    declared = problem.model_copy(update={"training": training})
    with_sex = log.assign(protected__sex=np.where(log["subject"] % 2, "f", "m"))
    found = seen(declared, lake, with_sex).fairness
    assert set(found["group"]) == {"f", "m"}
    assert "approval_ratio" in set(found["metric"])
