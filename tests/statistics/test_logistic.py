"""The one logistic fit: exact where an optimum exists, finite and said so where none does."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sklearn.linear_model import LogisticRegression

from truerisk.statistics.logistic import Status, fit_logistic, sigmoid


def sample(n: int = 2_000, columns: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(design with a column of ones, 0/1 events)."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, columns - 1))])
    beta = rng.normal(size=columns)
    return X, (rng.random(n) < sigmoid(X @ beta)).astype(float)


def test_it_equals_another_library() -> None:
    X, y = sample()
    weight = np.random.default_rng(1).choice([0.0, 1.0, 30.0], len(y))
    made = fit_logistic(X, weight * y, weight)
    other = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=5_000)
    other.fit(X, y, sample_weight=weight)
    assert made.status is Status.REGULAR
    np.testing.assert_allclose(made.coefficients, other.coef_[0], atol=1e-5)
    residual = weight * (y - sigmoid(X @ made.coefficients))
    assert np.abs(X.T @ residual).max() < 1e-10 * weight.sum()
    p = sigmoid(X @ made.coefficients)
    information = (X * (weight * p * (1 - p))[:, None]).T @ X
    np.testing.assert_allclose(made.inverse @ information, np.eye(4), atol=1e-8)


def test_a_ridge_and_an_offset_equal_another_library() -> None:
    X, y = sample()
    made = fit_logistic(X, y, np.ones(len(y)), ridge=[0, 1, 1, 1])
    other = LogisticRegression(C=1.0, tol=1e-12, max_iter=5_000).fit(X[:, 1:], y)
    np.testing.assert_allclose(made.coefficients[1:], other.coef_[0], atol=1e-5)
    known = 0.7 * X[:, 1]
    moved = fit_logistic(X, y, np.ones(len(y)), offset=known)
    plain = fit_logistic(X, y, np.ones(len(y)))
    back = moved.coefficients + np.array([0, 0.7, 0, 0])
    np.testing.assert_allclose(back, plain.coefficients, atol=1e-9)
    strong = fit_logistic(X, y, np.ones(len(y)), ridge=1e9, towards=[1, 2, 3, 4])
    np.testing.assert_allclose(strong.coefficients, [1, 2, 3, 4], atol=1e-4)


def test_pseudo_outcomes_beyond_zero_and_one_solve_their_own_equation() -> None:
    X, y = sample()
    rng = np.random.default_rng(2)
    m = np.full(len(y), y.mean())
    pseudo = m + (rng.random(len(y)) < 0.25) / 0.25 * (y - m)
    assert pseudo.min() < 0 and pseudo.max() > 1
    made = fit_logistic(X, pseudo, np.ones(len(y)))
    assert made.regular
    assert np.abs(X.T @ (pseudo - sigmoid(X @ made.coefficients))).max() < 1e-7


@pytest.mark.parametrize(
    ("y", "status"),
    [
        ([0, 0, 0, 1, 1, 1], Status.SEPARATED),
        ([1, 1, 1, 1, 1, 1], Status.SEPARATED),
        ([0, 0, 1, 0, 1, 1], Status.REGULAR),
        ([1.4, 1.3, 1.2, 1, 1, 1], Status.SEPARATED),
    ],
)
def test_what_no_finite_line_fits_is_said_and_finite(y: list[float], status: Status) -> None:
    X = np.column_stack([np.ones(6), np.arange(6)])
    made = fit_logistic(X, np.array(y), np.ones(6))
    assert made.status is status
    assert np.isfinite(made.coefficients).all() and np.isfinite(made.inverse).all()
    if y == [0, 0, 0, 1, 1, 1]:
        assert 0.5 < made.coefficients[1] < 10
        heavy = fit_logistic(X, 1e6 * np.array(y), np.full(6, 1e6))  # units of weight say nothing
        np.testing.assert_allclose(heavy.coefficients, made.coefficients, rtol=1e-6)


def test_flat_directions_stay_where_they_are() -> None:
    X, y = sample(columns=2)
    twice = np.column_stack([X, X[:, 1], np.zeros(len(y))])
    made = fit_logistic(twice, y, np.ones(len(y)))
    plain = fit_logistic(X, y, np.ones(len(y)))
    assert made.status is Status.FLAT
    level, slope = plain.coefficients
    np.testing.assert_allclose(made.coefficients, [level, slope / 2, slope / 2, 0], atol=1e-9)
    assert fit_logistic(X, 0 * y, 0 * y, towards=3.0).status is Status.EMPTY
    tied = fit_logistic(twice, y, np.ones(len(y)), ridge=[0, 0, 1, 1])
    assert tied.status is Status.REGULAR  # the ridge says what the rows do not


def test_far_and_tiny_columns_are_no_flat_directions() -> None:
    X, y = sample(columns=3)
    moved = X @ np.array([[1, 1e5, 0], [0, 1, 0], [0, 0, 1e-9]])
    made = fit_logistic(moved, y, np.ones(len(y)))
    plain = fit_logistic(X, y, np.ones(len(y)))
    assert made.regular
    np.testing.assert_allclose(made.coefficients[1:] * [1, 1e-9], plain.coefficients[1:], rtol=1e-6)


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        fit_logistic(np.array([[1.0], [np.nan]]), np.ones(2), np.ones(2))


outcome = st.tuples(
    st.integers(-3, 3), st.integers(-2, 2), st.sampled_from([0, 1]), st.sampled_from([0.5, 1, 40])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(outcome, min_size=2, max_size=14))
@example([(1, 2, 0, 40), (1, 2, 1, 40), (0, -2, 1, 0.5)])  # its last row is fitted to the last bit
def test_the_status_is_the_one_that_geometry_gives(rows: list[tuple]) -> None:  # type: ignore[type-arg]
    """Rank from the design; separation from a linear programme: d with no row on the wrong side
    (Konis, 2007)."""
    a, b, y, weight = (np.array(column, dtype=float) for column in zip(*rows))
    X = np.column_stack([np.ones(len(a)), a, b])
    made = fit_logistic(X, weight * y, weight)
    signed = X * (2 * y - 1)[:, None]
    found = linprog(-signed.sum(axis=0), -signed, np.zeros(len(a)), bounds=[(-1, 1)] * 3)
    if -found.fun > 1e-7:
        assert made.status is Status.SEPARATED
    elif np.linalg.matrix_rank(X) < 3:
        assert made.status is Status.FLAT
    else:
        assert made.status is Status.REGULAR
    assert np.isfinite(made.coefficients).all()
    if made.status is not Status.SEPARATED:
        residual = weight * (y - sigmoid(X @ made.coefficients))
        assert np.abs(X.T @ residual).max() < 1e-10 * weight.sum()


def test_a_plain_grid_of_rates_and_samples_has_its_optimum() -> None:
    """Undamped Newton was singular on four fifths of these."""
    for top in np.linspace(0.01, 0.5, 6):
        for every in (2, 3, 4, 7, 15, 40):
            z = np.log(raw := np.linspace(0.001, top, 200)) - np.log1p(-raw)
            X, y = np.column_stack([np.ones(200), z]), (np.arange(200) % every == 0).astype(float)
            made = fit_logistic(X, y, np.ones(200))
            assert made.regular
            assert np.abs(X.T @ (y - sigmoid(X @ made.coefficients))).max() < 1e-8


@pytest.mark.parametrize("seed", range(6))
def test_many_rows_that_are_alike_do_not_hide_the_optimum_in_rounding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=2)[rng.integers(0, 2, 50_000)]
    y = (rng.random(len(x)) < sigmoid(2.3 + 0.8 * x)).astype(float)
    made = fit_logistic(np.column_stack([np.ones(len(x)), x]), y, np.ones(len(x)))
    assert made.regular
    for level in np.unique(x):  # a coefficient per level: its log-odds
        rate = y[x == level].mean()
        odds = made.coefficients @ [1, level]
        np.testing.assert_allclose(odds, np.log(rate / (1 - rate)), atol=1e-9)
