"""watch(): what is shown of a real log, week by week, and when it alerts."""

from collections.abc import Callable
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
import worlds
from sklearn.metrics import roc_auc_score

from truerisk.errors import LogError
from truerisk.measurement import metrics
from truerisk.measurement.alert import SINCE_APPROVAL, alerts
from truerisk.measurement.labelled import labelled
from truerisk.measurement.measure import measure
from truerisk.measurement.released import release
from truerisk.measurement.series import NAMES
from truerisk.measurement.watch import watch

Row = Callable[..., pd.Series]
BEGIN = pd.Timestamp("2025-12-29", tz="UTC")  # the Monday on which 2026's first quarter begins


def dated(log: pd.DataFrame, weeks: int = 26, seed: int = 0) -> pd.DataFrame:
    """The log with applications spread evenly over some weeks, in thousands of dollars."""
    seconds = np.sort(np.random.default_rng(seed).integers(0, weeks * 7 * 86_400, len(log)))
    money = {c: 3_000 * log[c] for c in log.columns if c.startswith("value_")}
    return log.assign(as_of=BEGIN + pd.to_timedelta(seconds, unit="s"), **money)


@cache
def a_log(**world: object) -> pd.DataFrame:
    return dated(worlds.draw(2, n=6_000, hidden=0.8, **world))  # type: ignore[arg-type]


def until(log: pd.DataFrame, weeks: int) -> pd.DataFrame:
    return log[log["as_of"] < BEGIN + pd.Timedelta(weeks=weeks)]


def last(watched: pd.DataFrame, series: str, scope: str = SINCE_APPROVAL) -> pd.Series:
    return watched[(watched["series"] == series) & (watched["scope"] == scope)].iloc[-1]


def test_each_series_has_a_row_a_week_and_scope() -> None:
    found = watch(a_log(), {})
    assert tuple(found["series"].unique()) == NAMES
    assert not found.duplicated(["week", "series", "scope"]).any()
    assert set(found["scope"]) == {SINCE_APPROVAL, "2026Q1", "2026Q2"}
    assert (found.groupby("series").size() == 52).all()
    assert found["week"].min() == BEGIN
    assert not found["alert"].any(), "nothing was promised"
    weeks = found[found["scope"] == "2026Q2"]["week"]
    assert weeks.min() == pd.Timestamp("2026-03-30", tz="UTC"), "its Thursday is in April"


def test_the_running_values_are_what_measure_says_of_the_weeks_so_far(row: Row) -> None:
    log = a_log()
    for weeks in (14, 26):
        part = until(log, weeks)
        found, measured = watch(part, {}), measure(part)
        for series in ("event_rate", "auc", "calibration_error"):
            assert last(found, series)["value"] == pytest.approx(row(measured, series)["value"])
        ran = row(measured, "policy_value", policy="as run")
        assert last(found, "policy_value")["value"] == pytest.approx(ran["value"])
        sure = part[part["p_reveal"] == 1]
        error = (sure["event"] - sure["score"]).mean()
        assert last(found, "calibration_error_approved")["value"] == pytest.approx(error)
        y, s = labelled(part).a, part["score"].to_numpy()
        gap = part["p_approve"] * (
            part["value_approve_if_event"] - part["value_approve_if_no_event"]
        )
        assert last(found, "value_error")["value"] == pytest.approx(((y - s) * gap).mean())
        assert last(found, "brier")["value"] == pytest.approx((s**2 - 2 * s * y + y).mean())
        assert last(found, "event_rate")["n"] == len(part)


def test_where_every_outcome_is_seen_the_auc_is_scikit_learns() -> None:
    log = a_log(pi=1.0)
    found = last(watch(log, {}), "auc")
    assert found["value"] == pytest.approx(roc_auc_score(log["y"], log["score"]))
    assert found["explored_labels"] == 0
    assert found["status"] == "ok"


