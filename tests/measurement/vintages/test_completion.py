"""Hazards against counting by hand, and the error of a forecast against nudged weights."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.measurement.vintages.delayed_worlds import HORIZON, KNOWN_AT, draw
from truerisk.measurement.vintages.completion import completion, expected, influence
from truerisk.measurement.vintages.hazards import BINS, Hazards, hazards
from truerisk.measurement.vintages.history import History, history
from truerisk.measurement.vintages.timing import timing_of


def known(log: pd.DataFrame) -> tuple[History, Hazards]:
    told = history(log, HORIZON, KNOWN_AT, ())
    return told, hazards(told)


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return draw(3, n=20_000)


def test_with_everything_mature_hazards_are_shares_of_those_still_open(log: pd.DataFrame) -> None:
    """Weighted Aalen–Johansen: without censoring, probabilities are plain weighted shares."""
    told, timing = known(log[log["mature"]].reset_index(drop=True))
    weight = told.weight
    assert (timing.stratum == 1).sum() >= 1 and (timing.stratum == 0).sum() > 1
    for cell in range(len(timing.stratum)):
        mine = timing.cell == cell
        for j in (0, BINS // 3, BINS - 1):
            still = mine & ~(told.end < j / BINS)
            later = np.average(told.event[still], weights=weight[still])
            assert timing.beyond[cell, j] == pytest.approx(later)
            before = np.average((told.event & (told.end < j / BINS))[mine], weights=weight[mine])
            assert timing.by[cell, j] == pytest.approx(before, abs=1e-12)


def test_the_age_at_which_we_look_favours_neither_events_nor_their_absence() -> None:
    """Hazards with immature rows agree with those of the same world once all of it has matured."""
    log = draw(4, n=200_000)
    told, timing = known(log)
    y = log["y"].to_numpy()
    for stratum, declined in ((0, False), (1, True)):
        cells = timing.stratum == stratum
        size = timing.at_risk[cells, 0]
        forecast = np.average(timing.by[cells, BINS], weights=size)
        assert forecast == pytest.approx(y[log["declined"] == declined].mean(), rel=0.03)
    naive = (told.event & told.rows.seen)[told.rows.pi == 1].mean()
    assert naive < 0.9 * y[~log["declined"]].mean(), "immature rows taken for good would be far off"


def test_what_ended_is_known_and_what_is_open_lies_between(log: pd.DataFrame) -> None:
    told, timing = known(log)
    y = expected(told, timing)
    ended = told.rows.seen & ~told.open
    assert (y[ended] == told.event[ended]).all()
    assert told.closed.any() and (y[told.closed] == 0).all()
    assert ((y[told.open] >= 0) & (y[told.open] < 1)).all()
    slow, fast = (expected(told, timing.times(by))[told.open] for by in (0.7, 1.5))
    assert (slow <= y[told.open]).all() and (fast >= y[told.open]).all()
    assert slow.mean() < 0.8 * y[told.open].mean() < 0.8 * 0.8 * fast.mean()
    by_now, whole = completion(told, timing)
    assert (by_now <= whole + 1e-12).all()
    assert by_now[told.mature] == pytest.approx(whole[told.mature])


def test_the_influence_is_what_a_row_changes(log: pd.DataFrame) -> None:
    """Σ share·E[y | history] when every weight is nudged by its own small amount."""
    told, timing = known(log)
    share = told.weight * (told.age < 0.8) / len(log)
    rng = np.random.default_rng(0)
    for scope in (np.ones(len(log), bool), told.event, told.closed, told.open):
        nudge = rng.normal(size=len(log)) * scope
        ends = []
        for step in (1e-4, -1e-4):
            nudged = replace(told)
            nudged.__dict__["weight"] = told.weight * (1 + step * nudge)
            moved = hazards(nudged)
            ends.append((share * expected(told, moved))[told.open].sum())
        slope = (ends[0] - ends[1]) / 2e-4
        assert slope == pytest.approx(influence(told, timing, share) @ nudge, rel=1e-3, abs=1e-9)


def test_few_events_are_not_tested_for_their_timing() -> None:
    told, timing = known(draw(5, n=600))
    found = timing_of(told, timing, 180)
    assert found.moved is None and found.p is None
    assert found.words.startswith("not tested: ") and found.words.endswith("20 are needed")


@pytest.mark.slow
def test_the_ratio_of_hazards_is_that_of_the_world() -> None:
    for shift in (0.6, 1.6):
        told, timing = known(draw(6, n=150_000, shift=shift))
        found = timing_of(told, timing, 180)
        assert found.moved
        assert found.ratio == pytest.approx(shift, rel=0.1)
