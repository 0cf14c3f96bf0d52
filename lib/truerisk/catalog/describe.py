"""Definitions and contracts in words, and as the lines of a problem file that make them."""

import json
from datetime import timedelta
from typing import Any

from truerisk.problem.aggregate import aggregates
from truerisk.problem.duration import parse_duration, short
from truerisk.problem.names import latest_name
from truerisk.problem.source import Column, Source
from truerisk.problem.spec import Features, Problem
from truerisk.wording.counted import lasting

WHAT = {
    "count": "number of rows",
    "since_last": "days since the last row",
    "since_first": "days since the first row",
    "share": "share of the rows",
    "sum": "sum",
    "mean": "mean",
    "min": "smallest",
    "max": "largest",
    "std": "standard deviation",
    "distinct": "number of different values",
}


def in_words(made: dict[str, Any], application: str) -> str:
    """One feature's definition (from ``by_feature``) as a sentence without its full stop."""
    kind = made["kind"]
    if kind == "column":
        return f"{made['column']} of {application}, as it stands on the application"
    if kind == "derived":
        return f"computed from other columns and features: {made['sql']}"
    source, by = made["source"], made["by"]
    if kind == "latest":
        age = made.get("max_age")
        age = f", at most {lasting(parse_duration(age))} old" if age else ""
        return f"the latest {made['column']} in {source} with the application's {by}{age}"
    function, column, where = made["function"], made["column"], made["where"]
    what = WHAT.get(function, function) + (f" of {column}" if column else "")
    window = lasting(timedelta(seconds=made["seconds"]))
    rows = f"over {source} with the application's {by} in the {window} before it"
    if function == "share":
        return f"share of the rows of {source} with the application's {by} in the {window} " + (
            f"before it for which {where}"
        )
    return f"{what} {rows}" + (f", where {where}" if where else "")


def toml_lines(features: Features) -> dict[str, str]:
    """Feature → the lines of a problem file that make it and nothing else."""
    made = {name: f"[features]\ncolumns = [{_text(name)}]" for name in features.columns}
    for name, derived in features.derived.items():
        value = _text(derived.sql)
        if derived.version != 1:
            value = f"{{ sql = {value}, version = {derived.version} }}"
        made[name] = f"[features.derived]\n{name} = {value}"
    for latest in features.latest:
        for column in latest.columns:
            lines = _head("latest", latest.source, latest.by)
            lines.append(f"columns = [{_text(column)}]")
            if latest.max_age:
                lines.append(f'max_age = "{short(latest.max_age)}"')
            made[latest_name(latest.source, column)] = _joined(lines, latest.version)
    for window in features.window:
        for i, a in enumerate(aggregates(window.source, window.over, window.compute)):
            lines = _head("window", window.source, window.by)
            lines.append(f'over = ["{short(a.window)}"]')
            lines.append(f"compute = [{_text(window.compute[i % len(window.compute)].strip())}]")
            made[a.name] = _joined(lines, window.version)
    return made


def contract_words(rule: Column | None) -> str:
    """``money, never null, at least 0``; empty for a column without a contract."""
    if rule is None:
        return ""
    said: list[str] = [rule.type or ""]
    said += ["" if rule.nullable else "never null", "unique" if rule.unique else ""]
    said += [f"at least {rule.min:g}" if rule.min is not None else ""]
    said += [f"at most {rule.max:g}" if rule.max is not None else ""]
    said += ["one of " + ", ".join(map(str, rule.allowed)) if rule.allowed else ""]
    said += [f"matches {rule.regex}" if rule.regex else ""]
    said += [f"found in {rule.references}" if rule.references else ""]
    return ", ".join(filter(None, said))


def place_words(problem: Problem, name: str) -> str:
    """Where the rows lie; equal for two problems that read the same rows."""
    source = problem.sources[name]
    if source.table is not None:
        return f"lake table {source.table}"
    return source.path if source.path is not None else f"query {problem.name}.{name}"


def available_words(source: Source) -> str:
    """When a row can be seen."""
    if source.available_at:
        return f"at {source.available_at}"
    return f"{lasting(source.delay)} after {source.time}" if source.delay else "at once"


def _head(kind: str, source: str, by: str) -> list[str]:
    return [f"[[features.{kind}]]", f"source = {_text(source)}", f"by = {_text(by)}"]


def _joined(lines: list[str], version: int) -> str:
    return "\n".join([*lines, *([f"version = {version}"] if version != 1 else [])])


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
