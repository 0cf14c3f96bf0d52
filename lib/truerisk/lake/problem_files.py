"""The problem files that decided, each whole and once, beside the models and named by its hash.

``models/<problem>/problem-<version>.json`` is written by the commit of the first batch that the
file decides, and never changed. What explains an old decision reads it, and not today's file.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from truerisk.errors import LakeError
from truerisk.lake import objects
from truerisk.lake.lake import Lake
from truerisk.problem.load import FILE, as_config, problem_from
from truerisk.problem.spec import Problem

VERSION_LENGTH = 20


def problem_version(problem: Problem) -> str:
    """Names the whole file: sources, features, actions, rules, sentences. Its place counts not."""
    return version_of(_content(problem))


def version_of(content: Mapping[str, Any]) -> str:
    """The name of a problem file by what it says, a mapping as JSON has it."""
    return hashlib.sha256(_text(content).encode()).hexdigest()[:VERSION_LENGTH]


def keep(problem: Problem, lake: Lake) -> None:
    """Write the file unless it is there; one that was damaged is written again."""
    content = _content(problem)
    version = version_of(content)
    if _read(lake, problem.name, version) is None:
        place = f"{lake.root}/{path_of(problem.name, version)}"
        objects.write_bytes(place, _text(content).encode())


def kept(lake: Lake, name: str, version: str) -> dict[str, Any]:
    """What the file of that version says; LakeError where it is missing or was changed."""
    found = _read(lake, name, version)
    if found is None:
        raise LakeError(
            f"{path_of(name, version)} of the lake at {lake.root} is missing or was changed: it is "
            "the problem file that decided, and comes back from a copy alone."
        )
    return found


def is_kept(lake: Lake, name: str, version: str) -> bool:
    """Whether the file of that version is there as it was written."""
    return _read(lake, name, version) is not None


def kept_problem(lake: Lake, name: str, version: str) -> Problem:
    """The problem of that version; LakeError where its file is missing or was changed."""
    return problem_from(kept(lake, name, version), path_of(name, version))


def path_of(name: str, version: str) -> str:
    """Where a version of a problem's file lies, below the lake's root."""
    return f"models/{name}/problem-{version}.json"


def _content(problem: Problem) -> dict[str, Any]:
    return {k: v for k, v in as_config(problem).items() if k != FILE}


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False)


def _read(lake: Lake, name: str, version: str) -> dict[str, Any] | None:
    """None where there is no such file, or not as it was written."""
    found = objects.read_bytes(f"{lake.root}/{path_of(name, version)}")
    try:
        content = json.loads(found or b"null")
    except ValueError:
        return None
    whole = isinstance(content, dict) and version_of(content) == version
    return content if whole else None
