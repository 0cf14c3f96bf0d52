"""The words of the pages: who a number is about, what a metric means."""

from dataclasses import dataclass

import pandas as pd

from truerisk.problem.spec import Problem
from truerisk.wording.counted import lasting
from truerisk.wording.numbers import percent
from truerisk.wording.past import past

METRICS = {
    "event_rate": "Event rate",
    "auc": "AUC",
    "calibration_error": "Calibration error",
    "ks": "KS distance",
    "brier": "Brier score",
    "brier_gain": "Brier score improved by",
    "log_loss": "Log-loss",
    "calibration_intercept": "Calibration intercept",
    "calibration_slope": "Calibration slope",
    "observed_expected": "Observed over expected",
    "recall": "Recall",
    "precision": "Precision",
    "false_positive_rate": "False-positive rate",
    "false_positives": "False positives per application",
    "policy_value": "Dollars per application",
    "policy_gain": "Gain in dollars per application",
    "auc_gain": "AUC gain",
    "event_rate_below": "Event rate below a threshold",
    "realised_value": "Dollars per application, booked",
    "realised_policy_value": "Dollars per application, on realised values",
    "policy_event_rate": "Events per application",
    "policy_event_gain": "Gain in events per application",
    "qini_area": "Qini area",
    "qini_area_gain": "Qini area gained",
    "incremental_response_gain": "Events added by as many actions",
    "incremental_dollars_gain": "Dollars added by as many actions",
    "swap_share": "Share of a swap set",
    "swap_event_rate": "Event rate of a swap set",
    "swap_gain": "Gain of a swap set",
}
AUC = "AUC is how often an application with the event scores above one without it: 0.5 is a coin."
CALIBRATION = "Calibration error is events minus predicted events, per application: 0 is right."
ESTIMATORS = {"naive": "as usually reported", "ipw": "IPW", "dr": "DR"}


@dataclass(frozen=True)
class Who:
    """An estimator with the population it speaks of, and the words for both."""

    estimator: str
    population: str
    label: str

    def of(self, estimates: pd.DataFrame) -> pd.DataFrame:
        """The rows of estimates that are about them."""
        kept = estimates["estimator"].eq(self.estimator)
        return estimates[kept & estimates["population"].eq(self.population)]


def approved_only(problem: Problem) -> str:
    """The population of every naive number, which is never everyone."""
    return f"the {past(problem.offer)} only"


def event(problem: Problem) -> str:
    """What counts as the event, with its horizon."""
    return f"{problem.outcome.event} within {lasting(problem.outcome.horizon)}"


def not_identified(estimates: pd.DataFrame) -> float:
    """The share of those who applied for whom no outcome could have been seen."""
    whole = estimates["population"].eq("all") & estimates["group_by"].eq("")
    return float(estimates["share_not_identified"][whole].max()) if whole.any() else 1.0


def population(problem: Problem, name: str, lost: float | None = None) -> str:
    """A population in words; ``lost`` is the share of applications that is not identified."""
    if name == "revealed":
        return approved_only(problem)
    if name == "all" or lost == 0:
        return "everyone who applied"
    share = "those" if lost is None else f"the {percent(1 - lost)}"
    return f"{share} who could be {past(problem.offer)}"


def whos(problem: Problem, estimates: pd.DataFrame) -> list[Who]:
    """The naive column, and the one about everyone, or about all who had a chance."""
    lost = not_identified(estimates)
    found = [Who("naive", "revealed", approved_only(problem))]
    if lost < 1:
        name = "eligible" if lost else "all"
        found.append(Who("dr", name, population(problem, name, lost)))
    return found


def about(problem: Problem, row: pd.Series, lost: float) -> str:
    """Who one estimate is about."""
    return population(problem, str(row["population"]), lost)
