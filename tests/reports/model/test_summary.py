"""The box at the top of a training report: every check says what was seen and of whom."""

import pytest

from truerisk.evaluation.gate import Check
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Cell
from truerisk.reports.model.summary import MISSING, _check

SEEN = {"value": -0.03, "low": -0.05, "high": 0.01, "form": "fine"}


@pytest.mark.parametrize(
    ("estimator", "who"), [("naive", "the approved only"), ("dr", "everyone who applied")]
)
def test_a_check_that_failed_for_want_of_rows_still_says_whom_it_is_about(
    make_problem, estimator: str, who: str
) -> None:
    problem: Problem = make_problem()
    check = Check(
        name="x", asked="y", passed=False, estimator=estimator, advice="lengthen it", **SEEN
    )
    row = _check(problem, 0.0, check)
    assert row["Seen"] == Cell("−0.0300", "−0.0500 … +0.0100")
    assert row[MISSING] == "lengthen it"
    assert row["About"] == who
    assert check.seen == f"−0.0300 (−0.0500 … +0.0100), {estimator}; lengthen it"


def test_a_check_that_saw_nothing_says_why(make_problem) -> None:
    row = _check(make_problem(), 0.0, Check(name="x", asked="y", passed=False, advice="no rows"))
    assert (row["Seen"], row["About"], row[MISSING]) == ("no rows", "nobody yet", "")
