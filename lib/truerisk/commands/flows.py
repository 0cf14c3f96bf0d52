"""The commands that run the loop: each is one flow, or all of them."""

from typing import Annotated

import typer

from truerisk.commands.options import EngineName, KnownAt, LakeRoot, ProblemName, Sources, out, run


def demo(
    problem: Annotated[
        str, typer.Option("--problem", help="Whose demo; default that of credit.", metavar="NAME")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Approve without asking.")] = False,
    applications: Annotated[
        int | None,
        typer.Option(min=1, help="How many apply; default as many as its world is made for."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulated lender.")] = 7,
    lake: LakeRoot = "",
) -> None:
    """Run the whole loop on a simulated lender whose truth is known."""
    from truerisk.demo.run import run_demo

    run_demo(out, problem, applications, seed, yes, lake)


def train(
    problem: ProblemName,
    known_at: KnownAt = "",
    engine: EngineName = "",
    source: Sources = None,
    lake: LakeRoot = "",
) -> None:
    """Train the candidates as known at a time and submit the best with a report."""
    run("train", problem, lake, source, engine, known_at=known_at)


def score(
    problem: ProblemName,
    since: Annotated[str, typer.Option(help="First time to decide, UTC.", metavar="TIME")] = "",
    until: Annotated[str, typer.Option(help="Time to stop before, UTC.", metavar="TIME")] = "",
    engine: EngineName = "",
    source: Sources = None,
    lake: LakeRoot = "",
) -> None:
    """Decide every application that has no decision yet, with the champion."""
    run("score", problem, lake, source, engine, since=since, until=until)


def measure(
    problem: ProblemName,
    known_at: KnownAt = "",
    compare: Annotated[
        str, typer.Option(help="Value this model on the same log.", metavar="VERSION")
    ] = "",
    engine: EngineName = "",
    source: Sources = None,
    lake: LakeRoot = "",
) -> None:
    """Estimate quality and dollars for everyone who applied."""
    run("measure", problem, lake, source, engine, known_at=known_at, compare=compare)
