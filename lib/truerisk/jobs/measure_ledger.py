"""Measure a ledger in one step: estimates of every model into the lake, and the latest's page."""

import hashlib
from contextlib import nullcontext
from dataclasses import dataclass

import pandas as pd

from truerisk.columns import FEATURE, SEGMENT, m_of, score_of
from truerisk.errors import LogError
from truerisk.isolated import beside, isolated
from truerisk.lake import objects
from truerisk.lake.former_actions import with_former_actions
from truerisk.lake.lake import Lake
from truerisk.lake.stored_types import as_arrow
from truerisk.lake.tables import ESTIMATES, ESTIMATES_SCHEMA
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.groups import BAND
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Flagging
from truerisk.measurement.uplift.beside import policies
from truerisk.measurement.uplift.qini import qini
from truerisk.monitoring.assemble import BANDS, assemble, looked_at, watching
from truerisk.monitoring.compare import Comparison
from truerisk.monitoring.decided import Decided, decided
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem
from truerisk.reports.monitor.headline import headline
from truerisk.reports.monitor.outcomes import added as what_ran
from truerisk.reports.monitor.outcomes import outcomes_page
from truerisk.reports.monitor.page import measure_page
from truerisk.reports.monitor.verdict import verdict
from truerisk.statistics.threads import one_thread
from truerisk.wording.counted import counted, lasting
from truerisk.wording.numbers import months

COUNTS = ("n", "labels", "explored_labels")
ONE_POLICY = ["policy", "action", "figure", "population"]
MONTH, VINTAGE = "__month", "vintage"  # the column of months, and how it is called


@dataclass(frozen=True, kw_only=True)
class Measured:
    """measure()'s rows with model_version; their headline; the page, its place in the lake, and its
    first line."""

    estimates: pd.DataFrame
    page: str
    path: str
    headline: str
    verdict: str


@one_thread
def measure_ledger(
    problem: Problem,
    lake: Lake,
    log: pd.DataFrame,
    known_at: pd.Timestamp,
    compare: str = "",
    run: str = "",
    code: str = "",
) -> Measured:
    """Estimates of every model in a decision log, and the latest one's monitor page.

    Both are kept in the lake. ``compare`` names a model whose policy and scores are valued on the
    part of the log that neither it nor the model that decided was fitted on
    (monitoring/compare.py). Raises LogError when nothing has matured, or when the two have seen it
    all.
    """
    if log.empty:
        raise LogError(f"{problem.where}: nothing was decided before {known_at:%Y-%m-%d}.")
    mature = log["mature"].to_numpy(dtype=bool)
    if not mature.any():
        raise LogError(
            f"{problem.where}: of {counted(len(log), 'decision')} none has matured by "
            f"{known_at:%Y-%m-%d} "
            f"(horizon {lasting(problem.outcome.horizon)}); measure later."
        )
    problem = with_former_actions(problem, lake, log)
    labels = _labels(problem, log)
    log = log.assign(**{MONTH: months(log["as_of"])})
    if len(problem.outcomes) > 1:
        about = {"compared": compare, "run": run, "code": code}
        return _of_outcomes(problem, lake, log, known_at, labels, about)
    features = [c for c in log.columns if c.startswith(FEATURE)]
    latest, found = str(log["model_version"][mature].iloc[-1]), []
    rivals = Comparison(problem, lake, compare, log) if compare else None
    about = {"compared": compare, "run": run, "code": code}
    for version in log["model_version"].dropna().unique():
        mine = log["model_version"].eq(version).to_numpy(dtype=bool)
        if not mature[mine].any():
            continue
        rows = log if mine.all() else log[mine].reset_index(drop=True)
        known = [f for f in features if rows[f].notna().any()]
        evidence, last = evidence_of(rows, known, same=problem.same_outcome), version == latest
        look = beside(watching(problem, lake, evidence, known)) if last else nullcontext()
        with look as watched:
            made = decided(evidence, known)
            found.append(_estimated(made, labels, rivals).assign(model_version=version))
            _keep(problem, lake, found[-1], known_at, run)  # before anything of the page can fail
            if watched is not None:
                monitor = assemble(problem, lake, made, found[-1], watched, known_at, about)
        del made, evidence, rows, look  # large, and a page is drawn of what was found
    every = pd.concat(found, ignore_index=True)
    page = measure_page(problem, monitor)
    return Measured(
        estimates=every,
        page=page,
        path=_written(problem, lake, page, known_at),
        headline=headline(problem, every),
        verdict=str(isolated(lambda: verdict(problem, monitor).text)),
    )


