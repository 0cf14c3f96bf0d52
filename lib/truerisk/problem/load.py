"""From a problem file to a Problem, or one sentence that says where it is wrong."""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from truerisk.errors import ProblemError, keep_secret, told
from truerisk.problem.aggregate import NUMERIC, parse_aggregate
from truerisk.problem.duration import short
from truerisk.problem.location import SCHEME, VARIABLE
from truerisk.problem.names import check_capitals, derived_order, feature_names
from truerisk.problem.protected import protected_in_use
from truerisk.problem.reasons import without_sentence
from truerisk.problem.refusal import sentence
from truerisk.problem.related import contradictions
from truerisk.problem.spec import Problem
from truerisk.wording.lists import one_of

FILE = "_file"  # in a configuration: where the problem was read from, for messages


def load_problem(path: str | os.PathLike[str], sources: Mapping[str, str] | None = None) -> Problem:
    """The problem in a TOML file; ``sources`` points a source at a user's own file.

    Raises ProblemError naming the file, the path in it, what came and what is allowed.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ProblemError(f"{file}: there is no such problem file.") from error
    except (OSError, ValueError) as error:
        raise ProblemError(
            f"{file}: cannot be read as a UTF-8 text file ({told(error)})."
        ) from error
    return problem_from(read_text(text, str(file)), str(file), sources)


def problem_from(
    raw: Mapping[str, Any], where: str = "", sources: Mapping[str, str] | None = None
) -> Problem:
    """A Problem from the mapping that a TOML file or its JSON form holds."""
    raw = dict(raw)
    where = raw.pop(FILE, "") or where or f"problem {raw.get('name', '(without a name)')}"
    if isinstance(raw.get("sources"), dict):  # what it may be otherwise is the grammar's to say
        raw = _absolute(_point(dict(raw), sources or {}, where))
    try:
        problem = _with_window(Problem.model_validate(raw))
    except ValidationError as error:
        # A misspelt key is a missing one too: the misspelling says more.
        wrong = sentence(min(error.errors(), key=lambda e: e["type"] != "extra_forbidden"))
    else:
        wrong = next((f"{at} {trouble}".strip() for at, trouble in _contradictions(problem)), "")
    if wrong:  # raised out here, because pydantic's error keeps the frames it came through alive
        raise ProblemError(f"{where}: {wrong}.")
    problem._file = where
    return problem


def read_text(text: str, where: str = "the problem") -> dict[str, Any]:
    """TOML, or the JSON that a flow's configuration carries, as a plain mapping."""
    try:
        raw = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except RecursionError as error:
        raise ProblemError(f"{where}: is nested too deeply to be a problem file.") from error
    except ValueError as error:  # also of a number of thousands of digits
        raise ProblemError(f"{where}: is not valid TOML ({told(error)}).") from error
    if not isinstance(raw, dict):
        raise ProblemError(f"{where}: must hold a table of settings, not {type(raw).__name__}.")
    return raw


def as_config(problem: Problem) -> dict[str, Any]:
    """The problem as the JSON-able mapping that a flow carries; problem_from reads it back."""
    return problem.model_dump(mode="json", exclude_none=True) | {FILE: problem.where}


def _point(raw: dict[str, Any], sources: Mapping[str, str], where: str) -> dict[str, Any]:
    """Replace the place of a source by the file that the user names."""
    declared = raw["sources"]
    for name, path in sources.items():
        if name not in declared:
            raise ProblemError(
                f'{where}: --source names "{name}"; its sources are {one_of(declared)}.'
            )
        if isinstance(declared[name], dict):
            kept = {k: v for k, v in declared[name].items() if k not in ("table", "path", "query")}
            declared = {**declared, name: {**kept, "path": path}}
    return {**raw, "sources": declared}


def _absolute(raw: dict[str, Any]) -> dict[str, Any]:
    """Make local paths absolute; ${NAME} stays, and is no message's to show.

    Whoever reads the source asks the environment: what it says may be a secret, and a problem is
    written into configurations and manifests.
    """
    for text in _texts(raw["sources"]):
        for name in re.findall(VARIABLE, text):
            keep_secret(name, os.environ.get(name, ""))
    sources: dict[str, Any] = {}
    for name, source in raw["sources"].items():
        sources[name] = dict(source) if isinstance(source, dict) else source
        path = source.get("path") if isinstance(source, dict) else None
        if isinstance(path, str) and not path.startswith("${") and not SCHEME.match(path):
            sources[name]["path"] = os.path.abspath(os.path.expanduser(path))
    return {**raw, "sources": sources}


def _with_window(problem: Problem) -> Problem:
    """A window that is not named holds two horizons and the holdout, and 1,095 days at least."""
    training = problem.training
    if "window" in training.model_fields_set:
        return problem
    window = max(training.window, 2 * problem.outcome.horizon + training.holdout)
    return problem.model_copy(update={"training": training.model_copy(update={"window": window})})


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    for child in part.values() if isinstance(part, dict) else ():
        yield from _texts(child)


def _contradictions(problem: Problem) -> Iterator[tuple[str, str]]:
    """What no single field can see: names that refer to nothing, and unsupported combinations."""
    uses = [
        ("application.source", problem.application.source),
        ("outcome.source", problem.outcome.source),
        *(
            (f"features.latest[{i}].source", f.source)
            for i, f in enumerate(problem.features.latest)
        ),
        *(
            (f"features.window[{i}].source", f.source)
            for i, f in enumerate(problem.features.window)
        ),
    ]
    for path, name in uses:
        if name not in problem.sources:
            yield path, f'is "{name}"; the sources are {one_of(problem.sources)}'
            continue
        for needed in ("key", "time"):
            if not getattr(problem.sources[name], needed):
                yield f"sources.{name}.{needed}", f"is missing, and {path} needs it"
    yield from contradictions(problem)
    f = problem.features
    if not (f.columns or f.derived or f.latest or f.window):
        yield "features", "declares no feature; name at least one column"
    try:
        check_capitals(feature_names(f))
        derived_order(f)
    except ValueError as error:
        yield "", str(error)
    horizon, training = problem.outcome.horizon, problem.training
    if training.window <= horizon:
        yield (
            "training.window",
            f'is "{short(training.window)}" and outcome.horizon "{short(horizon)}", so that '
            f'nothing in it can mature; write more than "{short(horizon + training.holdout)}", '
            "which is horizon and holdout",
        )
    yield from protected_in_use(problem)
    yield from without_sentence(problem)
    yield from _over_text(problem)
    for name, source in problem.sources.items():
        for column, promise in source.contract.items():
            other, _, _ = (promise.references or "").partition(".")
            if other and other not in problem.sources:
                yield (
                    f"sources.{name}.contract.{column}.references",
                    f'is "{promise.references}"; the sources are {one_of(problem.sources)}',
                )


def _over_text(problem: Problem) -> Iterator[tuple[str, str]]:
    """Aggregates that need a number, over a column that the contract calls something else."""
    for i, window in enumerate(problem.features.window):
        contract = problem.sources[window.source].contract
        for j, text in enumerate(window.compute):
            a = parse_aggregate(window.source, text, window.over[0])
            kind = contract[a.column].type if a.column in contract else None
            if a.function in NUMERIC and kind in ("text", "boolean", "time"):
                yield (
                    f"features.window[{i}].compute[{j}]",
                    f"is {text!r}, and {a.column} holds {kind} by its contract; "
                    f"{a.function} needs a number",
                )
