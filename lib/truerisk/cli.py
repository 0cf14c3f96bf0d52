"""The ``truerisk`` command. Every error meant for the user is one sentence and exit code 2."""

import json
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from truerisk.errors import ProblemError, TrueriskError
from truerisk.lake.lake import open_lake, repository
from truerisk.launch import FlowFailedError, launch
from truerisk.problem.parse import load_problem
from truerisk.problem.spec import Problem

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From applications to decisions, to truth for everyone who applied, to the next model.",
)
out = Console(highlight=False, soft_wrap=True)

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
KnownAt = Annotated[
    str, typer.Option("--known-at", help="Knowledge cutoff, UTC; default now.", metavar="TIME")
]
Version = Annotated[str, typer.Argument(help="The model's version.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a person's name.", prompt=True)]
Because = Annotated[str, typer.Option("--because", help="Why; it is kept.", prompt=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def demo(
    yes: Annotated[bool, typer.Option("--yes", help="Approve without asking.")] = False,
    applications: Annotated[int, typer.Option(help="Applications over 24 months.")] = 120_000,
    seed: Annotated[int, typer.Option(help="Seed of the simulated lender.")] = 7,
    lake: LakeRoot = "",
) -> None:
    """Run the whole loop on a simulated lender whose truth is known."""
    from truerisk.demo import run_demo

    run_demo(out, applications, seed, yes, lake)


@app.command()
def train(
    problem: ProblemName, known_at: KnownAt = "", source: Sources = None, lake: LakeRoot = ""
) -> None:
    """Train the candidates as known at a time and submit the best with a report."""
    run("train", problem, lake, source, known_at=known_at)


@app.command()
def score(
    problem: ProblemName,
    since: Annotated[str, typer.Option(help="First time to decide, UTC.", metavar="TIME")] = "",
    until: Annotated[str, typer.Option(help="Time to stop before, UTC.", metavar="TIME")] = "",
    source: Sources = None,
    lake: LakeRoot = "",
) -> None:
    """Decide every application that has no decision yet, with the champion."""
    run("score", problem, lake, source, since=since, until=until)


@app.command()
def measure(
    problem: ProblemName,
    known_at: KnownAt = "",
    compare: Annotated[
        str, typer.Option(help="Value this model on the same log.", metavar="VERSION")
    ] = "",
    source: Sources = None,
    lake: LakeRoot = "",
) -> None:
    """Estimate quality and dollars for everyone who applied."""
    run("measure", problem, lake, source, known_at=known_at, compare=compare)


@app.command()
def models(problem: ProblemName, json_: AsJson = False, lake: LakeRoot = "") -> None:
    """List the submitted models, newest first."""
    from truerisk.registry.approval import list_models

    rows = list_models(open_lake(lake), find(problem).name)
    if json_:
        print(rows.to_json(orient="records", date_format="iso", indent=1))
        return
    if rows.empty:
        out.print(f"No model of {problem} was submitted yet; `truerisk train` makes one.")
        return
    shown = rows.assign(
        auc=rows["auc"].map("{:.3f}".format) + " of the " + rows["auc_population"],
        known_at=rows["known_at"].str[:10],
        last=rows["last_event"] + " by " + rows["by"],
    )
    print(
        shown[["version", "status", "candidate", "known_at", "gate", "auc", "last"]].to_string(
            index=False
        )
    )


@app.command()
def report(
    problem: ProblemName,
    version: Version,
    browser: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    lake: LakeRoot = "",
) -> None:
    """Say where a model's report lies and print the hash that an approval must give back."""
    from truerisk.models.package import read_report, report_path
    from truerisk.registry.approval import submission

    root, name = open_lake(lake), find(problem).name
    offered = submission(root, name, version)
    digest = offered["report_hash"]
    read_report(root, name, version, digest)
    path = report_path(root, name, version, digest)
    out.print(f"Report of {version}: {path}")
    for check in json.loads(offered["payload"])["gate"]:
        verdict = "passed" if check["passed"] else "FAILED"
        out.print(f"  {verdict}: {check['name']}, {check['seen']}; asked: {check['asked']}")
    out.print(f"Its hash: {digest}")
    if browser:
        webbrowser.open(f"file://{path}")


@app.command()
def approve(
    problem: ProblemName,
    version: Version,
    by: By,
    because: Because,
    report_hash: Annotated[
        str, typer.Option("--report-hash", help="From `truerisk report`.", prompt=True)
    ],
    override: Annotated[
        bool, typer.Option("--override", help="Approve although the gate failed; kept.")
    ] = False,
    lake: LakeRoot = "",
) -> None:
    """Approve a model after reading its report: it becomes the champion."""
    from truerisk.registry import approval

    name = find(problem).name
    approval.approve(open_lake(lake), name, version, by, because, report_hash, override)
    out.print(f"{version} is the champion of {name}, approved by {by}.")


@app.command()
def reject(
    problem: ProblemName, version: Version, by: By, because: Because, lake: LakeRoot = ""
) -> None:
    """Decline a model after reading its report."""
    from truerisk.registry import approval

    name = find(problem).name
    approval.reject(open_lake(lake), name, version, by, because)
    out.print(f"{version} of {name} is rejected by {by}.")


@app.command()
def rollback(problem: ProblemName, by: By, because: Because, lake: LakeRoot = "") -> None:
    """Let the champion before this one decide again."""
    from truerisk.registry import approval

    name = find(problem).name
    back = approval.rollback(open_lake(lake), name, by, because)
    out.print(f"{back} is the champion of {name} again, rolled back by {by}.")


@app.command()
def decisions(
    problem: ProblemName,
    application: Annotated[str, typer.Argument(help="One application; default the last.")] = "",
    limit: Annotated[int, typer.Option(help="How many of the last decisions.")] = 20,
    json_: AsJson = False,
    lake: LakeRoot = "",
) -> None:
    """List the last decisions, or show everything about one."""
    from truerisk.decisions.ledger import read_ledger

    about = find(problem)
    rows = read_ledger(open_lake(lake), about)
    if application:
        rows = rows[rows[about.key].astype(str) == application]
        if rows.empty:
            raise TrueriskError(f"The ledger of {about.name} has no decision on {application}.")
    rows = rows.iloc[::-1].head(limit)
    if json_:
        print(rows.to_json(orient="records", date_format="iso", indent=1))
    elif application:
        for name, value in rows.iloc[0].items():
            out.print(f"{name:32} {'' if value != value else value}")
    else:
        columns = [about.key, "as_of", "action", "score", "p_reveal", "explored", "model_version"]
        shown = rows[columns].assign(as_of=rows["as_of"].dt.strftime("%Y-%m-%d %H:%M"))
        print(shown.round(4).to_string(index=False))


def run(verb: str, name: str, lake: str, sources: list[str] | None, **parameters: str) -> None:
    """Launch a flow and print what its last step says."""
    problem = find(name, dict(_pair(text) for text in sources or []))
    with progress(f"{verb} {problem.name}") as on_step:
        said = launch(verb, problem, open_lake(lake), on_step, **parameters)
    for line in said:
        out.print(line)


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """A line that shows the step at work, on a terminal; silence in a log file."""
    with Console(stderr=True).status(what) as status:
        yield lambda step: status.update(f"{what}: {step}")


def find(name: str, sources: dict[str, str] | None = None) -> Problem:
    """The problem of a file, or of a name in the repository's problems/."""
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


def main() -> None:
    """The entry point: one sentence and exit code 2 for whatever the user can mend."""
    try:
        app()
    except TrueriskError as error:
        print(f"truerisk: {error}", file=sys.stderr)
        sys.exit(2)
    except FlowFailedError as error:
        print(f"truerisk: {error}", file=sys.stderr)
        sys.exit(1)


def _pair(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or not name or not path:
        raise TrueriskError(f"--source is {text!r}; write NAME=PATH, such as loans=loans.parquet.")
    return name, path
