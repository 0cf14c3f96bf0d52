"""When a series alerts, what the sentence says, and what it costs."""

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from tests.measurement.watching.weeks import BEGIN, a_log, dated, last
from truerisk.measurement.watching.alert import SINCE_APPROVAL, alerts
from truerisk.measurement.watching.watch import watch


def shifted(log: pd.DataFrame, by: float, week: int) -> pd.DataFrame:
    """From a week on more of those without the event have it."""
    later = log["as_of"] >= BEGIN + pd.Timedelta(weeks=week)
    luck = np.random.default_rng(5).random(len(log)) < by / (1 - log["p"])
    y = log["y"].mask(later & luck, 1.0)
    return worlds.reveal(log.assign(y=y), log["revealed"].to_numpy())


@pytest.mark.slow
def test_an_alert_says_what_it_means_in_dollars() -> None:
    log = shifted(dated(worlds.draw(4, n=12_000)), 0.08, 13)
    tolerance = {"calibration_error": (-0.02, 0.02), "calibration_error_approved": (-0.02, 0.02)}
    found = watch(log, tolerance)
    assert not found.loc[found["week"] < BEGIN + pd.Timedelta(weeks=13), "alert"].any()
    row = last(found, "calibration_error_approved", "2026Q2")
    assert row["alert"]
    assert row["low"] > 0.02
    sure = log[(log["p_reveal"] == 1) & (log["as_of"] >= BEGIN + pd.Timedelta(weeks=13))]
    stake = sure["value_approve_if_no_event"] - sure["value_approve_if_event"]
    lost = ((sure["event"] - sure["score"]) * stake).mean()
    week = len(sure) / 13
    assert row["dollars_a_week"] == pytest.approx(-lost * week)
    assert 0 < -row["dollars_at_least"] < lost * week
    assert row["means"] == (
        f"In 2026Q2, events of those approved outright exceed the scores by "
        f"{100 * row['value']:.1f} points (at least {100 * row['low']:.1f} points): at the amounts "
        f"decided what the scores did not predict costs ${lost:,.0f} an application, "
        f"${lost * week:,.0f} a week (at least ${-row['dollars_at_least']:,.0f})."
    )
    latest = alerts(found).set_index("series").loc["calibration_error_approved"]
    assert latest["scope"] == "2026Q2", "the quarter says what holds now"
    assert latest["since"] >= BEGIN + pd.Timedelta(weeks=13)
    assert latest["means"] == row["means"]


def test_dollars_count_from_what_was_promised_and_least_from_its_nearer_end() -> None:
    found = watch(a_log(), {"policy_value": (300, 400), "event_rate": 0.05, "auc": (0.9, 0.95)})
    row = last(found, "policy_value")
    week = len(a_log()) / 26
    assert row["dollars_a_week"] == pytest.approx((row["value"] - 350) * week)
    assert row["dollars_at_least"] == pytest.approx((row["high"] - 300) * week)
    assert row["dollars_a_week"] < row["dollars_at_least"] < 0
    assert "below the promised $350" in row["means"]
    assert last(found, "event_rate")["dollars_at_least"] == 0, "its scores foresaw it"
    assert last(found, "event_rate")["means"].endswith(" a week (not yet sure).")
    row = last(found, "auc")
    assert row["alert"]
    assert pd.isna(row["dollars_a_week"])
    assert "AUC is 0." in row["means"]
    order = alerts(found)["series"].tolist()
    assert order[-1] == "auc", "the dearest first, those without dollars last"


def test_an_error_where_little_is_at_stake_costs_little() -> None:
    """The declined default more often than scored; mean error × mean amount would call it dear."""
    log = dated(worlds.draw(4, n=12_000, pi=0.3))
    declined = log["p_reveal"] < 1
    small = {c: log[c].mask(declined, log[c] / 100) for c in log if c.startswith("value_")}
    y = log["y"].mask(declined & (log.index % 3 == 0), 1.0)
    log = worlds.reveal(log.assign(y=y, **small), log["revealed"].to_numpy())
    row = last(watch(log, {"calibration_error": (-0.02, 0.02)}), "calibration_error")
    assert row["alert"]
    stake = log["value_approve_if_no_event"] - log["value_approve_if_event"]
    dear = row["value"] * (log["p_approve"] * stake).mean() * len(log) / 26
    assert dear > 5 * abs(row["dollars_a_week"])


@pytest.mark.slow
def test_an_interval_promised_alerts_only_where_the_sequence_excludes_all_of_it() -> None:
    value = float(last(watch(a_log(), {}), "event_rate")["value"])
    assert last(watch(a_log(), {"event_rate": 0.01}), "event_rate")["alert"]
    wide = watch(a_log(), {"event_rate": (0.01, value)})
    assert not last(wide, "event_rate")["alert"]
    assert last(wide, "event_rate")["reference_high"] == value
    assert alerts(wide).empty
    assert list(alerts(wide).columns) == list(alerts(watch(a_log(), {"event_rate": 0.01})).columns)


def test_an_alert_that_ended_is_over_and_since_is_the_run_that_lasts() -> None:
    frame = watch(a_log(), {})
    rows = (frame["series"] == "brier") & frame["value"].notna()
    for until_end in (0, 3):
        marked = frame.copy()
        weeks = frame.loc[rows & (frame["scope"] == SINCE_APPROVAL), "week"].sort_values().tolist()
        on = weeks[4:6] + (weeks[-until_end:] if until_end else [])
        marked["alert"] = rows & (frame["scope"] == SINCE_APPROVAL) & frame["week"].isin(on)
        found = alerts(marked)
        assert len(found) == (1 if until_end else 0)
    assert found["since"].iloc[0] == weeks[-3]


def test_without_dollars_there_is_no_policy_value_and_the_sentence_ends_earlier() -> None:
    log = a_log()
    found = watch(log.loc[:, [not c.startswith("value_") for c in log]], {"event_rate": 0.01})
    assert "policy_value" not in set(found["series"])
    row = last(found, "event_rate")
    assert row["alert"]
    assert pd.isna(row["dollars_a_week"])
    assert row["means"].endswith("points).")
