"""The steps that every demo is told in: flows with their bars, and a person's approval."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from truerisk.errors import TrueriskError
from truerisk.lake.lake import Lake
from truerisk.models.package import report_path
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.running.launch import launch


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
