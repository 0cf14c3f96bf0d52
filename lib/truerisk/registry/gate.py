"""The gate: what a model must show before a person may approve it without an override."""

from dataclasses import dataclass

import pandas as pd

from truerisk.problem.spec import Problem


@dataclass(frozen=True)
class Check:
    """One check: what it asks, what was seen, and whether it passed."""

    name: str
    asked: str
    seen: str
    passed: bool


def check(problem: Problem, rival: str, gain: pd.Series, calibration: pd.Series) -> list[Check]:
    """The checks on intervals, from rows used neither for fitting nor for choosing.

    ``gain`` is the paired AUC gain over ``rival``, ``calibration`` the mean of event − score; both
    are rows of estimates with value, low and high. The largest error of a calibration band is not
    gated: a perfect model exceeds .02 somewhere in most runs.
    """
    least, widest = problem.gate.min_auc_gain, problem.gate.max_calibration_error
    better = pd.notna(gain["low"]) and gain["low"] > least
    calibrated = (
        pd.notna(calibration["low"])
        and max(abs(calibration["low"]), abs(calibration["high"])) <= widest
    )
    return [
        Check(
            f"AUC gain over {rival}",
            f"95% interval above {least:+.3f}",
            _interval(gain, "+.3f"),
            bool(better),
        ),
        Check(
            "calibration in the large",
            f"95% interval within ±{widest:g}",
            _interval(calibration, "+.4f"),
            bool(calibrated),
        ),
    ]


def _interval(row: pd.Series, form: str) -> str:
    if pd.isna(row["low"]):
        return str(row["status"])
    return f"{row['value']:{form}} ({row['low']:{form}} … {row['high']:{form}}), {row['estimator']}"
