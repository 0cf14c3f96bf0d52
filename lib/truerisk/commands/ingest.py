"""The command that brings new files into the lake."""

import json
from pathlib import Path
from typing import Annotated

import typer

from truerisk.commands.options import LakeRoot, ProblemName, pair, run

Files = Annotated[
    list[str] | None,
    typer.Option("--source", help="Ingest this file instead of the declared.", metavar="NAME=FILE"),
]


def ingest(problem: ProblemName, source: Files = None, lake: LakeRoot = "") -> None:
    """Bring new files into the lake: each once, every row accepted, quarantined or held."""
    from truerisk.lake.objects import is_remote

    given: dict[str, list[str]] = {}
    for name, path in map(pair, source or []):
        given.setdefault(name, []).append(path if is_remote(path) else str(Path(path).absolute()))
    run("ingest", problem, lake, None, files=json.dumps(given) if given else "")
