"""What a flow does in one step across layers: submit a judged model, measure a ledger."""

import hashlib
from dataclasses import dataclass
from typing import Any

import pandas as pd

from truerisk.decisions.batch import rescore
from truerisk.decisions.decide import FEATURE, SEGMENT
from truerisk.decisions.policy import choose, dollars, probabilities
from truerisk.errors import LogError
from truerisk.features.dataset import Dataset
from truerisk.features.register import register_definitions
from truerisk.lake import files
from truerisk.lake.lake import Lake, as_arrow
from truerisk.lake.tables import ESTIMATES, ESTIMATES_SCHEMA
from truerisk.measurement.measure import measure
from truerisk.models.package import read_manifest, save, save_report
from truerisk.models.scorecard import ScorecardModel
from truerisk.models.single_feature import SingleFeatureModel
from truerisk.models.training import Fitted, Split
from truerisk.predictability.predictability import Predictability
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.registry.review import Review
from truerisk.reports.measure_report import measure_page
from truerisk.reports.train_report import train_page


@dataclass(frozen=True)
class Submission:
    """What was offered; ``new`` is false where an equal model was decided on or waits already."""

    version: str
    page: str
    new: bool


def submit(
    problem: Problem,
    lake: Lake,
    dataset: Dataset,
    parts: Split,
    fitted: list[Fitted],
    review: Review,
    run: str = "",
    code: str = "",
    found: Predictability | None = None,
) -> Submission:
    """Keep the chosen model and its report in the lake and offer it for approval.

    ``found`` adds to the report how predictable the event is.
    """
    chosen = next(f for f in fitted if f.name == review.chosen)
    model = chosen.model.fitted
    card = model.card if isinstance(model, SingleFeatureModel) else model
    about: dict[str, Any] = {
        "known_at": dataset.known_at.isoformat(),
        "versions": dataset.versions,
        "run": run,
        "code": code,
    }
    version = save(lake, problem.name, chosen.model, about)
    page = train_page(
        problem,
        dataset,
        parts,
        review,
        {
            **about,
            "version": version,
            "champion": review.champion,
            "command": f"truerisk train --problem {problem.called} --known-at {about['known_at']}",
            "importance": {f.name: f.importance for f in fitted},
            "scorecard": card.card if isinstance(card, ScorecardModel) else None,
        },
        found,
    )
    digest = save_report(lake, problem.name, version, page)
    register_definitions(problem, lake, version)
    payload = {**review.summary(), "known_at": about["known_at"], "run": run}
    new = approval.submit(lake, problem.name, version, run, digest, review.champion, payload)
    return Submission(version, page, new)


def measure_ledger(
    problem: Problem,
    lake: Lake,
    log: pd.DataFrame,
    known_at: pd.Timestamp,
    compare: str = "",
    run: str = "",
    code: str = "",
) -> tuple[pd.DataFrame, str, str]:
    """Estimates of every model in a decision log, and the latest one's page with its path.

    Both are kept in the lake. ``compare`` names a model whose policy and scores are valued on the
    part of the log it was not trained on. Raises LogError when nothing has matured, or when the
    compared model has seen it all.
    """
    if log.empty:
        raise LogError(f"{problem.where}: nothing was decided before {known_at:%Y-%m-%d}.")
    mature = log.loc[log["mature"]]
    if mature.empty:
        raise LogError(
            f"{problem.where}: of {len(log):,} decisions none has matured by {known_at:%Y-%m-%d} "
            f"(horizon {problem.outcome.horizon.days} days); measure later."
        )
    log = log.assign(vintage=log["as_of"].dt.strftime("%Y-%m"))
    kept = {p + s: s for s in problem.training.segments for p in (FEATURE, SEGMENT)}
    log = log.assign(**{s: log[column] for column, s in kept.items() if column in log})
    by = ["vintage", *(s for s in problem.training.segments if s in log)]
    features = [c for c in log.columns if c.startswith(FEATURE)]
    found = []
    for version, part in log.groupby("model_version", sort=False):
        if part["mature"].any():
            rows = part.reset_index(drop=True)
            used = [f for f in features if rows[f].notna().any()]
            found.append(measure(rows, used, by=by).assign(model_version=version))
            if compare:
                found.append(_compared(problem, lake, rows, used, compare))
    estimates = pd.concat(found, ignore_index=True)
    latest = str(mature["model_version"].iloc[-1])
    about = {
        "model_version": latest,
        "known_at": known_at,
        "run": run,
        "code": code,
        "compared": compare or None,
    }
    ours = estimates[estimates["model_version"] == latest]
    page = measure_page(problem, log[log["model_version"] == latest], ours, about)
    digest = hashlib.sha256(page.encode()).hexdigest()[:8]
    path = f"{lake.root}/reports/{problem.name}/measured-{known_at:%Y-%m-%d}-{digest}.html"
    files.write_bytes(path, page.encode())
    _keep(problem, lake, estimates, known_at, run)
    return estimates, page, path


def _compared(
    problem: Problem, lake: Lake, log: pd.DataFrame, features: list[str], version: str
) -> pd.DataFrame:
    """Another model's policy and scores, valued on the decisions whose outcomes it never saw.

    A model valued on outcomes it was fitted on looks better than it is, corrected or not.
    """
    trained = instant(read_manifest(lake, problem.name, version)["known_at"])
    unseen = log[log["mature"] & (log["as_of"] + problem.outcome.horizon > trained)]
    if unseen.empty:
        raise LogError(
            f"Model {version} was trained as known at {trained:%Y-%m-%d}, on every outcome that "
            "matured here; its report compares it on outcomes kept from it, or measure later."
        )
    log = unseen.reset_index(drop=True)
    frame = rescore(lake, problem, version, log[problem.key])
    score = frame["score"].to_numpy()
    p = probabilities(problem, choose(problem, frame, score, dollars(problem, frame)))
    policy = pd.DataFrame(p, columns=list(problem.actions))
    found = measure(log, features, policies={version: policy}, rivals={version: score})
    return found[found["policy"] == version].assign(model_version=log["model_version"].iloc[0])


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
