"""Everything the monitor page shows of one model, each part computed or with why it cannot be."""

import json
from collections.abc import Callable, Sequence

import pandas as pd

from truerisk.columns import FEATURE, PROTECTED
from truerisk.decisions.contests import contests
from truerisk.decisions.exploration.spend import exploration_spend
from truerisk.errors import RegistryError
from truerisk.isolated import Lost, isolated
from truerisk.lake.lake import Lake
from truerisk.lake.tables import contests_of
from truerisk.measurement.catch_rate import catch_rate
from truerisk.measurement.contested import contested
from truerisk.measurement.drift import drift
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.fairness import fairness
from truerisk.measurement.vintages.vintages import vintages
from truerisk.measurement.watching.watch import watch
from truerisk.monitoring.decided import Decided
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


def watching(
    problem: Problem, lake: Lake, evidence: Evidence, features: Sequence[str]
) -> Callable[[], pd.DataFrame]:
    """What watches one model's decisions week by week, held to what it was approved on.

    That is as much work as the rest of its page, and may be done beside it.
    """
    _ = evidence.rows  # which the rest reads too
    # m of the whole log knows later outcomes; what is looked at weekly must not.
    own = evidence.without_m()

    def look() -> pd.DataFrame:
        promised, start = _promised(problem, lake, own.version)
        return watch(own, promised, features, start)

    return look


def assemble(
    problem: Problem,
    lake: Lake,
    made: Decided,
    estimates: pd.DataFrame,
    watched: Callable[[], Found],
    known_at: pd.Timestamp,
    about: dict[str, str],
) -> Monitor:
    """One model's decisions, and measure()'s rows of them, looked at.

    ``watched`` gives watch()'s rows, or why there are none; it is asked last. ``about``: run, code
    and the model compared, as the page says them.
    """
    evidence, features, log = made.evidence, made.features, made.evidence.log
    version = evidence.version
    promised, _ = _promised(problem, lake, version)
    curve, figures, needle = _worth(made)
    then, now = _then_and_now(log)
    return Monitor(
        version=version,
        known_at=known_at,
        log=log,
        estimates=estimates,
        promised=promised,
        approved=_approved(problem, lake, version),
        vintages=isolated(lambda: vintages(evidence, problem.maturing, known_at, features)),
        bands=bands(evidence, BANDS),
        curve=curve,
        worth=figures,
        needle=needle,
        flag=made.flag,
        capacity=made.capacity,
        spend=isolated(lambda: _spend(problem, log)),
        drift=isolated(lambda: _drift(then, now, features)),
        then=_period(then),
        now=_period(now),
        fairness=_fairness(problem, evidence, features),
        catch=_catch(problem, evidence),
        contested=_contested(problem, lake, log, known_at),
        doubts=evidence.doubts,
        watched=watched(),
        **about,
    )


def looked_at(
    problem: Problem,
    lake: Lake,
    evidence: Evidence,
    estimates: pd.DataFrame,
    features: Sequence[str],
    known_at: pd.Timestamp,
    about: dict[str, str],
) -> Monitor:
    """The same of decisions whose actions show outcomes of their own, as far as it does not ask
    which: what was measured, drift, exploration in counts, contests, doubts."""
    log, version = evidence.log, evidence.version
    then, now = _then_and_now(log)
    return Monitor(
        version=version,
        known_at=known_at,
        log=log,
        estimates=estimates,
        approved=_approved(problem, lake, version),
        drift=isolated(lambda: _drift(then, now, features)),
        then=_period(then),
        now=_period(now),
        contested=_contested(problem, lake, log, known_at),
        doubts=evidence.doubts,
        compared=about["compared"],
        run=about["run"],
        code=about["code"],
    )


def _worth(made: Decided) -> tuple[Found, Found, str]:
    values = made.values
    if isinstance(values, Lost):
        return values, values, ""
    found = isolated(lambda: worth(made.evidence, values, made.capacity))
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
    unseen = instant(payload["known_at"]) - problem.maturing + pd.Timedelta(microseconds=1)
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
    if not problem.exploration:
        return "This problem does not explore, so nothing was spent on it."
    return exploration_spend(log)


def _catch(problem: Problem, evidence: Evidence) -> Found:
    if not problem.reviews:
        return "Nobody reviews."
    said = [problem.actions[name].verdicts for name in problem.reviews]
    stops = [v for of in said for v, action in of.items() if action not in problem.revealing]
    return isolated(lambda: catch_rate(evidence, stops))


def _contested(problem: Problem, lake: Lake, log: pd.DataFrame, known_at: pd.Timestamp) -> Found:
    if problem.contest is None and lake.version(contests_of(problem.name)) is None:
        return "Nobody can contest: the problem file has no [contest]."
    return isolated(lambda: contested(log, contests(problem, lake, known_at)))


def _fairness(problem: Problem, evidence: Evidence, features: Sequence[str]) -> Found:
    names = {PROTECTED + name: name for name in problem.training.protected}
    if not names:
        return "The problem file declares no protected attribute, so no groups are compared."
    found = isolated(lambda: fairness(evidence, list(names), features))
    return found if isinstance(found, Lost) else found.replace({"group_by": names})
