"""KS equals scipy's before its own bias is taken off, and is nearer the truth after."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from tests.measurement import worlds
from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.metrics import ks as module
from truerisk.measurement.metrics.ks import ks


def sample(n: int, seed: int, slope: float = 1.0) -> tuple[Rows, Pseudo]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = (rng.random(n) < worlds.sigmoid(-1 + slope * x)).astype(float)
    no, one = np.zeros(n, bool), np.ones(n)
    rows = Rows(
        score=worlds.sigmoid(x),
        pi=one,
        seen=~no,
        y=y,
        walked=no,
        lost=no,
        unseen=no,
        cluster=np.arange(n),
        day=np.zeros(n, int),
    )
    return rows, Pseudo(y, 1 - y, one)


def test_without_its_correction_it_is_scipys(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, p = sample(1_000, 0)
    theirs = ks_2samp(rows.score[rows.y == 1], rows.score[rows.y == 0])
    monkeypatch.setattr(module, "_resampled", lambda a, b, last, cluster: theirs.statistic)
    assert abs(ks(rows, p).theta - theirs.statistic) < 1e-12


@pytest.mark.slow
def test_the_correction_takes_much_of_the_bias_off() -> None:
    """A useless score has KS 0, and a sample of it never shows 0."""
    raw, corrected = [], []
    for seed in range(100):
        rows, p = sample(400, seed, slope=0.0)
        raw.append(ks_2samp(rows.score[rows.y == 1], rows.score[rows.y == 0]).statistic)
        corrected.append(ks(rows, p).theta)
    assert np.mean(raw) > 0.08
    assert np.mean(corrected) < 0.7 * np.mean(raw)


def test_the_order_of_rows_does_not_matter() -> None:
    rows, p = sample(500, 1)
    i = np.random.default_rng(0).permutation(500)
    mixed = rows.at(i)
    assert ks(mixed, Pseudo(p.a[i], p.b[i], p.w[i])).theta == ks(rows, p).theta
