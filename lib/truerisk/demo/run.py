"""Which demos there are, and what each needs before it begins: an empty lake and a person."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from truerisk.demo import credit, fraud, prospects
from truerisk.errors import TrueriskError
from truerisk.lake.home import home, repository
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.objects import is_empty
from truerisk.problem.load import load_problem
from truerisk.problem.spec import Problem
from truerisk.wording.lists import one_of


@dataclass(frozen=True)
class Demo:
    """``tell(out, problem, lake, applications, seed, yes)`` runs the loop on a world of so many
    ``applications``, by default, and prints at its end how close it came to the truth."""

    tell: Callable[[Console, Problem, Lake, int, int, bool], None]
    applications: int


DEFAULT = "credit"
DEMOS = {
    DEFAULT: Demo(credit.tell, 120_000),
    "fraud": Demo(fraud.tell, 80_000),
    "prospects": Demo(prospects.tell, 60_000),
}


def run_demo(
    out: Console, name: str, applications: int | None, seed: int, yes: bool, root: str = ""
) -> None:
    """The demo of a problem, or DEFAULT; TrueriskError where the lake at ``root`` is not empty."""
    name = name or DEFAULT
    demo = DEMOS.get(name)
    if demo is None:
        raise TrueriskError(f'There is no demo "{name}"; choose one of {one_of(DEMOS)}.')
    if not yes and not sys.stdin.isatty():
        raise TrueriskError("The demo asks for an approval; run it at a terminal or pass --yes.")
    problem = load_problem(repository() / "problems" / f"{name}.toml")
    own = home() / ("demo" if name == DEFAULT else f"demo-{name}")
    if not root:  # the demo's own lake is made anew; another one must be empty
        shutil.rmtree(own, ignore_errors=True)
    lake = open_lake(root or own / "lake")
    if not is_empty(lake.root):
        raise TrueriskError(f"The lake at {lake.root} is not empty; give the demo an empty one.")
    count = demo.applications if applications is None else applications
    demo.tell(out, problem, lake, count, seed, yes)
