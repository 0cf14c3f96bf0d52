"""Metrics and their influence functions equal brute force, and the errors they imply are true."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from truerisk.statistics import influence as influences
from truerisk.statistics.influence import Value
from truerisk.statistics.interval import clustered_se

Weights = tuple[np.ndarray, np.ndarray, np.ndarray]


def kernel(score: np.ndarray) -> np.ndarray:
    """K_ij = 1{s_i > s_j} + ½·1{s_i = s_j}, shape (n, n)."""
    return (score[:, None] > score) + 0.5 * (score[:, None] == score)


def sample(n: int, labels: str, seed: int = 0) -> Weights:
    """(a, b, score) with ties; the pseudo-labels of DR leave [0, 1] on both sides."""
    rng = np.random.default_rng(seed)
    score = rng.integers(0, max(n // 3, 5), n) / n
    y = (rng.random(n) < 0.2 + 0.5 * score).astype(float)
    if labels == "labels":
        return y, 1 - y, score
    seen = rng.random(n) < 0.4
    if labels == "weights":
        w = seen * rng.choice([1.0, 2.5, 8.0], n)
        return w * y, w * (1 - y), score
    a = 0.3 + seen / 0.4 * (y - 0.3)
    assert a.min() < 0 and a.max() > 1
    return a, 1 - a, score


KINDS = pytest.mark.parametrize("kind", ["labels", "weights", "pseudo-labels"])


@KINDS
def test_auc_equals_the_sum_over_all_pairs_without_the_diagonal(kind: str) -> None:
    a, b, score = sample(50, kind)
    pairs = np.outer(a, b)
    np.fill_diagonal(pairs, 0)
    brute = (pairs * kernel(score)).sum() / pairs.sum()
    assert influences.auc(a, b, score).theta == pytest.approx(brute, abs=1e-12)


@KINDS
def test_aucs_influence_function_equals_brute_force(kind: str) -> None:
    a, b, score = sample(50, kind)
    found, K = influences.auc(a, b, score), kernel(score)
    below, above = (K * b).mean(axis=1), (K.T * a).mean(axis=1)
    up, down = below - found.theta * b.mean(), above - found.theta * a.mean()
    brute = (a * up + b * down) / (a.mean() * b.mean())
    np.testing.assert_allclose(found.influence, brute, atol=1e-12)
    slope = (up - down) / (a.mean() * b.mean())
    np.testing.assert_allclose(found.slope, slope, atol=1e-12)


@KINDS
def test_aucs_influence_is_its_derivative_by_the_weight_of_a_row(kind: str) -> None:
    a, b, score = sample(400, kind)
    influence, step = influences.auc(a, b, score).influence, 1e-5
    for i in range(0, 400, 23):
        w = np.ones(400)
        w[i] += step
        up = influences.auc(w * a, w * b, score).theta
        w[i] -= 2 * step
        down = influences.auc(w * a, w * b, score).theta
        derivative = 400 * (up - down) / (2 * step)
        assert influence[i] == pytest.approx(derivative, abs=0.02 * np.abs(influence).max())


def test_the_slope_says_where_auc_moves_when_a_row_becomes_an_event() -> None:
    a, b, score = sample(400, "pseudo-labels")
    found, step = influences.auc(a, b, score), 1e-5
    for i in range(0, 400, 23):
        more = a.copy()
        more[i] += step
        moved = influences.auc(more, 1 - more, score).theta - found.theta
        if abs(moved) > 1e-9:
            assert np.sign(moved) == np.sign(found.slope[i])


def test_auc_of_plain_labels_is_scikit_learns() -> None:
    a, b, score = sample(3_000, "labels")
    assert influences.auc(a, b, score).theta == pytest.approx(roc_auc_score(a, score), abs=1e-12)
    a, b, score = sample(3_000, "weights")
    events, weight = (a > 0).astype(int), a + b
    seen = weight > 0
    expected = roc_auc_score(events[seen], score[seen], sample_weight=weight[seen])
    assert influences.auc(a, b, score).theta == pytest.approx(expected, abs=1e-12)


def test_a_constant_score_tells_nothing_apart() -> None:
    a, b, _ = sample(100, "pseudo-labels")
    assert influences.auc(a, b, np.full(100, 0.3)).theta == pytest.approx(0.5, abs=1e-12)


def test_auc_of_sixty_thousand_rows_takes_a_blink() -> None:
    a, b, score = sample(60_000, "pseudo-labels")
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        influences.auc(a, b, score)
        seconds.append(time.process_time() - begun)
    assert min(seconds) < 0.1


def test_a_ratio_and_its_influence_equal_the_jackknife() -> None:
    rng = np.random.default_rng(0)
    top, bottom = rng.normal(1, 2, 300), rng.uniform(0.5, 2, 300)
    found = influences.ratio(top, bottom, np.ones(300))
    assert found.theta == pytest.approx(top.sum() / bottom.sum())
    left_out = (top.sum() - top) / (bottom.sum() - bottom)
    jackknife = 299 * (found.theta - left_out)
    np.testing.assert_allclose(found.influence, jackknife, atol=0.02)
    assert found.influence.mean() == pytest.approx(0, abs=1e-12)


def test_a_ratio_to_nothing_is_undefined_without_a_warning() -> None:
    assert np.isnan(influences.ratio(np.zeros(3), np.zeros(3), np.ones(3)).theta)


def test_dollars_are_weighted_by_both_outcomes() -> None:
    a, b = np.array([1.0, 0.0, 0.25]), np.array([0.0, 1.0, 0.75])
    found = influences.dollars(a, b, np.array([-100.0, -100, -40]), np.array([10.0, 10, 4]))
    assert found.theta == pytest.approx((-100 + 10 + (-10 + 3)) / 3)
    assert found.slope.tolist() == [-110, -110, -44]


ESTIMANDS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Value]] = {
    "event_rate": lambda a, b, score: influences.event_rate(a, b),
    "auc": influences.auc,
    "dollars": lambda a, b, score: influences.dollars(a, b, -5 * score, 1 + score),
}


@pytest.mark.slow
@pytest.mark.parametrize("estimand", ESTIMANDS)
@pytest.mark.parametrize("repeats", [1, 5])
@pytest.mark.parametrize("kind", ["weights", "pseudo-labels"])
def test_standard_errors_are_those_of_the_cluster_bootstrap(
    estimand: str, repeats: int, kind: str
) -> None:
    of = ESTIMANDS[estimand]
    a, b, score = (np.repeat(v, repeats) for v in sample(400, kind, seed=3))
    cluster = np.repeat(np.arange(400), repeats)
    se = clustered_se(of(a, b, score).influence, cluster)
    rng = np.random.default_rng(1)
    rows = np.arange(400 * repeats).reshape(400, repeats)
    drawn = (rows[rng.integers(0, 400, 400)].ravel() for _ in range(300))
    bootstrap = np.std([of(a[i], b[i], score[i]).theta for i in drawn])
    assert se == pytest.approx(bootstrap, rel=0.15)
