"""What commands share: their options, where they print, and how they run a flow.

What a command does is imported when it is done, so that `truerisk --help` costs no more than Typer.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from truerisk.errors import ProblemError, TrueriskError

if TYPE_CHECKING:
    from truerisk.lake.lake import Lake
    from truerisk.problem.spec import Problem

PIPED = 110  # columns where there is no terminal to ask
wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPED
out = Console(highlight=False, soft_wrap=True, width=wide)

ProblemName = Annotated[
    str, typer.Option("--problem", help="A problem file, or a name in problems/.", metavar="NAME")
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="Read a source from your own file.", metavar="NAME=PATH"),
]
LakeRoot = Annotated[
    str, typer.Option("--lake", help="The lake's root; default TRUERISK_LAKE.", metavar="PATH")
]
EngineName = Annotated[
    str,
    typer.Option("--engine", help="duckdb or spark; default the problem's.", metavar="NAME"),
]
KnownAt = Annotated[
    str, typer.Option("--known-at", help="Knowledge cutoff, UTC; default now.", metavar="TIME")
]
Version = Annotated[str, typer.Argument(help="The model's version.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a person's name.", prompt=True)]
Because = Annotated[str, typer.Option("--because", help="Why; it is kept.", prompt=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def run(
    verb: str,
    name: str,
    lake: str,
    sources: list[str] | None,
    engine: str = "",
    **parameters: str,
) -> None:
    """Launch a flow and print what its last step says."""
    from truerisk.running.launch import launch

    problem = computed_by(engine, find(name, dict(pair(text) for text in sources or [])))
    with progress(f"{verb} {problem.name}") as on_step:
        said = launch(verb, problem, open_lake(lake), on_step, **parameters)
    for line in said:
        out.print(line)


def computed_by(engine: str, problem: "Problem") -> "Problem":
    """The problem with its features computed by ``engine``, or by its own where none is named."""
    if not engine:
        return problem
    from truerisk.features.engines import with_engine

    return with_engine(problem, engine)


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """A line that shows the step at work, on a terminal; silence in a log file."""
    with Console(stderr=True).status(what) as status:
        yield lambda step: status.update(f"{what}: {step}")


def open_lake(root: str) -> "Lake":
    """The lake at a root, or the one that TRUERISK_LAKE names."""
    from truerisk.lake.lake import open_lake as opened

    return opened(root)


def find(name: str, sources: dict[str, str] | None = None) -> "Problem":
    """The problem of a file, or of a name in the repository's problems/."""
    from truerisk.lake.home import repository
    from truerisk.problem.load import load_problem

    folder = repository() / "problems"
    if name.endswith(".toml"):
        return load_problem(name, sources)
    known = sorted(p.stem for p in folder.glob("*.toml"))
    if name not in known:
        here = f" (did you mean {name}.toml?)" if Path(f"{name}.toml").exists() else ""
        raise ProblemError(
            f'There is no problem "{name}"{here}: problems/ has {", ".join(known)}; a problem '
            "elsewhere is named by its .toml file."
        )
    return load_problem(folder / f"{name}.toml", sources)


def pair(text: str) -> tuple[str, str]:
    """``NAME=PATH`` as its two parts."""
    name, equals, path = text.partition("=")
    if not equals or not name or not path:
        raise TrueriskError(f"--source is {text!r}; write NAME=PATH, such as loans=loans.parquet.")
    return name, path
