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
    low, high = calibration["low"], calibration["high"]
    better = pd.notna(gain["low"]) and gain["low"] > least
    calibrated = pd.notna(low) and max(abs(low), abs(high)) <= widest
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
            _interval(calibration, "+.4f") + ("" if calibrated else _unproven(calibration, widest)),
            bool(calibrated),
        ),
    ]


def _unproven(row: pd.Series, widest: float) -> str:
    """How many rows could prove it, where the estimate itself lies within the bounds."""
    room = widest - abs(row["value"]) if pd.notna(row["value"]) else 0.0
    if not room > 0:
        return ""
    needed = float(f"{row['n'] * ((row['high'] - row['low']) / 2 / room) ** 2:.2g}")
    return (
        f" — not proven rather than wrong: {row['n']:,} judged, about {needed:,.0f} would do, "
        "so lengthen training.holdout"
    )


def _interval(row: pd.Series, form: str) -> str:
    if pd.isna(row["low"]):
        return str(row["status"])
    return f"{row['value']:{form}} ({row['low']:{form}} … {row['high']:{form}}), {row['estimator']}"
