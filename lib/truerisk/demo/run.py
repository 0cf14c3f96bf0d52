"""The whole loop on a simulated lender, and at its end the truth that only a simulator knows."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from truerisk.decisions.ledger import decision_log
from truerisk.demo.comparison import conclude
from truerisk.errors import TrueriskError
from truerisk.lake.home import home, repository
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.objects import is_empty
from truerisk.models.package import report_path
from truerisk.problem.load import load_problem
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.running.launch import launch
from truerisk.simulator import simulate
from truerisk.wording.counted import counted

START = "2024-01-01"
TABLES = {"applications": "application_id", "bureau": "bureau_id", "payments": "payment_id"}


def run_demo(out: Console, applications: int, seed: int, yes: bool, root: str = "") -> None:
    """Simulate, train, approve, decide, wait, retrain and measure; then say how close it came."""
    if not yes and not sys.stdin.isatty():
        raise TrueriskError("The demo asks for an approval; run it at a terminal or pass --yes.")
    month = [pd.Timestamp(START, tz="UTC") + pd.DateOffset(months=m) for m in range(31)]
    problem = load_problem(repository() / "problems" / "credit.toml")
    if not root:  # the demo's own lake is made anew; another one must be empty
        shutil.rmtree(home() / "demo", ignore_errors=True)
    lake = open_lake(root or home() / "demo" / "lake")
    if not is_empty(lake.root):
        raise TrueriskError(f"The lake at {lake.root} is not empty; give the demo an empty one.")

    with doing(
        out, f"Simulate a lender: {counted(applications, 'application')} in 24 months, seed {seed}"
    ):
        world = simulate(applications, 24, seed, START)
        for table, key in TABLES.items():
            lake.append(table, getattr(world, table), key)
        old = (world.applications["applied_at"] < month[18]) & world.truth["approved_by_old_policy"]
        lake.append("outcomes", world.outcomes(world.truth["application_id"][old]), problem.key)
    what = "Train as known at month 18, on what the old policy approved"
    with doing(out, what, tasks=6) as on_step:
        launch("train", problem, lake, on_step, known_at=str(month[18]))
    first = approve(out, problem, lake, yes)
    what = "Decide the applications of months 19 to 24, exploring a little"
    with doing(out, what, tasks=4) as on_step:
        launch("score", problem, lake, on_step, since=str(month[18]), until=str(month[24]))
    with doing(out, "The loans run on until month 30, the explored ones too"):
        log = decision_log(problem, lake, month[30])
        shown = log.loc[log["action"] == problem.revealing, problem.key]
        lake.append("outcomes", world.outcomes(shown), problem.key)
    again = Started("Train again as known at month 30, with the explored outcomes", "train", 6)
    known = Started("Measure as known then, for everyone who applied", "measure", 2)
    said = at_once(out, problem, lake, [again, known], known_at=str(month[30]))[1]
    following = str(approval.list_models(problem.name, lake)["version"].iloc[0])

    period = f"{month[18]:%B} to {month[24] - pd.Timedelta(days=1):%B}"
    conclude(out, problem, lake, world, month[30], following, period)
    out.print("\nThe reports are pages; open them in a browser:")
    for version, what in (
        (first, "the approved model"),
        (following, "the next model, not approved"),
    ):
        digest = approval.submission(problem.name, lake, version)["report_hash"]
        out.print(f"  {what}: {report_path(problem.name, lake, version, digest)}")
    out.print(f"  what was measured: {said[-1].removeprefix('Read it: ')}")
    here = f"--problem credit --lake {lake.root}"
    out.print("\nTry next:")
    out.print(f"  truerisk models {here}")
    out.print(f"  truerisk report {here} {following}")
    out.print(f"  truerisk decisions {here}")
    out.print("  truerisk train --help, and README.md for your own data")


def approve(out: Console, problem: Problem, lake: Lake, yes: bool) -> str:
    """A person reads the report and approves; ``yes`` answers for them."""
    offered = approval.list_models(problem.name, lake).iloc[0]
    version, digest = str(offered["version"]), str(offered["report_hash"])
    by, because = "demo", "the demo was started with --yes"
    if not yes:
        out.print(f"  Its report: {report_path(problem.name, lake, version, digest)}")
        if not typer.confirm(f"  Gate {offered['gate']}. Approve {version}?"):
            raise TrueriskError("The model was not approved, so nothing can be decided.")
        by, because = typer.prompt("  Your name"), typer.prompt("  Because")
    override = offered["gate"] != "passed"
    approval.approve(problem.name, lake, version, by, because, digest, override)
    out.print(f"  {by} approves {offered['candidate']} {version}: it is the champion.")
    return version


@dataclass(frozen=True)
class Started:
    """A flow of ``tasks`` tasks, and what it does in words."""

    what: str
    verb: str
    tasks: int


def at_once(
    out: Console, problem: Problem, lake: Lake, flows: Sequence[Started], **parameters: str
) -> list[list[str]]:
    """What each of some flows said that wait for nothing of each other, as on a scheduler."""
    with bars(out) as bar, ThreadPoolExecutor(len(flows)) as pool:

        def run(flow: Started) -> tuple[list[str], float]:
            with moving(bar, flow.what, flow.tasks) as on_step:
                started = time.perf_counter()
                said = launch(flow.verb, problem, lake, on_step, **parameters)
            return said, time.perf_counter() - started

        found = []
        for flow, task in [(flow, pool.submit(run, flow)) for flow in flows]:
            said, seconds = task.result()
            done(out, flow.what, seconds)
            found.append(said)
    return found


@contextmanager
def doing(out: Console, what: str, tasks: int = 1) -> Iterator[Callable[[str], None]]:
    """A bar that moves with every task on a terminal, then a line with the seconds it took."""
    started = time.perf_counter()
    with bars(out) as bar, moving(bar, what, tasks) as on_step:
        yield on_step
    done(out, what, time.perf_counter() - started)


def bars(out: Console) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)


@contextmanager
def moving(bar: Progress, what: str, tasks: int) -> Iterator[Callable[[str], None]]:
    """A bar of its own, which moves with every step that starts and is gone at the end."""
    at = bar.add_task(what, total=tasks)
    yield lambda step: bar.update(at, description=f"{what}: {step}", advance=1)
    bar.remove_task(at)


def done(out: Console, what: str, seconds: float) -> None:
    out.print(f"✓ {what} [{seconds:.0f} s]", markup=False)
