"""Intervals: clustered, and inside (0, 1) for shares."""

import numpy as np
import pytest
from scipy import stats

from truerisk.measurement.interval import clustered_se, logit_interval, share_interval, wald


def test_the_clustered_error_equals_brute_force() -> None:
    rng = np.random.default_rng(0)
    influence, cluster = rng.normal(size=200), rng.integers(0, 30, 200) * 7
    sums: dict[int, float] = {}
    for value, c in zip(influence, cluster):
        sums[c] = sums.get(c, 0.0) + value
    count = len(sums)
    brute = np.sqrt(count / (count - 1) * sum(s**2 for s in sums.values())) / 200
    assert clustered_se(influence, cluster) == pytest.approx(brute, rel=1e-12)


def test_every_row_its_own_cluster_is_the_usual_error() -> None:
    influence = np.random.default_rng(1).normal(size=500)
    influence -= influence.mean()
    usual = influence.std(ddof=1) / np.sqrt(500)
    assert clustered_se(influence, np.arange(500)) == pytest.approx(usual, rel=1e-12)


def test_identical_twins_count_once() -> None:
    influence = np.random.default_rng(2).normal(size=300)
    alone = clustered_se(influence, np.arange(300))
    twins = clustered_se(np.repeat(influence, 2), np.repeat(np.arange(300), 2))
    assert twins == pytest.approx(alone)
    assert clustered_se(np.repeat(influence, 2), np.arange(600)) < 0.72 * alone


def test_the_logit_interval_is_symmetric_in_log_odds_and_stays_inside() -> None:
    low, high = logit_interval(0.02, 0.015)
    assert 0 < low < 0.02 < high < 1
    log_odds = np.log([low / (1 - low), 0.02 / 0.98, high / (1 - high)])
    half = stats.norm.ppf(0.975) * 0.015 / (0.02 * 0.98)
    assert np.diff(log_odds) == pytest.approx([half, half])


def test_a_narrow_logit_interval_is_walds() -> None:
    assert logit_interval(0.4, 1e-4) == pytest.approx(wald(0.4, 1e-4), abs=1e-7)


def test_a_share_outside_zero_and_one_gets_walds_interval() -> None:
    z = stats.norm.ppf(0.975)
    assert share_interval(-0.01, 0.02) == pytest.approx((-0.01 - z * 0.02, -0.01 + z * 0.02))
    assert share_interval(0.0, 0.02) == wald(0.0, 0.02)
    assert share_interval(0.5, 0.02) == logit_interval(0.5, 0.02)