def _of_outcomes(
    problem: Problem,
    lake: Lake,
    log: pd.DataFrame,
    known_at: pd.Timestamp,
    labels: dict[str, str],
    about: dict[str, str],
) -> Measured:
    """Each model's outcomes, and what its policy added beside others; the latest one's page.

    The scores were made before the outcomes, so that they stand for what was not seen.
    """
    outcomes = list(problem.outcomes)
    log = log.assign(**{m_of(outcome): log[score_of(outcome)] for outcome in outcomes})
    *acting, last = outcomes
    rivals = Comparison(problem, lake, about["compared"], log) if about["compared"] else None
    found = []
    for version in log.loc[log["mature"].astype(bool), "model_version"].dropna().unique():
        rows = log[log["model_version"] == version].reset_index(drop=True)
        evidence = evidence_of(rows, list(labels))
        made = measure(evidence, by=list(labels)).replace({"group_by": labels})
        each = [policies(evidence, action=a, instead=last).assign(action=a) for a in acting]
        added = pd.concat(each, ignore_index=True).drop_duplicates(ONE_POLICY)
        told = added.rename(columns={"figure": "metric"}).drop(columns="share")
        told = told.assign(group_by="", group="", estimator="dr", model_version=version)
        both = [made.assign(model_version=version), told]
        if rivals is not None:
            other = rivals.with_champion(str(version), rows, [])
            both.append(other.assign(model_version=version))
        found.append(pd.concat(both, ignore_index=True).astype(dict.fromkeys(COUNTS, "Int64")))
        _keep(problem, lake, found[-1], known_at, about["run"])
    every = pd.concat(found, ignore_index=True)
    curves = []
    for action in acting:
        response, other = (rows[score_of(outcome)] for outcome in (action, last))
        ranks = {"effect": response - other, "highest response": response}
        made_of = qini(evidence, ranks, action=action, instead=last)
        curves.append(made_of.assign(action=action))
    features = [c for c in rows.columns if c.startswith(FEATURE) and rows[c].notna().any()]
    monitor = looked_at(problem, lake, evidence, found[-1], features, known_at, about)
    page = outcomes_page(problem, monitor, added, pd.concat(curves, ignore_index=True))
    said = what_ran(added, last)
    return Measured(
        estimates=every,
        page=page,
        path=_written(problem, lake, page, known_at),
        headline=f"{problem.name}, model {version}: {counted(len(rows), 'decision')}",
        verdict=said,
    )


def _written(problem: Problem, lake: Lake, page: str, known_at: pd.Timestamp) -> str:
    """Where the page was kept."""
    digest = hashlib.sha256(page.encode()).hexdigest()[:8]
    path = f"{lake.root}/reports/{problem.name}/measured-{known_at:%Y-%m-%d}-{digest}.html"
    objects.write_bytes(path, page.encode())
    return path


def _estimated(made: Decided, labels: dict[str, str], rivals: Comparison | None) -> pd.DataFrame:
    """measure()'s rows of one model's decisions, and of the model that is compared with it."""
    capacities = [] if made.capacity is None else [made.capacity]
    own = measure(
        made.evidence,
        made.features,
        by=list(labels),
        bands=BANDS,
        flagging=Flagging(capacities=capacities),
    ).replace({"group_by": labels})
    if rivals is None:
        return own
    other = rivals.with_champion(made.evidence.version, made.evidence.log, list(made.features))
    return pd.concat([own, other], ignore_index=True)


def _labels(problem: Problem, log: pd.DataFrame) -> dict[str, str]:
    """The columns whose groups are measured, and how they are called: months, then segments."""
    labels = {MONTH: VINTAGE}
    for name in problem.training.segments:
        column = next((p + name for p in (SEGMENT, FEATURE) if p + name in log), None)
        if column is not None:
            labels[column] = f"segment {name}" if name in (VINTAGE, BAND) else name
    return labels


def _keep(
    problem: Problem, lake: Lake, estimates: pd.DataFrame, known_at: pd.Timestamp, run: str
) -> None:
    """Append the estimates; one that was kept before, value and all, is not kept again."""
    rows = estimates.rename(columns={"group_by": "segment_by", "group": "segment"})
    rows = rows.assign(problem=problem.name, known_at=known_at)
    texts = rows.to_csv(index=False, header=False).splitlines()
    rows["estimate_id"] = [hashlib.sha256(text.encode()).hexdigest()[:20] for text in texts]
    rows = rows.assign(measured_at=instant(None), run=run)
    table = as_arrow(rows.drop_duplicates("estimate_id"))
    columns = [table[f.name].cast(f.type) for f in ESTIMATES_SCHEMA]
    lake.append(ESTIMATES, type(table).from_arrays(columns, schema=ESTIMATES_SCHEMA), "estimate_id")
