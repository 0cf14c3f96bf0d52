"""A batch: the undecided applications of one run, and everything pinned before the first draw."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd

from truerisk.columns import SCORE, score_of
from truerisk.decisions.capacity.calendar import moments
from truerisk.decisions.capacity.claims import Claims, claims
from truerisk.decisions.capacity.history import SeenBy, known_arrivals
from truerisk.decisions.capacity.price import Arrivals
from truerisk.decisions.exploration.budget import Spent
from truerisk.decisions.exploration.recent import Recent, of_entry, recent
from truerisk.decisions.exploration.returning import Chances, chances
from truerisk.decisions.policy import model_scores, policy_version
from truerisk.decisions.reasons import factors
from truerisk.errors import TrueriskError
from truerisk.features.dataset import applications, with_features
from truerisk.features.definitions import with_features_of
from truerisk.features.matching import counts
from truerisk.lake.identity import alike, as_text
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import Version
from truerisk.lake.tables import ESTIMATES, ledger
from truerisk.models.calibration import Calibration
from truerisk.models.package import load, read_manifest
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem

MATCHES = "matches"
AS_SCORED = Calibration(0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """``spine`` has a row per application to decide, in order of time.

    ``features`` names the inputs of the model; ``spent`` is what earlier batches explored per day
    by each entry of the problem's exploration, ``recent`` the decisions of the 30 days that end
    with the batch, which share its budget, ``chances`` what the batch's subjects had before;
    ``calibration`` corrects the score for everyone when exploration is priced, and never decides.
    ``claims`` are the seats that earlier decisions hold, ``arrivals`` the applications that tell
    what is still to come today; before ``until``, where that is known, no more will come.
    ``definition`` is the model's, with the types that rules and money are evaluated in; ``levels``
    are those of texts that the model was fitted on. A batch of these values decides the same way
    whenever it is replayed.
    """

    id: str
    model_version: str
    features: list[str]
    spine: pd.DataFrame = field(repr=False)
    versions: dict[str, Version] = field(default_factory=dict)
    spent: list[dict[str, Spent]] = field(default_factory=list)
    shards: list[int] = field(default_factory=lambda: [0])
    calibration: Calibration = AS_SCORED
    recent: Recent | None = field(default=None, repr=False)
    chances: Chances | None = field(default=None, repr=False)
    until: pd.Timestamp | None = None
    claims: Claims = field(default_factory=dict, repr=False)
    arrivals: Arrivals | None = field(default=None, repr=False)
    definition: dict = field(default_factory=dict, repr=False)
    levels: dict[str, list[str]] = field(default_factory=dict, repr=False)


def plan_batch(
    problem: Problem,
    lake: Lake,
    model_version: str,
    since: str | date | None = None,
    until: str | date | None = None,
) -> Batch:
    """Pin the model, the sources and the applications in [since, until) without a decision.

    ``since`` (UTC) defaults to the problem's ``decide_from``. Raises TrueriskError when neither
    says where deciding begins: old applications were decided elsewhere.
    """
    manifest = read_manifest(problem.name, lake, model_version)
    start = since or problem.application.decide_from
    if not start:
        raise TrueriskError(
            f"{problem.where}: nothing says from when on truerisk decides; pass --since or set "
            "application.decide_from."
        )
    first, last = instant(start), instant(until) if until else None
    if last is not None and last <= first:
        raise TrueriskError(f"Deciding would stop at {last} before it starts at {first}.")
    wanted = with_features_of(problem, manifest["definition"])
    with Sources(wanted, lake) as sources:
        spine = applications(sources, wanted, first, last)
        histories = [f.source for f in wanted.features.latest]
        for name in histories + [f.source for f in wanted.features.window]:
            sources.pin(name)
        versions = dict(sorted(sources.versions.items()))
    batch = Batch(
        id="",
        model_version=model_version,
        features=manifest["features"],
        spine=spine,
        versions=versions,
        shards=list(range(problem.compute.shards)),
        until=last if last is not None and last <= instant(None) else None,
        calibration=known_calibration(problem, lake, model_version),
        definition=manifest["definition"],
        levels=manifest.get("levels") or {},
    )
    return against_ledger(problem, lake, batch)


def against_ledger(problem: Problem, lake: Lake, batch: Batch) -> Batch:
    """The batch beside the ledger as it is now: who waits still, budgets, chances and seats."""
    spine, model_version = batch.spine, batch.model_version
    spent: list[dict[str, Spent]] = []
    before = had = decided = None
    taken: Claims = {}
    held = lake.version(ledger(problem.name))
    if held is not None:
        decided = lake.read(ledger(problem.name), held)
        keys = decided[problem.key]
        waits = ~alike(spine[problem.key], keys).isin(as_text(keys))
        spine = spine[waits].reset_index(drop=True)
        spent = [
            _spent(problem, of_entry(problem, decided, e), decided) for e in problem.exploration
        ]
        had = chances(decided, spine["subject"])
        last = spine["as_of"].max()
        before = recent(problem, decided, last, model_version, batch.calibration)
        taken = claims(problem, decided)
    waiting = "|".join(as_text(spine[problem.key]))
    pinned = (
        f"{model_version}|{policy_version(problem)}|{sorted(batch.versions.items())}|"
        f"{batch.calibration.intercept!r}|{batch.calibration.slope!r}|{held}|{waiting}"
        f"{f'|{batch.until}' if problem.limited else ''}"
    )
    return replace(
        batch,
        id=hashlib.sha256(pinned.encode()).hexdigest()[:16],
        spine=spine,
        spent=spent,
        recent=before,
        chances=had,
        claims=taken,
        arrivals=known_arrivals(
            problem,
            lake,
            SeenBy(model_version, batch.definition, batch.versions),
            spine,
            decided,
        ),
    )


def known_calibration(problem: Problem, lake: Lake, model_version: str) -> Calibration:
    """The model's latest measured calibration for everyone; as scored where there is none.

    P(event) = σ(intercept + slope · logit score), the doubly robust estimates in the lake. A model
    that never decided has none; it was calibrated with weights when it was trained.
    """
    if lake.version(ESTIMATES) is None:
        return AS_SCORED
    rows = lake.read(ESTIMATES)
    names = ["calibration_intercept", "calibration_slope"]
    rows = rows[
        (rows["problem"] == problem.name)
        & (rows["model_version"] == model_version)
        & (rows["estimator"] == "dr")
        & (rows["segment_by"] == "")
        & rows["metric"].isin(names)
        & rows["value"].notna()
    ].sort_values(["known_at", "measured_at"])
    for population in ("all", "eligible"):
        found = rows[rows["population"] == population]
        both = found.pivot_table("value", "known_at", "metric", aggfunc="last")
        both = both.reindex(columns=names).dropna()
        if len(both):
            return Calibration(*(float(value) for value in both.iloc[-1]))
    return AS_SCORED


def score(problem: Problem, lake: Lake, batch: Batch, shard: int = 0) -> pd.DataFrame:
    """One shard of the batch: features as of each application's own time, ``score``, ``factors``.

    ``factors`` are the reasons that dollars give where they decide against revealing, else null.
    ``attrs["matches"]`` says how many rows have one in each source that features join.
    """
    model = load(problem.name, lake, batch.model_version)
    rows = batch.spine.iloc[shard :: len(batch.shards)].reset_index(drop=True)
    if rows.empty:
        own = [score_of(outcome) for outcome in problem.outcomes]
        return rows.assign(**dict.fromkeys([*model.features, SCORE, *own], np.nan))
    with Sources(with_features_of(problem, model.definition), lake, batch.versions) as sources:
        frame = with_features(sources, rows)
        matched = counts(sources, len(rows))
    scored = frame.assign(**model_scores(problem, model, frame), shard=shard)
    scored = scored.assign(factors=factors(problem, model, scored))
    scored.attrs[MATCHES] = matched
    return scored


def rescore(problem: Problem, lake: Lake, model_version: str, keys: pd.Series) -> pd.DataFrame:
    """Applications that were decided already as another model would have seen and scored them.

    One row per key, in the order of ``keys``; what ``decide`` needs is there.
    """
    model = load(problem.name, lake, model_version)
    wanted = with_features_of(problem, model.definition)
    with Sources(wanted, lake) as sources:
        spine = applications(sources, wanted, None, None).set_index(problem.key, drop=False)
        frame = with_features(sources, spine.loc[keys].reset_index(drop=True))
    return frame.assign(**model_scores(problem, model, frame))


def _spent(problem: Problem, made: pd.DataFrame, decided: pd.DataFrame) -> dict[str, Spent]:
    """Per day of the calendar: expected draws and draws of an entry's earlier exploration."""
    some = made["rate"] > 0
    day = moments(decided.loc[some, "as_of"], problem.calendar.zone).day.astype(str)
    grouped = made.loc[some, ["rate", "drawn"]].groupby(day)
    return {
        str(today): Spent(float(expected), int(drawn))
        for today, expected, drawn in grouped.sum().itertuples(name=None)
    }
