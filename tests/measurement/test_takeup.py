"""Offers that are not taken, and outcomes that get lost: everyone is everyone who would take it."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.measure import measure

pytestmark = pytest.mark.slow
WORLDS = 10


def taken_world(seed: int, n: int = 4_000) -> pd.DataFrame:
    """Good applicants find a better offer elsewhere: who takes ours is worse than who applies."""
    log = worlds.draw(seed, n=n, pi=0.2)
    rng = np.random.default_rng(50_000 + seed)
    would = rng.random(n) < worlds.sigmoid(0.8 + 1.2 * np.log(log["p"] / (1 - log["p"])) + 2.4)
    walked = log["revealed"] & ~would
    status = np.where(walked, "not_taken", np.where(log["revealed"], "followed", "pending"))
    event = log["event"].mask(walked)
    return log.assign(
        status=status, revealed=log["revealed"] & would, event=event, would=would.astype(float)
    )


def true_among_takers() -> dict[str, float]:
    world = taken_world(999, 400_000)
    p, t = world["p"], world["would"]
    return {"event_rate": float((p * t).sum() / t.sum())}


def coverage(found: list[dict], truth: float) -> tuple[int, float]:
    held = sum(bool(r["low"] <= truth <= r["high"]) for r in found)
    return held, float(np.mean([r["value"] for r in found])) - truth


@pytest.mark.slow
def test_everyone_is_everyone_who_would_take_it() -> None:
    truth = true_among_takers()["event_rate"]
    logs = [taken_world(seed) for seed in range(WORLDS)]
    found = [worlds.event_rate(log) for log in logs]
    for estimator in ("dr", "ipw"):
        held, bias = coverage([f[estimator] for f in found], truth)
        assert held >= stats.binom.ppf(1e-4, WORLDS, 0.95), estimator
        assert abs(bias) < 0.01
    assert abs(worlds.truth()["event_rate"] - truth) > 0.03, "who applies is not who takes"
    # Taken for no event, they flatter.
    good = [x.assign(event=x["event"].mask(x["status"] == "not_taken", 0.0)) for x in logs]
    good = [x.assign(revealed=x["event"].notna(), status="followed") for x in good]
    held, bias = coverage([worlds.event_rate(x)["dr"] for x in good], truth)
    assert held < stats.binom.ppf(1e-5, WORLDS, 0.95)
    assert bias < -0.02


def lost_world(seed: int, n: int = 6_000, by: str = "score") -> pd.DataFrame:
    """Loans that look bad are sold: their outcomes go out of sight (``by`` "y": those that are)."""
    log = worlds.draw(seed, n=n, pi=0.4)
    rng = np.random.default_rng(60_000 + seed)
    odds = 0.8 + np.log(log["score"] / (1 - log["score"])) if by == "score" else 3 * log["y"] - 2
    sold = log["revealed"] & (rng.random(n) < worlds.sigmoid(odds))
    status = np.where(sold, "lost", np.where(log["revealed"], "followed", "pending"))
    return log.assign(
        status=status, revealed=log["revealed"] & ~sold, event=log["event"].mask(sold)
    )


@pytest.mark.slow
def test_lost_outcomes_are_weighted_for_by_those_alike_and_bounded_beside() -> None:
    truth = worlds.truth()["event_rate"]
    found = [worlds.event_rate(lost_world(seed))["dr"] for seed in range(WORLDS)]
    held, bias = coverage(found, truth)
    assert held >= stats.binom.ppf(1e-4, WORLDS, 0.95)
    assert abs(bias) < 0.01
    assert found[0]["status"].startswith("assumed: ")
    assert all(r["lowest"] < r["low"] < r["high"] < r["highest"] for r in found)
    log = lost_world(0)
    left_out = log[log["status"] != "lost"].reset_index(drop=True)
    with pytest.raises(LogError, match="its draws are not those of its p_reveal"):
        measure(left_out)


@pytest.mark.slow
def test_the_worst_cases_hold_even_where_what_is_lost_is_what_went_wrong() -> None:
    truth = worlds.truth()["event_rate"]
    found = [worlds.event_rate(lost_world(seed, by="y"))["dr"] for seed in range(12)]
    held, bias = coverage(found, truth)
    assert held < 6 and bias < -0.02, "nobody can correct for this"
    assert all(r["lowest"] <= truth <= r["highest"] for r in found)


def test_closed_early_is_no_event_known_at_the_horizon() -> None:
    log = worlds.draw(3)
    closed = log["revealed"] & log["event"].eq(0) & (log.index % 3 == 0)
    early = log.assign(
        status=np.where(closed, "closed", "followed"), event=log["event"].mask(closed)
    )
    pd.testing.assert_frame_equal(measure(early), measure(log))
