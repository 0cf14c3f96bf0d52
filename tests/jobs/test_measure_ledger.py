"""One step from a log to estimates in the lake and a page that has every section."""

import html
import re

import numpy as np
import pandas as pd
import pytest

from tests.monitoring.conftest import HORIZON, KNOWN_AT
from truerisk.errors import LogError
from truerisk.jobs import measure_ledger as job
from truerisk.jobs.measure_ledger import measure_ledger
from truerisk.lake.tables import ESTIMATES
from truerisk.registry import approval
from truerisk.reports.kit import page as page_module

SECTIONS = (
    "Watched since approval",
    "Month by month",
    "Quality now",
    "Dollars",
    "Exploration",
    "Drift",
    "Fairness",
    "Segments",
    "What was decided",
    "What is open",
    "How this was measured",
)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(page_module, "chart_library", lambda: "")


def visible(text):
    text = re.sub(r"<(style|script)\b.*?</\1>", " ", text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def submitted(lake, promised):
    payload = {"gate": [], "known_at": "2025-04-01T00:00:00+00:00", "promised": promised}
    approval.submit("credit", lake, "abc123", "TrainFlow/1", "f00d" * 16, None, payload)


@pytest.mark.slow
def test_a_broken_promise_rings_the_truth_is_held_and_measuring_twice_changes_nothing(
    problem, lake, log
):
    submitted(lake, {"event_rate": (0.05, 0.15), "auc": (0.5, 0.99)})
    found = measure_ledger(problem, lake, log, KNOWN_AT)
    text = visible(found.page)
    assert [h for h in SECTIONS if f"<h2>{h}</h2>" in found.page] == list(SECTIONS)
    assert "look today. The dearest costs $" in found.verdict
    assert found.verdict in text
    assert "Promised 5.0% … 15.0%: broken, an alert." in text
    assert "Promised 0.500 … 0.990: holds." in text
    overall = found.estimates[found.estimates["group_by"].eq("")]
    row = overall[overall["metric"].eq("event_rate") & overall["estimator"].eq("dr")].iloc[0]
    truth = log.loc[log["mature"], "y"].mean()
    assert row["low"] <= truth <= row["high"]
    assert lake.read(ESTIMATES)["metric"].nunique() > 10
    assert not re.search(r"\b(nan|NaN|NaT|inf)\b|<NA>", text)
    count = len(lake.read(ESTIMATES))
    again = measure_ledger(problem, lake, log, KNOWN_AT)
    assert (again.page, again.path) == (found.page, found.path)
    assert len(lake.read(ESTIMATES)) == count


@pytest.mark.slow
def test_a_young_log_says_from_when_on_it_is_watched(problem, lake, log):
    at = log["as_of"].min() + HORIZON + pd.Timedelta(days=3)
    young = log[log["as_of"] < at]
    mature = young["as_of"] + HORIZON <= at
    young = young.assign(
        mature=mature,
        revealed=young["revealed"] & mature,
        event=young["event"].where(mature),
        event_at=young["event_at"].where(young["event_at"] <= at),
        followed_until=young["followed_until"].clip(upper=at),
        status=young["status"].where(mature | young["status"].eq("not revealed"), "pending"),
    )
    found = measure_ledger(problem, lake, young, at)
    # The first decision is of a Tuesday: its week ends on Monday 7 April, 180 days before this.
    assert found.verdict == (
        "No alert can be raised yet. Watched from 2025-10-04 on, when the first whole week has "
        "matured."
    )
    assert "not known yet" in visible(found.page)


def test_nothing_decided_and_nothing_mature_are_refused_by_name(problem, lake, log):
    with pytest.raises(LogError, match="nothing was decided before 2026-01-01"):
        measure_ledger(problem, lake, log.iloc[:0], KNOWN_AT)
    with pytest.raises(LogError, match="none has matured"):
        measure_ledger(problem, lake, log[~log["mature"]], KNOWN_AT)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["assemble", "measure_page"])
def test_estimates_are_kept_whatever_becomes_of_the_page(problem, lake, log, monkeypatch, part):
    def broken(*_, **__):
        raise RuntimeError(part)

    monkeypatch.setattr(job, part, broken)
    with pytest.raises(RuntimeError, match=part):
        measure_ledger(problem, lake, log, KNOWN_AT)
    assert lake.read(ESTIMATES)["metric"].nunique() > 10


@pytest.mark.slow
def test_old_decisions_without_a_logged_chance_promise_nothing_and_ring_nothing(problem, lake, log):
    found = measure_ledger(problem, lake, log.assign(p_reveal=np.nan), KNOWN_AT)
    assert "No alert can be raised yet" in found.verdict
    assert "had a logged chance to be revealed" in found.verdict
    text = visible(found.page)
    assert "Nothing is identified for everyone: no application had a logged chance." in text
    assert "not known yet" in text


RARE = 0.0005  # a chance so small that nobody of a thousand is drawn


@pytest.mark.slow
def test_without_exploration_those_approved_anyway_are_still_watched(problem, lake, log):
    declined = log["p_reveal"] < 1
    hidden = log.assign(
        revealed=log["revealed"] & ~declined,
        event=log["event"].mask(declined),
        status=log["status"].mask(declined, "not revealed"),
        action=log["action"].mask(declined, "decline"),
        p_reveal=log["p_reveal"].mask(declined, RARE),
        p_approve=log["p_approve"].mask(declined, RARE),
        p_decline=log["p_decline"].mask(declined, 1 - RARE),
    )
    found = measure_ledger(problem, lake, hidden, KNOWN_AT)
    assert found.verdict.startswith("1 alert: look today. The dearest costs $")
    assert "withheld: 0 explored labels" in visible(found.page)
