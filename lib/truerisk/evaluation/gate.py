"""The gate: what a model must show before a person may approve it without an override."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from truerisk.evaluation.contest import Contest
from truerisk.measurement.best import best
from truerisk.problem.spec import Problem
from truerisk.wording.dollars import dollar_change
from truerisk.wording.numbers import change, fine_change, interval

FORMS = {"change": change, "fine": fine_change, "dollars": dollar_change}  # how a number is written


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: what it asks, what was seen, and whether it passed.

    ``value`` with ``low`` and ``high`` (95%) is what ``estimator`` found, None where it found
    nothing; ``form`` is one of FORMS; ``advice`` says what is missing, "" where nothing is.
    """

    name: str
    asked: str
    passed: bool
    value: float | None = None
    low: float | None = None
    high: float | None = None
    estimator: str = ""
    form: str = "change"
    advice: str = ""

    @property
    def figure(self) -> tuple[str, str] | None:
        """The value and its interval as written, None where there is none."""
        if self.value is None or self.low is None or self.high is None:
            return None
        written = FORMS[self.form]
        return written(self.value), interval(self.low, self.high, written)

    @property
    def seen(self) -> str:
        """What was seen, in a line."""
        if self.figure is None:
            return self.advice
        value, ends = self.figure
        return f"{value} ({ends}), {self.estimator}" + (f"; {self.advice}" if self.advice else "")


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
            name="AUC gain over the event rate alone",
            asked=f"95% interval above {change(least)}",
            passed=bool(pd.notna(gain["low"]) and gain["low"] > least),
            **_seen(gain),
        ),
        *(not_worse(problem, contest) if contest else ()),
        Check(
            name="calibration in the large",
            asked=f"95% interval within ±{widest:g}",
            passed=bool(calibrated),
            form="fine",
            **_seen(calibration, "" if calibrated else _unproven(calibration, widest)),
        ),
    ]


def outcomes_checks(instead: str, own: pd.Series, areas: pd.DataFrame) -> list[Check]:
    """Of a policy by several outcomes: it adds dollars to ``instead`` for all, ``own``, and for
    each action its ranking more than the highest response does, ``areas``.

    Rows of tr.uplift, with value, low and high.
    """
    named = f"dollars for 1,000 applications beside “{instead}” for all"
    asked = [(named, own, "dollars", 1_000)]
    for _, area in areas.iterrows():
        of = f" for “{area['action']}”" if len(areas) > 1 else ""
        asked.append((f"Qini area above that of the highest response{of}", area, "fine", 1))
    made = []
    for name, row, form, times in asked:
        known = bool(pd.notna(row["value"]) and pd.notna(row["low"]))
        numbers = {k: times * float(row[k]) if known else None for k in ("value", "low", "high")}
        made.append(
            Check(
                name=name,
                asked="95% interval above 0",
                passed=known and bool(row["low"] > 0),
                estimator="dr",
                form=form,
                advice="" if known else str(row["status"]),
                **numbers,
            )
        )
    return made


def not_worse(problem: Problem, contest: Contest) -> Iterator[Check]:
    """Beside a champion: paired lower bounds of how models rank and of dollars, above what may be
    lost."""
    who, compared = f"champion {contest.champion}", contest.gated
    if compared is None:
        yield Check(
            name=f"compared with {who}",
            asked="rows that neither was fitted on",
            passed=False,
            advice=f"cannot be compared: {contest.because}; a person decides",
        )
        return
    dollars, loss = best(compared.estimates, "policy_gain"), problem.gate.max_auc_loss
    most = problem.gate.max_dollar_loss * contest.stake
    least = f"{dollar_change(-most)} an application ({problem.gate.max_dollar_loss:g} of the stake)"
    asked = [("dollars", least, dollars, "dollars", most)]
    if len(problem.outcomes) > 1:
        yield from _not_ranked_lower(problem, who, compared.estimates)
    else:
        auc = best(compared.estimates, "auc_gain")
        asked.insert(0, ("AUC", change(-loss), auc, "change", loss))
    for name, bound, row, form, room in asked:
        passed = bool(pd.notna(row["low"]) and row["low"] > -room)
        yield Check(
            name=f"{name} not worse than {who}",
            asked=f"95% interval above {bound}",
            passed=passed,
            form=form,
            **_seen(row, "" if passed else _unproven_loss(row, room)),
        )


def _not_ranked_lower(problem: Problem, who: str, estimates: pd.DataFrame) -> Iterator[Check]:
    """Of several outcomes: no action's Qini area is shown to be below the champion's. How little
    could be lost is asked of the dollars; of a ranking no sample of usual size could show it."""
    for action in list(problem.outcomes)[:-1]:
        mine = estimates["action"].eq(action) & estimates["metric"].eq("qini_area_gain")
        row = estimates[mine].iloc[0]
        of = f" for “{action}”" if len(problem.outcomes) > 2 else ""
        yield Check(
            name=f"Qini area{of} not below that of {who}",
            asked="95% interval not below 0",
            passed=bool(pd.notna(row["high"]) and row["high"] >= 0),
            form="fine",
            **_seen(row),
        )


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
        f"not proven rather than wrong: {row['n']:,} judged, about {needed:,.0f} would do, "
        "so lengthen training.holdout"
    )


def _seen(row: pd.Series, advice: str = "") -> dict[str, Any]:
    """The fields of a check that an estimate fills; its status where it has no number."""
    if pd.isna(row["low"]):
        return {"advice": str(row["status"])}
    numbers = {name: float(row[name]) for name in ("value", "low", "high")}
    return {**numbers, "estimator": str(row["estimator"]), "advice": advice}
