"""The line through many rows is that of the general fit, whatever the labels are."""

import numpy as np
import pytest

from truerisk.statistics import blocks, line
from truerisk.statistics.line import fit_line
from truerisk.statistics.logistic import fit_logistic, sigmoid


def rows(kind: str, n: int = 4_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    x = -2 + 1.2 * rng.normal(size=n)
    y = (rng.random(n) < sigmoid(0.4 + 0.7 * x)).astype(float)
    if kind == "pseudo-labels":  # outside [0, 1]
        y = 0.2 + (rng.random(n) < 0.1) / 0.1 * (y - 0.2)
    trials = rng.choice([0.0, 1.0, 30.0], n) if kind == "weights" else np.ones(n)
    if kind == "take-up":
        trials = np.where(rng.random(n) < 0.05, -0.3, 1.0)
    if kind == "separated":
        y = (x > -2).astype(float)
    if kind == "separated sample":
        y = (x > -2).astype(float)
        y[1] = 1 - y[1]  # only the whole tells that they overlap
    if kind == "constant":
        x = np.full(n, 0.3)
    return x, trials * y, trials


KINDS = (
    "labels", "pseudo-labels", "weights", "take-up", "separated", "separated sample", "constant",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_general_fit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MANY", 100)
    monkeypatch.setattr(line, "SAMPLE", 300)
    monkeypatch.setattr(blocks, "BLOCK", 97)
    x, events, trials = rows(kind)
    found = fit_line(x, events, trials)
    expected = fit_logistic(np.column_stack([np.ones(len(x)), x]), events, trials)
    assert found.status is expected.status
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-9, abs=1e-9)
    assert found.inverse == pytest.approx(expected.inverse, rel=1e-8, abs=1e-15)


def test_many_plain_rows_need_no_general_fit_of_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def counting(design, events, trials):
        sizes.append(len(design))
        return fit_logistic(design, events, trials)

    monkeypatch.setattr(line, "fit_logistic", counting)
    fit_line(*rows("pseudo-labels", 60_000))
    assert max(sizes) <= line.SAMPLE
