"""The names that models were offered with, and what each name meant: it means that for good.

The lake's table ``features`` has a row per problem, feature and version. A definition may change
only together with a version: its own, or that of the source whose rows it reads. What changes in
silence would give a number another meaning under its old name, in reports and in the ledger alike.
"""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from truerisk.errors import ProblemError
from truerisk.features.definitions import by_feature, definition, definition_hash
from truerisk.lake.lake import Lake
from truerisk.lake.stored_types import as_arrow
from truerisk.lake.tables import FEATURES
from truerisk.problem.names import feature_names
from truerisk.problem.spec import Problem

SHORT = 12


def check_definitions(problem: Problem, lake: Lake) -> None:
    """Refuse a feature whose name the lake knows with another definition and the same version.

    Raises ProblemError with both hashes, the place in the problem file, and the remedy.
    """
    known = registered(problem.name, lake).set_index("feature_id")["hash"]
    places = feature_names(problem.features)
    for row in _rows(problem):
        before = known.get(row["feature_id"], row["hash"])
        if before != row["hash"]:
            raise ProblemError(
                f'{problem.where}: {places[row["feature"]]} changes what "{row["feature"]}" means: '
                f"its definition was {before[:SHORT]} and is {row['hash'][:SHORT]}; {row['remedy']}"
                ", or restore the old definition."
            )


def register_definitions(problem: Problem, lake: Lake, model_version: str) -> None:
    """Keep what each feature of an offered model means; raises as ``check_definitions`` does."""
    rows = pd.DataFrame([row | {"model_version": model_version} for row in _rows(problem)])
    rows = rows.drop(columns="remedy")

    def unseen(_: object) -> pa.Table:
        check_definitions(problem, lake)  # of two that change one name at once, one is told
        known = registered(problem.name, lake)["feature_id"]
        return as_arrow(rows[~rows["feature_id"].isin(known)])

    lake.commit(FEATURES, as_arrow(rows).schema, unseen)


def registered(problem: str, lake: Lake) -> pd.DataFrame:
    """feature_id, feature, version, hash, definition (JSON), model_version of a problem's names."""
    columns = ["feature_id", "problem", "feature", "version", "hash", "definition", "model_version"]
    if lake.version(FEATURES) is None:
        return pd.DataFrame(columns=columns)
    rows = lake.read(FEATURES)
    return rows.loc[rows["problem"] == problem, columns].reset_index(drop=True)


def _rows(problem: Problem) -> list[dict[str, Any]]:
    defined = by_feature(definition(problem), problem.application.source)
    return [_row(problem.name, name, meaning) for name, meaning in defined.items()]


def _row(problem: str, name: str, meaning: Mapping[str, Any]) -> dict[str, Any]:
    rows = dict(meaning.get("rows", {}))
    own, its_source = meaning.get("version", 1), rows.pop("version", 1)
    version = f"{own}.{its_source}"
    what = {k: v for k, v in meaning.items() if k not in ("version", "rows")} | {"rows": rows}
    source = meaning.get("source")
    if meaning["kind"] == "column":
        remedy = f"set version = {its_source + 1} on sources.{source}"
    elif meaning["kind"] == "derived":
        remedy = f'write {name} = {{ sql = "…", version = {own + 1} }}'
    else:
        remedy = f"set version = {own + 1} on it (or on sources.{source}, when that changed)"
    return {
        "feature_id": f"{problem}/{name}/{version}",
        "problem": problem,
        "feature": name,
        "version": version,
        "hash": definition_hash(what),
        "definition": json.dumps(what, sort_keys=True),
        "remedy": remedy,
    }
