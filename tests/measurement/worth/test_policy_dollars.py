"""The perfect model and what a policy earned, against sums written out."""

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes
from truerisk.measurement.worth.perfect import perfect_model
from truerisk.measurement.worth.policy_dollars import policy_dollars


@pytest.fixture
def log() -> pd.DataFrame:
    return worlds.draw(1)


def pseudo(log: pd.DataFrame) -> pd.Series:
    return log["m"] + log["revealed"] / log["p_reveal"] * (log["event"].fillna(0) - log["m"])


def test_a_perfect_model_takes_the_best_action_for_each_outcome(log: pd.DataFrame) -> None:
    found = perfect_model(log).set_index("figure")
    y = pseudo(log)
    v1, v0 = log["value_approve_if_event"], log["value_approve_if_no_event"]
    perfect = ((1 - y) * v0).mean()
    ran = (log["p_approve"] * (y * v1 + (1 - y) * v0)).mean()
    assert found.loc["perfect", "value"] == pytest.approx(perfect)
    assert found.loc["as_run", "value"] == pytest.approx(ran)
    assert found.loc["perfect_gain", "value"] == pytest.approx(perfect - ran)
    each = (1 - y) * v0 - log["p_approve"] * (y * v1 + (1 - y) * v0)
    half = 1.959964 * each.std(ddof=1) / np.sqrt(len(log))
    assert found.loc["perfect_gain", "high"] == pytest.approx(perfect - ran + half)


def test_with_days_dollars_are_also_told_a_day(log: pd.DataFrame) -> None:
    when = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(log.index // 100, "D")
    found = perfect_model(log.assign(as_of=when)).set_index("figure")["value"]
    assert found["perfect_gain_a_day"] == pytest.approx(100 * found["perfect_gain"])


def test_assumed_dollars_come_with_their_sensitivity(log: pd.DataFrame) -> None:
    found = policy_dollars(log).set_index("figure")
    assert found["status"].eq("at assumed dollars").all()
    y, p = pseudo(log), log["p_approve"]
    loss = (p * y * log["value_approve_if_event"]).mean()
    margin = (p * (1 - y) * log["value_approve_if_no_event"]).mean()
    for name, expected in (
        ("policy_dollars", loss + margin),
        ("losses_down", 0.8 * loss + margin),
        ("losses_up", 1.2 * loss + margin),
        ("margins_down", loss + 0.8 * margin),
        ("margins_up", loss + 1.2 * margin),
    ):
        assert found.loc[name, "value"] == pytest.approx(expected), name


@pytest.mark.slow
def test_a_changed_policy_is_valued_as_measure_values_it(log: pd.DataFrame) -> None:
    log = log.assign(mature=log.index % 3 > 0)
    wider = worlds.wider(log)
    found = policy_dollars(log, wider["wider"]).iloc[0]
    rows = measure(log, changes=Changes(policies=wider))
    same = rows[
        rows["metric"].eq("policy_value")
        & rows["policy"].eq("wider")
        & rows["estimator"].eq("dr")
        & rows["population"].eq("all")
    ].iloc[0]
    assert found["value"] == pytest.approx(same["value"])
    assert found["low"] == pytest.approx(same["low"])


def test_realised_dollars_need_no_estimate(log: pd.DataFrame) -> None:
    earned = np.where(log["y"] == 1, log["value_approve_if_event"], 0.1) * log["revealed"]
    found = policy_dollars(log.assign(realised_value=earned))
    assert list(found["status"]) == ["exact: realised"]
    assert found["value"][0] == pytest.approx(earned.mean())
    assert found[["low", "high"]].isna().all(axis=None)
    holes = pd.Series(earned).where(log["revealed"])
    with pytest.raises(LogError, match=r"realised_value is null in \d+ of 3,000 mature rows"):
        policy_dollars(log.assign(realised_value=holes))


def test_a_policy_of_other_rows_or_actions_is_refused(log: pd.DataFrame) -> None:
    wider = worlds.wider(log)["wider"]
    for wrong in (wider.head(5), wider.rename(columns={"decline": "refer"})):
        with pytest.raises(LogError, match="allowed are 3,000 rows, as in the log, of approve"):
            policy_dollars(log, wrong)
