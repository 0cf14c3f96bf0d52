"""The gate reads intervals; what is not known does not pass."""

from collections.abc import Callable

import pandas as pd
import pytest

from truerisk.problem.spec import Problem
from truerisk.registry.gate import check


def estimate(low: float | None, high: float | None, status: str = "ok") -> pd.Series:
    known = low is not None
    value = (low + high) / 2 if known else pd.NA
    return pd.Series(
        {
            "value": value,
            "low": low if known else pd.NA,
            "high": high if known else pd.NA,
            "n": 1_000,
            "estimator": "dr",
            "status": status,
        }
    )


GAIN, CALIBRATED = estimate(0.01, 0.05), estimate(-0.01, 0.015)
WITHHELD = estimate(None, None, "withheld: 12 explored labels (effective), 30 are needed")


@pytest.fixture
def problem(make_problem: Callable[..., Problem]) -> Problem:
    return make_problem(gate={"min_auc_gain": 0.005, "max_calibration_error": 0.02})


@pytest.mark.parametrize(
    ("low", "high", "passed"),
    [
        (0.006, 0.05, True),
        (0.005, 0.05, False),
        (0.004, 0.09, False),
        (-0.03, 0.2, False),
    ],
)
def test_the_whole_interval_of_the_gain_must_lie_above_what_is_asked(
    problem: Problem, low: float, high: float, passed: bool
) -> None:
    gain, calibration = check(problem, "champion a", estimate(low, high), CALIBRATED)
    assert (gain.passed, calibration.passed) == (passed, True)
    assert gain.name == "AUC gain over champion a"
    assert gain.asked == "95% interval above +0.005"


@pytest.mark.parametrize(
    ("low", "high", "passed"),
    [
        (-0.02, 0.02, True),
        (-0.01, 0.0201, False),
        (-0.0201, 0.01, False),
        (0.021, 0.03, False),
        (-0.5, 0.5, False),
    ],
)
def test_calibration_is_an_equivalence_on_both_sides(
    problem: Problem, low: float, high: float, passed: bool
) -> None:
    """A wide interval around zero shows nothing, and does not pass."""
    gain, calibration = check(problem, "nobody", GAIN, estimate(low, high))
    assert (gain.passed, calibration.passed) == (True, passed)


def test_a_wide_interval_is_called_unproven_with_the_rows_that_would_do(problem: Problem) -> None:
    _, wide = check(problem, "nobody", GAIN, estimate(-0.03, 0.05))
    assert "not proven rather than wrong: 1,000 judged, about 16,000 would do" in wide.seen
    _, wrong = check(problem, "nobody", GAIN, estimate(0.021, 0.03))
    assert "not proven" not in wrong.seen


def test_what_is_withheld_fails_and_says_why(problem: Problem) -> None:
    gain, calibration = check(problem, "nobody", WITHHELD, WITHHELD)
    assert not gain.passed and not calibration.passed
    assert gain.seen == calibration.seen == WITHHELD["status"]


def test_what_was_seen_is_said_with_its_interval_and_estimator(problem: Problem) -> None:
    gain, calibration = check(problem, "nobody", GAIN, CALIBRATED)
    assert gain.seen == "+0.030 (+0.010 … +0.050), dr"
    assert calibration.seen == "+0.0025 (-0.0100 … +0.0150), dr"
