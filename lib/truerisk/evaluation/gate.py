"""The gate: what a model must show before a person may approve it without an override."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from truerisk.evaluation.contest import Contest
from truerisk.measurement.best import best
from truerisk.problem.spec import Problem
from truerisk.wording.dollars import dollar_change


@dataclass(frozen=True)
class Check:
    """One check: what it asks, what was seen, and whether it passed."""

    name: str
    asked: str
    seen: str
    passed: bool


def checks(
    problem: Problem, gain: pd.Series, calibration: pd.Series, contest: Contest | None = None
) -> list[Check]:
    """The checks on intervals, from rows used neither for fitting nor for choosing.

    ``gain`` is the paired AUC gain over the event rate alone, ``calibration`` the mean of
    event − score, both rows of estimates with value, low and high. Against a champion a model need
    not be better, which an equally good one could never show, but not worse: the paired lower
    bounds of its AUC and dollars stay above −max_auc_loss and −max_dollar_loss of the dollars at
    stake. The largest error of a calibration band is not gated: a perfect model exceeds .02
    somewhere in most runs.
    """
    least, widest = problem.gate.min_auc_gain, problem.gate.max_calibration_error
    low, high = calibration["low"], calibration["high"]
    calibrated = pd.notna(low) and max(abs(low), abs(high)) <= widest
    return [
        Check(
            "AUC gain over the event rate alone",
            f"95% interval above {least:+.3f}",
            _interval(gain, _three),
            bool(pd.notna(gain["low"]) and gain["low"] > least),
        ),
        *(_not_worse(problem, contest) if contest else ()),
        Check(
            "calibration in the large",
            f"95% interval within ±{widest:g}",
            _interval(calibration, _four) + ("" if calibrated else _unproven(calibration, widest)),
            bool(calibrated),
        ),
    ]


def _not_worse(problem: Problem, contest: Contest) -> Iterator[Check]:
    who, compared = f"champion {contest.champion}", contest.gated
    if compared is None:
        yield Check(
            f"compared with {who}",
            "rows that neither was fitted on",
            f"cannot be compared: {contest.because}; a person decides",
            False,
        )
        return
    auc, dollars = (best(compared.estimates, m) for m in ("auc_gain", "policy_gain"))
    loss = problem.gate.max_auc_loss
    most = problem.gate.max_dollar_loss * contest.stake
    least = f"{dollar_change(-most)} an application ({problem.gate.max_dollar_loss:g} of the stake)"
    for name, asked, row, form, room in (
        ("AUC", f"95% interval above {-loss:+.3f}", auc, _three, loss),
        (
            "dollars",
            f"95% interval above {least}",
            dollars,
            dollar_change,
            most,
        ),
    ):
        passed = bool(pd.notna(row["low"]) and row["low"] > -room)
        unproven = "" if passed else _unproven_loss(row, room)
        yield Check(f"{name} not worse than {who}", asked, _interval(row, form) + unproven, passed)


def _unproven_loss(row: pd.Series, room: float) -> str:
    """How many rows could prove it, where the estimate itself is no greater loss than allowed."""
    space = row["value"] + room if pd.notna(row["value"]) else 0.0
    return _would_do(row, space, row["value"] - row["low"]) if space > 0 else ""


def _unproven(row: pd.Series, widest: float) -> str:
    """How many rows could prove it, where the estimate itself lies within the bounds."""
    space = widest - abs(row["value"]) if pd.notna(row["value"]) else 0.0
    return _would_do(row, space, (row["high"] - row["low"]) / 2) if space > 0 else ""


def _would_do(row: pd.Series, space: float, half: float) -> str:
    needed = float(f"{row['n'] * (half / space) ** 2:.2g}")
    return (
        f" — not proven rather than wrong: {row['n']:,} judged, about {needed:,.0f} would do, "
        "so lengthen training.holdout"
    )


def _three(value: float) -> str:
    return f"{value:+.3f}"


def _four(value: float) -> str:
    return f"{value:+.4f}"


def _interval(row: pd.Series, form: Callable[[float], str]) -> str:
    if pd.isna(row["low"]):
        return str(row["status"])
    value, low, high = (form(float(row[c])) for c in ("value", "low", "high"))
    return f"{value} ({low} … {high}), {row['estimator']}"
