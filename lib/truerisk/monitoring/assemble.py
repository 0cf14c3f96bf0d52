"""Everything the monitor page shows of one model, each part computed or with why it cannot be."""

import json
from collections.abc import Sequence

import pandas as pd

from truerisk.decisions.decide import FEATURE, PROTECTED
from truerisk.decisions.exploration.spend import exploration_spend
from truerisk.errors import RegistryError
from truerisk.isolated import Lost, isolated
from truerisk.lake.lake import Lake
from truerisk.measurement.drift import drift
from truerisk.measurement.evidence.log import doubts, mature_rows
from truerisk.measurement.evidence.outcome_model import cross_fit
from truerisk.measurement.fairness import fairness
from truerisk.measurement.vintages.vintages import vintages
from truerisk.measurement.watching.watch import watch
from truerisk.monitoring.dollars import worth
from truerisk.monitoring.monitor import Found, Monitor
from truerisk.monitoring.score_bands import bands
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.registry.events import history
from truerisk.wording.counted import counted
from truerisk.wording.numbers import day

MONTH = pd.Timedelta(days=30)
BANDS = 10


def assemble(
    problem: Problem,
    lake: Lake,
    log: pd.DataFrame,
    features: Sequence[str],
    estimates: pd.DataFrame,
    known_at: pd.Timestamp,
    capacity: tuple[str, float | None],
    about: dict[str, str],
) -> Monitor:
    """One model's log with its outcome model ``m``, and measure()'s rows of it, looked at.

    ``about``: run, code and the model compared, as the page says them.
    """
    version = str(log["model_version"].iloc[0])
    promised, start = _promised(problem, lake, version)
    curve, figures, needle = _worth(log, capacity[1])
    then, now = _then_and_now(log)
    return Monitor(
        version=version,
        known_at=known_at,
        log=log,
        estimates=estimates,
        promised=promised,
        approved=_approved(problem, lake, version),
        # m of the whole log knows later outcomes; what is looked at weekly must not.
        watched=isolated(lambda: watch(log.drop(columns="m"), promised, features, start)),
        vintages=isolated(lambda: vintages(log, problem.outcome.horizon, known_at, features)),
        bands=bands(log, BANDS),
        curve=curve,
        worth=figures,
        needle=needle,
        flag=capacity[0],
        capacity=capacity[1],
        spend=isolated(lambda: _spend(problem, log)),
        drift=isolated(lambda: _drift(then, now, features)),
        then=_period(then),
        now=_period(now),
        fairness=_fairness(problem, log, features),
        doubts=tuple(doubts(log)),
        **about,
    )


def _worth(log: pd.DataFrame, capacity: float | None) -> tuple[Found, Found, str]:
    found = isolated(lambda: worth(log, capacity))
    return (found, found, "") if isinstance(found, Lost) else found


def _promised(
    problem: Problem, lake: Lake, version: str
) -> tuple[dict[str, tuple[float, float]], pd.Timestamp | None]:
    """Series → interval it was approved on, with the gate's tolerances; from when on it is watched.

    That is the first application whose outcome it was not trained on, whenever a person approved.
    """
    allowed = problem.gate.max_calibration_error
    found = dict.fromkeys(("calibration_error", "calibration_error_approved"), (-allowed, allowed))
    try:
        payload = json.loads(approval.submission(problem.name, lake, version)["payload"])
    except RegistryError:
        return found, None
    own = {name: (low, high) for name, (low, high) in payload.get("promised", {}).items()}
    unseen = instant(payload["known_at"]) - problem.outcome.horizon + pd.Timedelta(microseconds=1)
    return own | found, unseen


def _approved(problem: Problem, lake: Lake, version: str) -> str:
    events = history(problem.name, lake)
    own = events[(events["version"] == version) & (events["event"] == "approved")]
    if own.empty:
        return ""
    return f"{own['by'].iloc[-1]} on {day(own['at'].iloc[-1])}"


def _then_and_now(log: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first month of the log and its last; thirds of a log that is younger than three."""
    at = log["as_of"]
    length = min(MONTH, (at.max() - at.min()) / 3)
    return log[at < at.min() + length], log[at > at.max() - length]


def _period(rows: pd.DataFrame) -> str:
    return f"{counted(len(rows), 'application')} from {day(rows['as_of'].min())} to " + day(
        rows["as_of"].max()
    )


def _drift(then: pd.DataFrame, now: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    found = drift(then, now, list(features))
    return found.assign(column=found["column"].str.removeprefix(FEATURE))


def _spend(problem: Problem, log: pd.DataFrame) -> Found:
    if problem.exploration is None:
        return "This problem does not explore, so nothing was spent on it."
    return exploration_spend(log)


def _fairness(problem: Problem, log: pd.DataFrame, features: Sequence[str]) -> Found:
    names = {PROTECTED + name: name for name in problem.training.protected}
    if not names:
        return "The problem file declares no protected attribute, so no groups are compared."
    found = isolated(lambda: fairness(log, list(names), features))
    return found if isinstance(found, Lost) else found.replace({"group_by": names})


def with_outcome_model(log: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """The log with ``m``, P(event | score, features) of every row, immature ones too.

    Cross-fitted by subject on the mature outcomes: an immature row's outcome is in no fit.
    """
    immature = ~log["mature"].to_numpy(dtype=bool)
    known = log.assign(revealed=log["revealed"] & ~immature, event=log["event"].mask(immature))
    frame, rows = mature_rows(known.assign(mature=True), as_logged=False)
    return log.assign(m=cross_fit(frame, rows, features))
