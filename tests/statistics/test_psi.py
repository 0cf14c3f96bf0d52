"""PSI is flagged about as rarely as promised when nothing changed, and when something did."""

import numpy as np
import pytest

from truerisk.statistics.psi import CHANCE, number_bins, stability

BATCHES = 300


def flagged(draw, reference_rows: int, batch_rows: int, shifted=None, seed: int = 0) -> float:
    """The share of batches that are flagged against one reference each."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(BATCHES):
        reference, batch = draw(rng, reference_rows), (shifted or draw)(rng, batch_rows)
        seen = stability(*number_bins(reference, batch))
        found.append(seen is not None and seen.changed)
    return float(np.mean(found))


def normal(rng, rows):
    return rng.normal(size=rows)


def counts(rng, rows):
    """Few different values, many zeros, 5% nulls."""
    values = rng.poisson(0.7, rows).astype(float)
    values[rng.random(rows) < 0.05] = np.nan
    return values


def heavy(rng, rows):
    return rng.lognormal(9, 1, rows).round(-2)


@pytest.mark.slow
def test_a_column_that_did_not_change_is_flagged_as_rarely_as_promised() -> None:
    """Over 12 × 300 simulated batches: 0.1% is promised, and 4,000 a cell gave 0.05% to 0.15%."""
    sizes = [(2000, 2000), (20_000, 500), (3000, 100), (3000, 40)]
    shares = [flagged(draw, *size) for draw in (normal, counts, heavy) for size in sizes]
    assert max(shares) <= 0.01
    assert np.mean(shares) <= 3 * CHANCE


@pytest.mark.slow
def test_a_shift_is_found() -> None:
    assert flagged(normal, 20_000, 1000, lambda rng, n: rng.normal(0.3, 1, n)) > 0.95
    assert flagged(normal, 2000, 2000, lambda rng, n: rng.normal(0, 1.25, n)) > 0.95


@pytest.mark.slow
def test_nulls_that_were_never_there_are_found() -> None:
    def with_nulls(rng, rows):
        values = rng.normal(size=rows)
        values[: rows // 20] = np.nan
        return values

    assert flagged(normal, 5000, 1000, with_nulls) == 1.0


def test_psi_is_the_textbook_sum_and_its_critical_value_a_chi_square_quantile() -> None:
    reference, batch = np.array([5000, 3000, 2000]), np.array([400, 400, 200])
    seen = stability(reference, batch)
    p, q = reference / 10_000, batch / 1000
    assert seen is not None and seen.bins == 3
    assert seen.psi == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=0.01)
    assert seen.critical == pytest.approx(13.8155 * (1 / 10_000 + 1 / 1000), rel=1e-4)


def test_where_there_is_nothing_to_compare_there_is_no_psi() -> None:
    assert stability(np.array([0, 0]), np.array([5, 5])) is None
    assert stability(np.array([100, 0]), np.array([100, 0])) is None
    assert stability(np.array([3, 3]), np.array([3, 3])) is None
