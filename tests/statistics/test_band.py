"""The band of a curve: wide enough for every point at once, by the multiplier bootstrap."""

import numpy as np
import pytest
from scipy import stats

from truerisk.statistics.band import simultaneous


def test_the_factor_is_that_of_the_multiplier_bootstrap() -> None:
    """Its width beside 1,000 resamplings of clusters by normal multipliers, one by one."""
    rng = np.random.default_rng(0)
    sums = rng.normal(size=(500, 6)) @ np.triu(np.ones((6, 6)))
    drawn = rng.normal(size=(1_000, 500)) @ sums / np.sqrt((sums**2).sum(axis=0))
    by_hand = np.quantile(np.abs(drawn).max(axis=1), 0.95)
    made = simultaneous(np.column_stack([sums, np.zeros(500)]))
    assert made == pytest.approx(by_hand, rel=0.04)
    assert 1.96 < made < stats.norm.ppf(1 - 0.025 / 6)
    assert np.isnan(simultaneous(np.zeros((5, 2))))


def test_points_that_move_together_cost_no_width_and_others_do() -> None:
    rng = np.random.default_rng(1)
    one = rng.normal(size=(2_000, 1))
    together = simultaneous(np.repeat(one, 10, axis=1))
    assert together == pytest.approx(1.96, abs=0.12)
    assert simultaneous(rng.normal(size=(2_000, 10))) > 2.6
