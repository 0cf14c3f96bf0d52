"""Intervals: clustered, and inside (0, 1) for shares."""

import numpy as np
import pytest
from scipy import stats

from truerisk.statistics.interval import (
    Z,
    bootstrap_t,
    clustered_se,
    logit_interval,
    se_of,
    share_interval,
    two_way_se,
    wald,
    wilson,
)


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


def test_bootstrap_t_is_the_normal_interval_where_all_weigh_alike() -> None:
    sums = np.random.default_rng(0).normal(size=3_000)
    low, high = bootstrap_t(0.0, sums - sums.mean(), 3_000)
    half = Z * se_of(sums, 3_000)
    assert (low, high) == pytest.approx((-half, half), rel=0.06)


@pytest.mark.parametrize("clusters", [3, 399, 400, 401, 3_000])
@pytest.mark.parametrize("alike", [False, True])
def test_bootstrap_t_is_that_of_the_formula_to_the_last_bits(clusters: int, alike: bool) -> None:
    """The definition: sort all, subtract 1 from every draw, one metric at a time."""
    sums = np.random.default_rng(clusters).standard_t(2, clusters)
    sums = np.round(sums) if alike else sums
    order = np.argsort(-np.round(np.abs(sums) / np.abs(sums).max(), 9), kind="stable")
    heavy, light = sums[order[:400]], sums[order[400:]]
    rng = np.random.default_rng(0)
    times, luck = rng.poisson(1.0, (2_000, len(heavy))), rng.normal(size=2_000)
    rest = (light**2).sum()
    spread = np.sqrt(times @ heavy**2 + rest)
    shift = (times - 1) @ heavy + np.sqrt(rest) * luck
    t = np.divide(shift, spread, out=np.zeros(2_000), where=spread > 0)
    low, high = 0.3 - np.quantile(t, [0.975, 0.025]) * se_of(sums, clusters)
    assert bootstrap_t(0.3, sums, clusters) == pytest.approx((low, high), rel=1e-14)


@pytest.mark.slow
def test_few_heavy_labels_skew_it_towards_where_luck_hides() -> None:
    """Rare events of large weight: a sample without enough of them looks too good."""
    held = dict.fromkeys(("normal", "bootstrap"), 0)
    for seed in range(400):
        rng = np.random.default_rng(seed)
        x = rng.exponential(1.0, 40) ** 2  # mean 2
        sums = x - x.mean()
        for name, (low, high) in (
            ("normal", wald(x.mean(), se_of(sums, 40))),
            ("bootstrap", bootstrap_t(x.mean(), sums, 40)),
        ):
            held[name] += low <= 2 <= high
    assert held["normal"] < 348 < held["bootstrap"]


def test_none_of_a_hundred_is_not_certainly_none() -> None:
    low, high = wilson(0.0, 100)
    assert (low, high) == pytest.approx((0.0, 0.0370), abs=1e-4)
    assert wilson(1.0, 100) == pytest.approx((0.9630, 1.0), abs=1e-4)


def test_two_ways_of_clustering_are_at_least_as_wide_as_either() -> None:
    rng = np.random.default_rng(0)
    day, subject = rng.integers(0, 30, 2_000), rng.integers(0, 900, 2_000)
    influence = rng.normal(size=30)[day] + rng.normal(size=900)[subject]
    both = two_way_se(influence, subject, day)
    assert both > max(clustered_se(influence, subject), clustered_se(influence, day))
    draws = [
        (rng.normal(size=30)[day] + rng.normal(size=900)[subject]).mean() for _ in range(1_000)
    ]
    assert both == pytest.approx(np.std(draws), rel=0.25)