@pytest.mark.slow
def test_a_week_is_shown_once_all_of_it_is_mature_and_never_changes() -> None:
    """Also with a fitted outcome model, and with a category that is first met later."""
    log = a_log().drop(columns="m")
    log["branch"] = np.where(log["as_of"] < BEGIN + pd.Timedelta(weeks=24), "north", "east")
    whole = watch(log, {"event_rate": 0.1}, ["branch"])
    young = log.assign(mature=log["as_of"] < BEGIN + pd.Timedelta(weeks=20, days=3))
    found = watch(young, {"event_rate": 0.1}, ["branch"])
    assert found["week"].max() == BEGIN + pd.Timedelta(weeks=19), "half of week 20 is mature"
    same = whole[whole["week"] <= found["week"].max()].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, same)


@pytest.mark.slow
def test_the_outcome_model_knows_earlier_quarters_only() -> None:
    log = a_log().drop(columns="m")
    m = release(log, ["u"]).ground.m
    early = (log["as_of"] < BEGIN + pd.Timedelta(weeks=13)).to_numpy()
    np.testing.assert_array_equal(m[early], log["score"][early])
    assert not np.allclose(m[~early], log["score"][~early])
    other = log.assign(event=log["event"].where(early, 1 - log["event"]))
    np.testing.assert_array_equal(release(other, ["u"]).ground.m, m)
    other = log.assign(event=(1 - log["event"]).where(early, log["event"]))
    assert not np.allclose(release(other, ["u"]).ground.m[~early], m[~early])


@pytest.mark.slow
def test_a_subjects_own_earlier_rows_do_not_teach_its_later_ones() -> None:
    log = a_log().drop(columns="m")
    half = len(log) // 2
    log["subject"] = np.tile(np.arange(half), 2)
    one = log["subject"].isin(log.loc[log["revealed"], "subject"].head(10))
    other = log.assign(event=log["event"].mask(one & (log.index < half), 1 - log["event"]))
    log, other = (part.assign(cluster=part["subject"].mask(one, -1)) for part in (log, other))
    m, changed = release(log, []).ground.m, release(other, []).ground.m
    np.testing.assert_array_equal(m[one], changed[one])
    assert not np.array_equal(m, changed)


def test_nothing_is_shown_before_fifty_explored_subjects() -> None:
    found = watch(a_log(), {"event_rate": 0.9})
    rows = found[(found["series"] == "event_rate") & (found["scope"] == SINCE_APPROVAL)]
    early = rows[rows["explored_labels"] < 50]
    assert 0 < len(early) < len(rows)
    assert early["value"].isna().all()
    assert not early["alert"].any()
    assert early["status"].str.startswith("withheld: ").all()
    assert "explored labels, 50 are needed" in early["status"].iloc[0]
    assert (rows.loc[rows["explored_labels"] >= 50, "status"] == "ok").all()
    repeated = watch(dated(worlds.draw(2, n=6_000, repeats=10)), {})
    assert last(repeated, "event_rate")["explored_labels"] < 50, "ten labels of one subject are one"


def test_rows_before_the_start_teach_and_are_not_shown() -> None:
    log, start = a_log().drop(columns="m"), BEGIN + pd.Timedelta(weeks=13)
    found = watch(log, {}, start=start)
    assert found["week"].min() == start
    assert last(found, "event_rate")["n"] == (log["as_of"] >= start).sum()
    same = last(watch(log, {}), "event_rate", "2026Q2")
    assert last(found, "event_rate", "2026Q2")["value"] == same["value"]


def test_rows_nobody_could_have_seen_are_not_in_it() -> None:
    log = a_log()
    barred = (log["score"] > 0.5).to_numpy()
    p = log["p_reveal"].mask(barred, 0.0)
    log = worlds.reveal(log, log["revealed"].to_numpy() & ~barred)
    log = log.assign(p_reveal=p, p_approve=p, p_decline=1 - p)
    assert last(watch(log, {}), "event_rate")["n"] == (~barred).sum()


