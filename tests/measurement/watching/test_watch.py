"""watch(): what is shown of a real log, week by week."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from tests.measurement import worlds
from tests.measurement.watching import rare_years
from tests.measurement.watching.weeks import BEGIN, a_log, dated, last, until
from truerisk.errors import LogError
from truerisk.measurement.evidence.labelled import labelled
from truerisk.measurement.measure import measure
from truerisk.measurement.watching import burn_in
from truerisk.measurement.watching.alert import SINCE_APPROVAL
from truerisk.measurement.watching.series import NAMES
from truerisk.measurement.watching.watch import watch

Row = Callable[..., pd.Series]


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


@pytest.mark.slow
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
    repeated = watch(dated(worlds.draw(2, n=2_000, repeats=10)), {})
    assert last(repeated, "event_rate")["explored_labels"] < 50, "ten labels of one subject are one"


def test_rows_nobody_could_have_seen_are_not_in_it() -> None:
    log = a_log()
    barred = (log["score"] > 0.5).to_numpy()
    p = log["p_reveal"].mask(barred, 0.0)
    log = worlds.reveal(log, log["revealed"].to_numpy() & ~barred)
    log = log.assign(p_reveal=p, p_approve=p, p_decline=1 - p)
    assert last(watch(log, {}), "event_rate")["n"] == (~barred).sum()


@pytest.mark.slow
def test_unseen_approved_outcomes_widen_to_all_that_they_may_be() -> None:
    log = a_log()
    drawn, explored = (
        np.flatnonzero(log["revealed"] & mask) for mask in (True, log["p_reveal"] < 1)
    )
    two = np.isin(np.arange(len(log)), [drawn[0], explored[0]])
    hidden = log.assign(override=pd.Series(np.where(two, "decline", None), dtype=object))
    hidden = hidden.assign(event=log["event"].mask(two), revealed=log["revealed"] & ~two)
    found = watch(hidden, {})
    for outcomes in product((0.0, 1.0), repeat=2):
        possible = log.copy()
        possible.loc[two, "event"] = outcomes
        one = watch(possible, {})
        for series in NAMES:
            wide, narrow = last(found, series), last(one, series)
            assert wide["low"] <= narrow["low"] + 1e-9, series
            assert wide["high"] >= narrow["high"] - 1e-9, series


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


def rung(rate: float, labels: int) -> float:
    """The largest share of years in which one series rings though nothing changed, less what chance
    gives where 5% do (its 99% quantile)."""
    years = 150
    seen = rare_years.cell(rate, labels, years)
    assert seen["shown"] > 0.2, "a sequence that is never shown proves nothing"
    worst = seen[["event_rate", "calibration_error", "brier"]].max()
    return float(worst - binom.ppf(0.99, years, 0.05) / years)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("rate", "labels"), [(0.015, 60), (0.03, 120), (0.03, 200), (0.1, 60), (0.1, 200)]
)
def test_in_rare_worlds_at_most_one_year_in_twenty_rings_for_nothing(
    rate: float, labels: int
) -> None:
    assert rung(rate, labels) <= 0


@pytest.mark.thorough
def test_without_waiting_for_explored_events_more_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burn_in, "LEAST", 0)
    assert rung(0.015, 60) > 0
