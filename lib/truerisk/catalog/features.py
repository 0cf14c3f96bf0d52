"""Every feature of a problem file and of its models: what it is, and how often it has a value."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pandas as pd

from truerisk.catalog.describe import in_words, toml_lines
from truerisk.catalog.entries import FeatureEntry, ModelEntry, node
from truerisk.catalog.models import hashes
from truerisk.columns import FEATURE
from truerisk.errors import TrueriskError, told
from truerisk.features.build import build
from truerisk.features.dataset import applications
from truerisk.features.definitions import by_feature, definition
from truerisk.lake.duck import quote, session
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.lake.tables import ledger
from truerisk.problem.spec import Features, Problem
from truerisk.wording.counted import counted


def describe_features(problem: Problem, models: Sequence[ModelEntry]) -> list[FeatureEntry]:
    """The problem file's features in its order, then those that only models still know."""
    entries = _of(problem, definition(problem))
    for model in models:
        if model.definition:
            for name, entry in _of(problem, model.definition).items():
                entries.setdefault(name, replace(entry, in_file=False))
    return list(entries.values())


def _of(problem: Problem, defined: Mapping[str, Any]) -> dict[str, FeatureEntry]:
    application = problem.application.source
    made, hashed = by_feature(defined, application), hashes(defined, application)
    toml = toml_lines(Features.model_validate(defined["features"]))
    return {
        name: FeatureEntry(
            id=node("feature", problem.name, name),
            problem=problem.name,
            name=name,
            kind=about["kind"],
            words=in_words(about, application),
            toml=toml[name],
            version=int(about.get("version", 1)),
            hash=hashed[name],
            sources=[about.get("source", application)],
        )
        for name, about in made.items()
    }


def add_coverage(
    problem: Problem,
    lake: Lake,
    features: Sequence[FeatureEntry],
    models: Sequence[ModelEntry],
    as_of: pd.Timestamp,
    sample: int,
) -> None:
    """The share of non-null values: of the decisions made with a feature, else of a sample.

    The sample is the latest ``sample`` applications up to ``as_of``, built now; 0 builds none.
    """
    decided = _decided(problem, lake, models)
    for entry in features:
        if entry.name in decided:
            entry.coverage, rows = decided[entry.name]
            entry.covered = counted(rows, "decision")
    left = [f for f in features if f.coverage is None and f.in_file]
    if not left or not sample:
        return
    try:
        with Sources(problem, lake) as sources:
            until = as_of + pd.Timedelta(microseconds=1)
            spine = applications(sources, problem, None, until).tail(sample)
            built = build(sources, spine.reset_index(drop=True))
    except (TrueriskError, duckdb.Error) as error:
        for entry in left:
            entry.trouble = told(error).removeprefix(f"{problem.where}: ")
        return
    for entry in left:
        if len(built):
            entry.coverage = float(built[entry.name].notna().mean())
            entry.covered = f"the latest {counted(len(built), 'application')}"


def _decided(
    problem: Problem, lake: Lake, models: Sequence[ModelEntry]
) -> dict[str, tuple[float, int]]:
    """Feature → (share, rows) over the decisions of the models that look at it."""
    name = ledger(problem.name)
    if lake.version(name) is None:
        return {}
    found: dict[str, tuple[float, int]] = {}
    looks: dict[str, list[str]] = {}
    for model in models:
        for i in model.inputs:
            looks.setdefault(i.feature, []).append(model.version)
    with session() as con:
        table = lake.scan(con, name)
        names = [n for n in looks if FEATURE + n in table.columns]
        table.create_view("held")
        counts = ", ".join(f"count({quote(FEATURE + n)})" for n in names)
        rows = con.sql(
            f"SELECT model_version, count(*){', ' + counts if names else ''} FROM held GROUP BY 1"
        ).fetchall()
    for k, feature in enumerate(names, start=2):
        own = [(row[1], row[k]) for row in rows if row[0] in looks[feature]]
        total = sum(n for n, _ in own)
        if total:
            found[feature] = (sum(held for _, held in own) / total, total)
    return found
