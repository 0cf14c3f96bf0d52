"""Every submitted model: its state, what it looks at and how much, and what it decided."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from truerisk.catalog.entries import ModelEntry, ModelInput, node
from truerisk.errors import ModelError
from truerisk.features.definitions import by_feature, definition, definition_hash
from truerisk.lake.duck import session
from truerisk.lake.lake import Lake
from truerisk.lake.tables import ledger
from truerisk.models.package import load, read_manifest
from truerisk.problem.spec import Problem
from truerisk.registry.approval import list_models


def describe_models(problem: Problem, lake: Lake) -> list[ModelEntry]:
    """The problem's models, newest first; one whose package is damaged says so."""
    decided = decisions(problem, lake)
    today = hashes(definition(problem), problem.application.source)
    entries = []
    for row in list_models(problem.name, lake).to_dict("records"):
        own = decided[decided["model_version"] == row["version"]]
        entry = ModelEntry(
            id=node("model", problem.name, row["version"]),
            problem=problem.name,
            version=row["version"],
            candidate=row["candidate"] or "",
            status=row["status"],
            known_at=str(row["known_at"] or "")[:10],
            submitted=f"{row['submitted']:%Y-%m-%d %H:%M}",
            gate=row["gate"],
            auc=None if pd.isna(row["auc"]) else float(row["auc"]),
            last=f"{row['last_event']} by {row['by']}: {row['because']}",
            inputs=[],
            decisions={str(a): int(n) for a, n in zip(own["action"], own["n"])},
            first=f"{own['first'].min():%Y-%m-%d}" if len(own) else "",
            latest=f"{own['last'].max():%Y-%m-%d}" if len(own) else "",
        )
        try:
            manifest = read_manifest(problem.name, lake, row["version"])
            importance = load(problem.name, lake, row["version"]).fitted.importance()
        except ModelError as error:
            entry.trouble = str(error)
        else:
            entry.versions, entry.definition = manifest["versions"], manifest["definition"]
            entry.run = manifest.get("run", "")
            entry.inputs = _inputs(problem, manifest, importance, today)
        entries.append(entry)
    return entries


def hashes(defined: Mapping[str, Any], application: str) -> dict[str, str]:
    """Feature → the hash of its own definition."""
    made = by_feature(defined, application)
    return {name: definition_hash(about)[:12] for name, about in made.items()}


def decisions(problem: Problem, lake: Lake) -> pd.DataFrame:
    """model_version, action, n, first, last; empty before the first decision."""
    name = ledger(problem.name)
    if lake.version(name) is None:
        return pd.DataFrame(columns=["model_version", "action", "n", "first", "last"])
    with session() as con:
        lake.scan(con, name).create_view("held")
        return (
            con.sql(
                "SELECT model_version, action, count(*) AS n, min(as_of) AS first, max(as_of) AS "
                '"last" FROM held GROUP BY 1, 2 ORDER BY 1, n DESC'
            )
            .to_arrow_table()
            .to_pandas()
        )


def _inputs(
    problem: Problem,
    manifest: Mapping[str, Any],
    importance: Mapping[str, float],
    today: Mapping[str, str],
) -> list[ModelInput]:
    """The model's features, the most important first."""
    then = hashes(manifest["definition"], problem.application.source)
    weighed = {name: importance.get(name) for name in manifest["features"]}
    order = sorted(weighed, key=lambda n: -(weighed[n] or 0))
    return [
        ModelInput(
            name,
            weighed[name],
            rank if weighed[name] else None,
            then.get(name) == today.get(name),
        )
        for rank, name in enumerate(order, start=1)
    ]
