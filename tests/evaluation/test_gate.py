"""The gate reads intervals; what is not known does not pass."""

from collections.abc import Callable

import pandas as pd
import pytest

from truerisk.evaluation.contest import Compared, Contest, How
from truerisk.evaluation.gate import Check, checks
from truerisk.problem.spec import Problem


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
    gain, calibration = checks(problem, estimate(low, high), CALIBRATED)
    assert (gain.passed, calibration.passed) == (passed, True)
    assert gain.name == "AUC gain over the event rate alone"
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
    gain, calibration = checks(problem, GAIN, estimate(low, high))
    assert (gain.passed, calibration.passed) == (True, passed)


def test_a_wide_interval_is_called_unproven_with_the_rows_that_would_do(problem: Problem) -> None:
    _, wide = checks(problem, GAIN, estimate(-0.03, 0.05))
    assert "not proven rather than wrong: 1,000 judged, about 16,000 would do" in wide.seen
    _, wrong = checks(problem, GAIN, estimate(0.021, 0.03))
    assert "not proven" not in wrong.seen


def test_what_is_withheld_fails_and_says_why(problem: Problem) -> None:
    gain, calibration = checks(problem, WITHHELD, WITHHELD)
    assert not gain.passed and not calibration.passed
    assert gain.seen == calibration.seen == WITHHELD["status"]


def test_what_was_seen_is_said_with_its_interval_and_estimator(problem: Problem) -> None:
    gain, calibration = checks(problem, GAIN, CALIBRATED)
    assert gain.seen == "+0.030 (+0.010 … +0.050), dr"
    assert calibration.seen == "+0.0025 (−0.0100 … +0.0150), dr"


def faced(auc: pd.Series | None, dollars: pd.Series = GAIN, stake: float = 1_000.0) -> Contest:
    """A contest whose paired differences these are; None where nothing could be compared."""
    compared = None
    if auc is not None:
        rows = pd.DataFrame([auc, dollars]).assign(metric=["auc_gain", "policy_gain"])
        rows = rows.assign(group_by="", population="all").convert_dtypes()
        compared = Compared(rows=1_000, estimates=rows)
    return Contest(
        champion="a", how=How.RECIPES if compared else How.NONE, because="its source is gone",
        stake=stake, new=compared, known=None, package=None, judged=pd.DataFrame(),
    )  # fmt: skip


def against(problem: Problem, contest: Contest) -> list[Check]:
    return checks(problem, GAIN, CALIBRATED, contest)[1:-1]


@pytest.mark.parametrize(
    ("low", "high", "passed"),
    [(-0.0099, 0.012, True), (0.001, 0.02, True), (-0.0101, 0.03, False), (-0.05, -0.02, False)],
)
def test_an_equally_good_model_is_not_worse_than_the_champion(
    problem: Problem, low: float, high: float, passed: bool
) -> None:
    auc, dollars = against(problem, faced(estimate(low, high)))
    assert (auc.passed, dollars.passed) == (passed, True)
    assert auc.name == "AUC not worse than champion a"
    assert auc.asked == "95% interval above −0.010"


@pytest.mark.parametrize(("low", "passed"), [(-49.9, True), (-50.1, False)])
def test_dollars_may_fall_by_a_share_of_what_is_at_stake(
    problem: Problem, low: float, passed: bool
) -> None:
    _, dollars = against(problem, faced(GAIN, estimate(low, 20.0)))
    assert dollars.passed is passed
    assert dollars.asked.startswith("95% interval above −$50")


def test_a_difference_too_noisy_to_tell_says_how_many_rows_would_do(problem: Problem) -> None:
    auc, _ = against(problem, faced(estimate(-0.02, 0.02)))
    assert not auc.passed
    assert "not proven rather than wrong: 1,000 judged, about 4,000 would do" in auc.seen


def test_a_champion_that_cannot_be_compared_is_left_to_a_person(problem: Problem) -> None:
    (said,) = against(problem, faced(None))
    assert not said.passed
    assert said.seen == "cannot be compared: its source is gone; a person decides"
