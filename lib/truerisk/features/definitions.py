"""What a feature is, exactly: the definitions that travel with a model, and their hashes."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from truerisk.errors import ProblemError, one_of
from truerisk.lake.place import view_names
from truerisk.lake.reader.listing import ENDINGS
from truerisk.problem.aggregate import aggregates
from truerisk.problem.names import feature_names, latest_name
from truerisk.problem.source import Column, Source
from truerisk.problem.spec import Features, Problem

ROWS = ("key", "time", "delay", "available_at", "query", "version")


def names(problem: Problem) -> list[str]:
    """All feature names in their order."""
    return list(feature_names(problem.features))


def definition(problem: Problem) -> dict[str, Any]:
    """What a model needs to build its inputs again: the features and the sources they read.

    Of a source it holds what says which rows exist and when they could be seen, not where they lie.
    """
    features = problem.features
    used = {problem.application.source, *(f.source for f in features.latest)}
    used |= {f.source for f in features.window}
    for name in sorted(used):
        used |= set(view_names(name, problem))
    return {
        "features": features.model_dump(mode="json", exclude_none=True),
        "sources": {name: _rows_of(problem.sources[name]) for name in sorted(used)},
    }


def definition_hash(defined: Mapping[str, Any]) -> str:
    """sha256 of a definition: equal exactly when the features are computed the same way.

    Files that a query names count for nothing: the same query over another month's file is the
    same definition.
    """
    meaning = {k: v for k, v in defined.items() if k != "types"}  # which are of the sources
    text = json.dumps(_placeless(meaning), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def by_feature(defined: Mapping[str, Any], application: str) -> dict[str, dict[str, Any]]:
    """Each feature's own definition by name, cut out of a whole one.

    ``application`` names the source that column features come from.
    """
    features = Features.model_validate(defined["features"])
    sources = defined["sources"]
    carried = sources.get(application, {})
    made: dict[str, dict[str, Any]] = {
        name: {"kind": "column", "column": name, "source": application, "rows": carried}
        for name in features.columns
    }
    for name, derived in features.derived.items():
        made[name] = {"kind": "derived", **derived.model_dump()}
    for latest in features.latest:
        how = latest.model_dump(mode="json", exclude_none=True, exclude={"columns"})
        for column in latest.columns:
            made[latest_name(latest.source, column)] = {
                "kind": "latest",
                **how,
                "column": column,
                "rows": sources[latest.source],
            }
    for window in features.window:
        how = window.model_dump(mode="json", exclude={"over", "compute"})
        for a in aggregates(window.source, window.over, window.compute):
            made[a.name] = {
                "kind": "window",
                **how,
                "function": a.function,
                "column": a.column,
                "where": a.where,
                "seconds": int(a.window.total_seconds()),
                "rows": sources[window.source],
            }
    return made


def with_features_of(problem: Problem, defined: Mapping[str, Any]) -> Problem:
    """The problem as a model knew it: its features, and the rows its sources had then.

    Where the rows lie is today's to say, so that a moved table is found. Raises ProblemError for a
    source that is gone.
    """
    sources = dict(problem.sources)
    for name, rows in defined["sources"].items():
        today = sources.get(name)
        if today is None:
            raise ProblemError(
                f'{problem.where}: the model reads source "{name}" (key {rows["key"]}, time '
                f"{rows['time']}), which the problem file no longer has; the sources are "
                f"{one_of(sources)}. Restore it, or approve a model that does without it."
            )
        then = {k: rows.get(k, Source.model_fields[k].default) for k in ROWS}
        asked, asks = _placeless(then["query"]), _placeless(today.query)
        if asked is None or asks is None or asked == asks:  # a table may have become a query
            then["query"] = today.query
        contract = {
            column: rule.model_copy(update={"type": "money" if column in rows["money"] else None})
            for column, rule in today.contract.items()
            if (rule.type == "money") != (column in rows["money"])
        }
        missing = {c: Column(type="money") for c in rows["money"] if c not in today.contract}
        then["contract"] = {**_texts(defined, name), **today.contract, **contract, **missing}
        sources[name] = Source.model_validate({**dict(today), **then})
    features = Features.model_validate(defined["features"])
    changed = problem.model_copy(update={"features": features, "sources": sources})
    changed._file = problem._file
    return changed.typed(defined)


def _texts(defined: Mapping[str, Any], name: str) -> dict[str, Column]:
    """A rule for each column of texts, so that no file's digits are read as numbers."""
    types = defined.get("types", {}).get("sources", {}).get(name, {})
    return {c: Column(type="text") for c, kind in types.items() if kind == "VARCHAR"}


def _rows_of(source: Source) -> dict[str, Any]:
    said = source.model_dump(mode="json", include=set(ROWS), exclude_none=True)
    return said | {"money": sorted(c for c, r in source.contract.items() if r.type == "money")}


def _placeless(value: Any) -> Any:
    """A definition in which the names of files in queries are only that: files."""
    if isinstance(value, str):
        endings = "|".join(map(re.escape, ENDINGS))
        return re.sub(rf"(?i)'[^']*({endings})'", "'file'", value)
    if isinstance(value, Mapping):
        return {k: _placeless(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_placeless(v) for v in value]
    return value