@pytest.mark.slow
def test_only_an_outcome_model_fixed_before_holds_the_truth() -> None:
    """Each outcome predicted by a model that has seen it, refitted as outcomes come."""
    truth, held, held_by_heart = worlds.truth(0.8), 0, 0
    for seed in range(4):
        log = dated(worlds.draw(seed, n=6_000, hidden=0.8)).drop(columns="m")
        seen = log["revealed"]
        order = np.argsort(log["score"][seen].to_numpy())
        scores, y = log["score"][seen].to_numpy()[order], log["y"][seen].to_numpy()[order]
        at = np.searchsorted(scores, log["score"]).clip(0, len(y) - 1)
        promised = {s: truth[s] for s in ("event_rate", "auc", "calibration_error")}
        held += not watch(log, promised, ["u"])["alert"].any()
        held_by_heart += not watch(log.assign(m=y[at]), promised)["alert"].any()
    assert held >= 3
    assert held_by_heart <= 1


def shifted(log: pd.DataFrame, by: float, week: int) -> pd.DataFrame:
    """From a week on more of those without the event have it."""
    later = log["as_of"] >= BEGIN + pd.Timedelta(weeks=week)
    luck = np.random.default_rng(5).random(len(log)) < by / (1 - log["p"])
    y = log["y"].mask(later & luck, 1.0)
    return worlds.reveal(log.assign(y=y), log["revealed"].to_numpy())


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
        f"decided what the scores did not foresee costs ${lost:,.0f} an application, "
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


def test_unseen_approved_outcomes_widen_to_all_that_they_may_be() -> None:
    log = a_log()
    drawn, explored = (
        np.flatnonzero(log["revealed"] & mask) for mask in (True, log["p_reveal"] < 1)
    )
    three = np.isin(np.arange(len(log)), [*drawn[:2], explored[0]])
    hidden = log.assign(override=pd.Series(np.where(three, "decline", None), dtype=object))
    hidden = hidden.assign(event=log["event"].mask(three), revealed=log["revealed"] & ~three)
    found = watch(hidden, {})
    for outcomes in product((0.0, 1.0), repeat=3):
        possible = log.copy()
        possible.loc[three, "event"] = outcomes
        one = watch(possible, {})
        for series in NAMES:
            wide, narrow = last(found, series), last(one, series)
            assert wide["low"] <= narrow["low"] + 1e-9, series
            assert wide["high"] >= narrow["high"] - 1e-9, series
    assert metrics.auc(labelled(log).a, labelled(log).b, log["score"].to_numpy()).theta < 1


def test_without_dollars_there_is_no_policy_value_and_the_sentence_ends_earlier() -> None:
    log = a_log()
    found = watch(log.loc[:, [not c.startswith("value_") for c in log]], {"event_rate": 0.01})
    assert "policy_value" not in set(found["series"])
    row = last(found, "event_rate")
    assert row["alert"]
    assert pd.isna(row["dollars_a_week"])
    assert row["means"].endswith("points).")


def test_null_dollars_are_counted() -> None:
    log = a_log().copy()
    log.loc[[0, 1], "value_approve_if_event"] = np.nan
    found = watch(log, {"event_rate": 0.01})
    row = last(found, "policy_value")
    assert row["status"] == "withheld: dollars are null in 2 applications"
    assert last(found, "event_rate")["alert"]
    assert pd.isna(last(found, "event_rate")["dollars_a_week"])


@pytest.mark.parametrize(
    ("change", "promised", "message"),
    [
        (lambda log: log.drop(columns="as_of"), {}, 'no column "as_of"'),
        (lambda log: log.assign(as_of=log["as_of"].dt.tz_localize(None)), {}, "instants in UTC"),
        (lambda log: log.assign(as_of=log["as_of"].mask(log["score"] < 0.1)), {}, "as_of is null"),
        (lambda log: log.assign(mature=False), {}, "No week of the log's 6,000 rows is entirely"),
        (lambda log: log, {"event_rte": 0.1}, 'No series is called "event_rte"'),
        (lambda log: log, {"auc": (0.8, 0.7)}, "give a number or"),
        (lambda log: log, {"auc": float("nan")}, "give a number or"),
    ],
)
def test_what_cannot_be_watched_is_named(
    change: Callable[[pd.DataFrame], pd.DataFrame], promised: dict, message: str
) -> None:
    with pytest.raises(LogError, match=message):
        watch(change(a_log()), promised)
