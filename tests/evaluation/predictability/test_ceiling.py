"""The extrapolated end of a learning curve against curves whose end is known."""

import numpy as np
import pytest

from truerisk.evaluation.predictability.ceiling import BENDS, Ceiling, ceiling

N = np.array([500, 1_000, 2_000, 4_000, 16_000])
JUDGED, LUCK = 0.012, 0.004  # shared error of the judging rows, and each fit's own


def curve(c: float, a: float, b: float) -> np.ndarray:
    return c - a * (N / N[-1]) ** -b


def covariance(own: float = LUCK) -> np.ndarray:
    return JUDGED**2 + np.diag(own**2 * N[0] / N)


def drawn(true: np.ndarray, seed: int, own: float = LUCK) -> Ceiling:
    noise = np.random.default_rng(seed).multivariate_normal(np.zeros(len(N)), covariance(own))
    return ceiling(N, true + noise, covariance(own))


def test_a_curve_without_noise_gives_its_own_end_and_the_gain_of_doubling() -> None:
    true = curve(0.86, 0.012, 0.5)
    found = ceiling(N, true, covariance(1e-4))
    assert found.status == "ok"
    assert found.bend == pytest.approx(0.5)
    assert found.value is not None and found.left is not None and found.doubled is not None
    assert found.value[0] == pytest.approx(0.86, abs=1e-6)
    assert found.left[0] == pytest.approx(0.012, abs=1e-6)
    assert found.doubled[0] == pytest.approx(0.012 * (1 - 2**-0.5), abs=1e-6)
    for value, low, high in (found.value, found.left, found.doubled):
        assert low <= value <= high
    assert found.grid is not None and found.fitted is not None and found.band is not None
    assert found.grid[0] == N[0] and found.grid[-1] == 4 * N[-1]
    assert (found.band[0] <= found.fitted + 1e-9).all()
    assert (found.fitted <= found.band[1] + 1e-9).all()
    np.testing.assert_allclose(np.interp(N, found.grid, found.fitted), true, atol=1e-3)


@pytest.mark.slow
def test_the_interval_holds_the_end_and_shared_error_is_not_taken_for_shape() -> None:
    held, narrow = [], []
    true = curve(0.86, 0.012, 0.6)
    for seed in range(60):
        found = drawn(true, seed, own=0.003)
        if found.value is None or found.left is None:
            continue
        held.append(found.value[1] <= 0.86 <= found.value[2])
        narrow.append(found.left[2] - found.left[1])
    assert len(held) >= 45
    assert np.mean(held) >= 0.9
    assert np.median(narrow) < 4 * JUDGED, "what is left is known better than any one AUC"


def test_the_last_auc_is_not_the_end() -> None:
    """The naive reading, that the largest sample shows the ceiling, misses it."""
    found = ceiling(N, curve(0.86, 0.03, 0.4), covariance(2e-4))
    assert found.left is not None
    assert found.left[1] > 0.015


def test_a_flat_curve_has_no_end_to_extrapolate() -> None:
    said = "withheld: from 500 to 16,000 rows the AUC moves by "
    found = [drawn(np.full(len(N), 0.8), seed) for seed in range(100)]
    assert sum(f.status.startswith(said) for f in found) >= 93
    flat = next(f for f in found if f.status.startswith(said))
    assert flat.value is None and flat.doubled is None and flat.band is None
    assert flat.rise[1] < 0 < flat.rise[2]


def test_equal_aucs_without_any_variance_are_withheld_and_raise_no_warning() -> None:
    found = ceiling(N, np.full(len(N), 0.5), np.zeros((5, 5)))
    assert found.status.startswith("withheld: from 500 to 16,000 rows the AUC moves by +0.000")


def test_a_curve_that_falls_is_withheld() -> None:
    assert ceiling(N, curve(0.8, 0.01, 0.5)[::-1], covariance(1e-4)).status.startswith("withheld")


def test_a_curve_that_does_not_bend_yet_is_withheld_with_how_far_it_could_rise() -> None:
    straight = 0.6 + 0.04 * np.log2(N / N[0])
    found = ceiling(N, straight, covariance(0.02))
    assert found.status.startswith("withheld: the curve does not show where it bends")
    assert found.value is None


def test_too_few_sizes_are_withheld_with_their_count() -> None:
    found = ceiling(N[-3:], np.array([0.7, 0.75, 0.77]), covariance()[-3:, -3:])
    assert found.status.startswith("withheld: 3 sizes of training data")


@pytest.mark.slow
def test_the_fit_is_the_generalised_least_squares_one() -> None:
    """Against a brute search over a, b and c."""
    auc = curve(0.84, 0.02, 0.5) + np.array([0.003, -0.004, 0.002, 0.001, -0.001])
    V = covariance(0.003)
    inverse = np.linalg.inv(V + 1e-10 * np.eye(len(N)))

    def loss(c: float, a: float, b: float) -> float:
        r = auc - curve(c, a, b)
        return float(r @ inverse @ r)

    found = ceiling(N, auc, V)
    assert found.value is not None and found.left is not None and found.bend is not None
    mine = loss(found.value[0], found.left[0], found.bend)
    others = [
        loss(found.value[0] + dc, found.left[0] + da, b)
        for b in BENDS
        for dc in np.linspace(-0.02, 0.02, 41)
        for da in np.linspace(-0.02, 0.02, 41)
        if found.left[0] + da >= 0
    ]
    assert mine <= min(others) + 1e-9
