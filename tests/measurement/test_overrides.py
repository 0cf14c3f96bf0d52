"""What a hand changed after the draw: never a label, and bounded where it hides one."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from truerisk.measurement.measure import measure

Row = Callable[..., pd.Series]


def overridden(log: pd.DataFrame, rows: np.ndarray, to: str) -> pd.DataFrame:
    """People decided otherwise in ``rows``; the drawn action and its chances stay in the log."""
    shown = log["revealed"].to_numpy() & ~rows if to == "decline" else log["revealed"] | rows
    return log.assign(
        override=pd.Series(np.where(rows, to, None), dtype=object),
        revealed=shown,
        event=log["y"].where(shown),
    )


@pytest.fixture
def log() -> pd.DataFrame:
    return worlds.draw(2, hidden=0.8)


def test_an_approval_by_hand_of_what_was_declined_changes_nothing(log: pd.DataFrame) -> None:
    """People approve those they know to be good: as labels they would flatter everyone."""
    rows = (~log["revealed"] & (log["u"] < -1)).to_numpy()
    assert rows.sum() > 20
    changed = overridden(log, rows, "approve")
    assert changed.loc[rows, "event"].notna().all()
    pd.testing.assert_frame_equal(measure(changed), measure(log))


@pytest.mark.slow
def test_a_decline_by_hand_of_what_was_approved_is_counted_and_bounded(
    log: pd.DataFrame, row: Row
) -> None:
    rows = (log["revealed"] & (log["u"] > 1.5)).to_numpy()
    found = measure(overridden(log, rows, "decline"))
    rate = row(found, "event_rate")
    assert rate["status"] == f"bounded: {rows.sum()} approved outcomes were not seen"
    usual = row(measure(log), "event_rate")
    assert rate["high"] - rate["low"] > usual["high"] - usual["low"]
    naive = found[found["estimator"] == "naive"]
    assert set(naive["status"]) == {"ok"}
    assert set(naive["labels"]) == {int(log["revealed"].sum() - rows.sum())}


@pytest.mark.slow
def test_the_bounds_hold_whatever_the_hidden_outcomes_are(log: pd.DataFrame, row: Row) -> None:
    """All 16 ways in which four hidden outcomes may turn out, each measured as if it were seen."""
    drawn = np.flatnonzero(log["revealed"])
    explored = np.flatnonzero(log["revealed"] & (log["p_reveal"] < 1))
    four = np.isin(np.arange(len(log)), [*drawn[:2], *explored[:2]])
    bounds = measure(overridden(log, four, "decline"))
    ways = []
    for outcomes in product((0.0, 1.0), repeat=4):
        possible = log.copy()
        possible.loc[four, "event"] = outcomes
        ways.append(measure(possible))
    for metric in ("event_rate", "auc", "calibration_error", "policy_value"):
        bound = row(bounds, metric)
        every = pd.DataFrame([row(way, metric) for way in ways])[["value", "low", "high"]]
        assert bound["low"] <= every["value"].min() < every["value"].max() <= bound["high"]
        assert bound["low"] == pytest.approx(every["low"].min(), abs=1e-9)
        assert bound["high"] == pytest.approx(every["high"].max(), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("side", [-1, 1])
def test_the_bounds_hold_the_truth_when_hands_pick_the_worst_or_the_best(
    row: Row, side: int
) -> None:
    """Where the hidden ones are all as the bound supposes, it is only an interval's 95%."""
    held = 0
    for seed in range(20):
        log = worlds.draw(seed, hidden=0.8)
        rows = (log["revealed"] & (log["u"] * side > 1.5)).to_numpy()
        rate = row(measure(overridden(log, rows, "decline")), "event_rate")
        held += bool(rate["low"] < log["y"].mean() < rate["high"])
    assert held >= 16


def test_a_lost_outcome_is_bounded_like_a_hidden_one(log: pd.DataFrame, row: Row) -> None:
    rows = (log["revealed"] & (log["u"] > 1.5)).to_numpy()
    lost = worlds.reveal(log, log["revealed"]).assign(
        revealed=log["revealed"] & ~rows, event=log["event"].mask(rows)
    )
    by_hand = overridden(log, rows, "decline")
    pd.testing.assert_frame_equal(measure(lost), measure(by_hand))
