"""Calibration equals a weighted logistic regression on the log-odds."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from truerisk.models.calibration import LEAST_SLOPE, Calibration, support
from truerisk.statistics.logistic import fit_logistic, logit, sigmoid


def overconfident(n: int = 4_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(raw, event): true log-odds are .3 + .5 times the raw ones."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-1, 1.5, n)
    return sigmoid(z), (rng.random(n) < sigmoid(0.3 + 0.5 * z)).astype(float)


def oracle(raw: np.ndarray, event: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    exact = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000)
    exact.fit(logit(raw)[:, None], event, sample_weight=weight)
    return float(exact.intercept_[0]), float(exact.coef_[0, 0])


@pytest.mark.parametrize("weights", ["equal", "unequal"])
def test_it_equals_logistic_regression(weights: str) -> None:
    raw, event = overconfident()
    rng = np.random.default_rng(1)
    weight = np.ones(len(raw)) if weights == "equal" else rng.choice([1.0, 10.0], len(raw))
    made = Calibration.fit(raw, event, weight)
    intercept, slope = oracle(raw, event, weight)
    # The pseudo-observation that keeps separable samples finite moves this one a little.
    assert made.intercept == pytest.approx(intercept, abs=2e-3)
    assert made.slope == pytest.approx(slope, abs=2e-3)


def test_it_finds_the_truth_and_leaves_a_calibrated_score_alone() -> None:
    raw, event = overconfident(100_000)
    made = Calibration.fit(raw, event, np.ones(len(raw)))
    assert (made.intercept, made.slope) == pytest.approx((0.3, 0.5), abs=0.03)
    again = Calibration.fit(made.apply(raw), event, np.ones(len(raw)))
    assert (again.intercept, again.slope) == pytest.approx((0, 1), abs=1e-3)


def test_weights_with_support_count_as_repetitions() -> None:
    raw, event = overconfident(40_000)
    weight = np.random.default_rng(2).integers(1, 5, 40_000)
    weighted = Calibration.fit(raw, event, weight.astype(float))
    raw, event = np.repeat(raw, weight), np.repeat(event, weight)
    repeated = Calibration.fit(raw, event, np.ones(len(raw)))
    assert vars(weighted) == pytest.approx(vars(repeated), abs=1e-4)


def declined(n: int, pi: float, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """(log-odds, event, π, seen): three in ten are declined by their score and explored with π."""
    z = rng.normal(-2, 1, n)
    p = np.where(z < np.quantile(z, 0.7), 1.0, pi)
    return z, (rng.random(n) < sigmoid(z)).astype(float), p, rng.random(n) < p


@pytest.mark.slow
def test_a_handful_of_explored_labels_does_not_spoil_the_score() -> None:
    """A right score, seven explored labels of fifty each: taken at face value they wreck it."""
    rng = np.random.default_rng(5)
    off: dict[str, list[float]] = {"ours": [], "weighted": [], "without": []}
    slopes = []
    for _ in range(60):
        z, event, p, seen = declined(1_200, 0.02, rng)
        if not 0 < event[seen].sum() < seen.sum():
            continue
        weight = 1 / p[seen]
        made = Calibration.fit(sigmoid(z)[seen], event[seen], weight)
        slopes.append(made.slope)
        Z = np.column_stack([np.ones(seen.sum()), z[seen]])
        for name, w in (("weighted", weight), ("without", np.ones(len(weight)))):
            a, b = fit_logistic(Z, w * event[seen], w).coefficients
            off[name].append(float(np.abs(sigmoid(a + b * z) - sigmoid(z)).mean()))
        off["ours"].append(float(np.abs(made.apply(sigmoid(z)) - sigmoid(z)).mean()))
    ours, weighted, without = (np.mean(off[k]) for k in ("ours", "weighted", "without"))
    assert weighted > 1.5 * without, "the naive way has no trouble here"
    assert ours < 1.1 * without
    assert min(slopes) >= LEAST_SLOPE


def test_trust_grows_with_the_explored_labels_and_needs_both_outcomes() -> None:
    def trust(labels: int, events: int) -> float:
        event = np.zeros(1_000 + labels)
        event[:100] = 1
        event[1_000 : 1_000 + events] = 1
        return support(event, np.r_[np.ones(1_000), np.full(labels, 20.0)]).trust

    assert trust(0, 0) == trust(200, 0) == 0
    assert trust(7, 2) < 0.03
    assert trust(50, 20) == pytest.approx(0.5)
    assert trust(200, 1) < 0.05
    assert trust(1_000, 300) > 0.99


def test_a_score_is_never_turned_round() -> None:
    rng = np.random.default_rng(6)
    z = rng.normal(size=500)
    event = (rng.random(500) < sigmoid(-1 - z)).astype(float)
    made = Calibration.fit(sigmoid(z), event, np.ones(500))
    assert made.flat and made.slope == LEAST_SLOPE
    assert made.apply(sigmoid(z)).mean() == pytest.approx(event.mean(), abs=1e-6)


def test_weights_of_one_over_propensity_calibrate_for_everyone() -> None:
    """Labels are ten times rarer where a hidden trait makes the event likelier."""
    rng = np.random.default_rng(3)
    n = 60_000
    z, hidden = rng.normal(-1, 1, n), rng.random(n) < 0.5
    event = (rng.random(n) < sigmoid(z + 1.5 * hidden)).astype(float)
    p = np.where(hidden, 0.1, 1.0)
    seen = rng.random(n) < p
    errors = [
        Calibration.fit(sigmoid(z)[seen], event[seen], weight[seen]).apply(sigmoid(z)).mean()
        - event.mean()
        for weight in (1 / p, np.ones(n))
    ]
    assert abs(errors[0]) < 0.01
    assert errors[1] < -0.05


def test_a_constant_score_becomes_the_weighted_event_rate() -> None:
    event = np.tile([1.0, 0.0, 0.0, 0.0], 2_000)
    weight = np.where(np.arange(8_000) % 8 < 2, 4.0, 1.0)  # an event and a non-event of eight
    made = Calibration.fit(np.full(8_000, 0.2), event, weight)
    assert made.slope == 1.0
    assert made.apply(np.full(2, 0.2)) == pytest.approx([5 / 14, 5 / 14], abs=1e-3)


def test_a_sample_that_scores_separate_keeps_a_finite_slope() -> None:
    """Without the pseudo-observation its maximum likelihood is infinite."""
    raw = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
    made = Calibration.fit(raw, (raw > 0.5).astype(float), np.ones(6))
    assert 1 < made.slope < 10
    assert (np.diff(made.apply(raw)) > 0).all()


def test_logit_and_sigmoid_undo_each_other_and_certainty_stays_finite() -> None:
    p = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(sigmoid(logit(p)), p)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()


def test_samples_on_which_undamped_steps_are_singular_are_calibrated() -> None:
    for top in np.linspace(0.01, 0.3, 8):
        for every in (2, 4, 9):
            raw = np.linspace(0.001, top, 200)
            event = (np.arange(200) % every == 0).astype(float)
            made = Calibration.fit(raw, event, np.ones(200))
            assert made.apply(raw).mean() == pytest.approx(event.mean(), abs=1e-6)
