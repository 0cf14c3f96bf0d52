"""The calibration line, Brier score and log-loss equal published ones on plain labels."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.metrics import brier_score_loss, log_loss

from tests.measurement import worlds
from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.metrics import calibration
from truerisk.statistics.influence import Value


def sample(n: int, kind: str, seed: int = 0) -> tuple[Rows, Pseudo]:
    rng = np.random.default_rng(seed)
    score = worlds.sigmoid(-1.5 + 1.1 * rng.normal(size=n))
    p = worlds.sigmoid(0.3 + 0.8 * np.log(score / (1 - score)))
    y, seen = (rng.random(n) < p).astype(float), rng.random(n) < 0.5
    no, one = np.zeros(n, bool), np.ones(n)
    rows = Rows(
        score=score,
        pi=one,
        seen=~no,
        y=y,
        walked=no,
        lost=no,
        unseen=no,
        cluster=np.arange(n),
        day=np.zeros(n, int),
    )
    if kind == "labels":
        return rows, Pseudo(y, 1 - y, one)
    if kind == "weights":
        w = seen * rng.choice([1.0, 3.0], n)
        return rows, Pseudo(w * y, w * (1 - y), w)
    a = 0.2 + seen / 0.5 * (y - 0.2)
    return rows, Pseudo(a, 1 - a, seen / 0.5, guessed=True)


KINDS = pytest.mark.parametrize("kind", ["labels", "weights", "pseudo-labels"])


@KINDS
def test_the_line_maximises_the_weighted_likelihood(kind: str) -> None:
    rows, p = sample(3_000, kind)
    z = np.log(rows.score / (1 - rows.score))

    def minus(beta: np.ndarray) -> float:
        s = worlds.sigmoid(beta[0] + beta[1] * z)
        return -float((p.a * np.log(s) + p.b * np.log(1 - s)).mean())

    best = minimize(minus, [0.0, 1.0], tol=1e-12).x
    intercept, slope = calibration.line(rows, p)
    assert [intercept.theta, slope.theta] == pytest.approx(best, abs=1e-4)


def test_the_line_finds_what_was_put_in() -> None:
    intercept, slope = calibration.line(*sample(200_000, "labels"))
    assert intercept.theta == pytest.approx(0.3, abs=0.04)
    assert slope.theta == pytest.approx(0.8, abs=0.03)


def test_brier_and_log_loss_of_plain_labels_are_scikit_learns() -> None:
    rows, p = sample(2_000, "labels")
    assert calibration.brier(rows, p).theta == pytest.approx(brier_score_loss(p.a, rows.score))
    assert calibration.log_loss(rows, p).theta == pytest.approx(log_loss(p.a, rows.score))


def test_the_square_of_score_less_pseudo_label_is_not_the_brier_score() -> None:
    """What the design warns of: it counts the noise of the weights as error."""
    rows, p = sample(50_000, "pseudo-labels")
    true = brier_score_loss(rows.y, rows.score)
    assert calibration.brier(rows, p).theta == pytest.approx(true, abs=0.004)
    assert ((rows.score - p.a) ** 2).mean() > true + 0.05


METRICS = {
    "brier": calibration.brier,
    "log_loss": calibration.log_loss,
    "error": calibration.error,
    "observed_expected": calibration.observed_expected,
    "intercept": lambda rows, p: calibration.line(rows, p)[0],
    "slope": lambda rows, p: calibration.line(rows, p)[1],
}


@pytest.mark.parametrize("name", METRICS)
@KINDS
def test_influence_is_the_derivative_by_the_weight_of_a_row(name: str, kind: str) -> None:
    rows, p = sample(400, kind)
    found: Value = METRICS[name](rows, p)
    step = 1e-4
    for i in range(0, 400, 41):
        w = np.ones(400)
        w[i] += step
        up = METRICS[name](rows, Pseudo(w * p.a, w * p.b, p.w)).theta
        w[i] -= 2 * step
        down = METRICS[name](rows, Pseudo(w * p.a, w * p.b, p.w)).theta
        derivative = 400 * (up - down) / (2 * step)
        assert found.influence[i] == pytest.approx(
            derivative, abs=0.01 * np.abs(found.influence).max()
        )


def test_scores_of_zero_or_one_leave_it_undefined() -> None:
    rows, p = sample(200, "labels")
    certain = Rows(**{**vars(rows), "score": np.where(rows.score > 0.5, 1.0, rows.score)})
    assert np.isnan(calibration.log_loss(certain, p).theta)
    assert np.isnan(calibration.line(certain, p)[1].theta)
    flat = Rows(**{**vars(rows), "score": np.full(200, 0.2)})
    assert np.isnan(calibration.line(flat, p)[0].theta)
