"""What a feature is, exactly: the definitions that travel with a model, and their hashes."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from truerisk.errors import ProblemError
from truerisk.features.inputs import read_columns
from truerisk.lake.reader.listing import ENDINGS
from truerisk.lake.sources.versions import view_names
from truerisk.problem.aggregate import aggregates
from truerisk.problem.names import feature_names, latest_name
from truerisk.problem.source import Column, Source
from truerisk.problem.spec import Features, Problem
from truerisk.wording.lists import one_of

ROWS = ("key", "time", "delay", "available_at", "query", "version")
READING = ("format", "first_year", "decimal", "thousands", "null_values", "infinite")


def names(problem: Problem) -> list[str]:
    """All feature names in their order."""
    return list(feature_names(problem.features))


def definition(problem: Problem) -> dict[str, Any]:
    """What a model needs to build its inputs again: the features and the sources they read.

    Of a source it holds what says which rows exist, when they could be seen and how the columns
    that are read are written, not where they lie.
    """
    read = _columns_read(problem)
    return {
        "features": problem.features.model_dump(mode="json", exclude_none=True),
        "sources": {name: rows_of(problem.sources[name], read[name]) for name in sorted(read)},
    }


def definition_hash(defined: Mapping[str, Any]) -> str:
    """sha256 of a definition: equal exactly when the features are computed the same way.

    Files that a query names count for nothing: the same query over another month's file is the
    same definition.
    """
    meaning = {k: v for k, v in defined.items() if k != "types"}  # which are of the sources
    text = json.dumps(_placeless(_as_written_plainly(meaning)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def by_feature(defined: Mapping[str, Any], application: str) -> dict[str, dict[str, Any]]:
    """Each feature's own definition by name, cut out of a whole one.

    ``application`` names the source that column features come from.
    """
    features = Features.model_validate(defined["features"])
    sources = defined["sources"]
    carried = sources[application] if features.columns else {}
    made: dict[str, dict[str, Any]] = {
        name: {"kind": "column", "column": name, "source": application, "rows": _of(carried, name)}
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
                "rows": _of(sources[latest.source], latest.by, column),
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
                "rows": _of(sources[window.source], window.by, *a.columns),
            }
    return made


def _of(rows: Mapping[str, Any], *columns: str) -> dict[str, Any]:
    """The rows of a source without how columns that one feature does not read are written."""
    own = {c.lower() for c in (*columns, rows["key"], rows["time"], rows.get("available_at", ""))}
    reading = {c: how for c, how in rows.get("reading", {}).items() if c.lower() in own}
    return {**rows, "reading": reading}


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
    for name, read in _columns_read(changed).items():
        if "reading" in defined["sources"].get(name, {}):  # models of old do not say
            contract = _as_read_then(sources[name], read, defined["sources"][name]["reading"])
            sources[name] = sources[name].model_copy(update={"contract": contract})
    changed._file = problem._file
    return changed.typed(defined)


def rows_of(source: Source, read: Collection[str] | None = None) -> dict[str, Any]:
    """What says which rows a source has, and how ``read`` of its columns (all) are read.

    ``reading`` names only columns that are written in another way than SQL writes them.
    """
    said = source.model_dump(mode="json", include=set(ROWS), exclude_none=True)
    contract = source.contract.items()
    return said | {
        "money": sorted(c for c, r in contract if r.type == "money"),
        "reading": {c: _reading(r) for c, r in contract if _is_read(c, read) and _reading(r)},
    }


def _reading(rule: Column) -> dict[str, Any]:
    how = rule.model_dump(mode="json", include=set(READING), exclude_defaults=True)
    return how and how | {"type": rule.type}


def _is_read(column: str, read: Collection[str] | None) -> bool:
    return read is None or column.lower() in read


def _as_read_then(
    source: Source, read: Collection[str] | None, then: Mapping[str, Mapping[str, Any]]
) -> dict[str, Column]:
    """The source's contract, in which the columns that are read are written as they were then."""
    contract = dict(source.contract)
    for column in {**contract, **then}:
        rule, how = contract.get(column, Column()), then.get(column, {})
        if _is_read(column, read) and _reading(rule) != how:
            rest = rule.model_dump(exclude={"type", *READING})
            contract[column] = Column.model_validate({**rest, **how})
    return contract


def _columns_read(problem: Problem) -> dict[str, frozenset[str] | None]:
    """Source → its columns that features read, in small letters; None for all.

    All are read of a source that a query reads, as far as is known here.
    """
    features, own = problem.features, problem.application.source
    found: dict[str, set[str]] = {own: set(read_columns(problem))}
    for latest in features.latest:
        found.setdefault(latest.source, set()).update([latest.by, *latest.columns])
    for window in features.window:
        read = found.setdefault(window.source, set())
        read.add(window.by)
        for a in aggregates(window.source, window.over, window.compute):
            read |= a.columns
    made: dict[str, frozenset[str] | None] = {}
    for name, columns in found.items():
        source = problem.sources[name]
        columns |= {source.key, source.time, source.available_at or source.time}
        made[name] = frozenset(c.lower() for c in columns)
    for name in found:
        made |= {other: None for other in view_names(name, problem) if other != name}
    return made


def _texts(defined: Mapping[str, Any], name: str) -> dict[str, Column]:
    """A rule for each column of texts, so that no file's digits are read as numbers."""
    types = defined.get("types", {}).get("sources", {}).get(name, {})
    return {c: Column(type="text") for c, kind in types.items() if kind == "VARCHAR"}


def _as_written_plainly(value: Any) -> Any:
    """The same without an empty ``reading``, of which definitions of old said nothing."""
    if not isinstance(value, Mapping):
        return value
    return {k: _as_written_plainly(v) for k, v in value.items() if k != "reading" or v}


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
