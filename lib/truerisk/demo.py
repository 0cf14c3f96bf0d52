"""The whole loop on a simulated lender, and at its end the truth that only a simulator knows."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from truerisk.decisions.ledger import decision_log
from truerisk.errors import TrueriskError
from truerisk.flow import Run, namespace, runs_of
from truerisk.lake.files import is_empty
from truerisk.lake.lake import Lake, home, open_lake, repository
from truerisk.lake.tables import ESTIMATES
from truerisk.launch import launch
from truerisk.measurement import metrics
from truerisk.models.package import read_manifest, report_path
from truerisk.problem.parse import load_problem
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.simulator import World, simulate
from truerisk.wording.counted import counted
from truerisk.wording.dollars import dollars

START = "2024-01-01"
TABLES = {"applications": "application_id", "bureau": "bureau_id", "payments": "payment_id"}


def run_demo(out: Console, applications: int, seed: int, yes: bool, root: str = "") -> None:
    """Simulate, train, approve, decide, wait, retrain, measure; then say how close it came."""
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
    what = "The loans run on until month 30; train again, with the explored outcomes"
    with doing(out, what, tasks=6) as on_step:
        log = decision_log(lake, problem, month[30])
        shown = log.loc[log["action"] == problem.revealing, problem.key]
        lake.append("outcomes", world.outcomes(shown), problem.key)
        launch("train", problem, lake, on_step, known_at=str(month[30]))
    following = str(approval.list_models(lake, problem.name)["version"].iloc[0])
    with doing(out, "Measure as known at month 30, for everyone who applied", tasks=3) as on_step:
        said = launch("measure", problem, lake, on_step, known_at=str(month[30]))

    log = decision_log(lake, problem, month[30])
    estimates = lake.read(ESTIMATES)
    period = f"{month[18]:%B} to {month[24] - pd.Timedelta(days=1):%B}"
    conclude(
        out, problem, lake, world, log, estimates[estimates["segment_by"] == ""], following, period
    )
    out.print("\nThe reports are pages; open them in a browser:")
    for version, what in (
        (first, "the approved model"),
        (following, "the next model, not approved"),
    ):
        digest = approval.submission(lake, problem.name, version)["report_hash"]
        out.print(f"  {what}: {report_path(lake, problem.name, version, digest)}")
    out.print(f"  what was measured: {said[-1].removeprefix('Read it: ')}")
    here = f"--problem credit --lake {lake.root}"
    out.print("\nTry next:")
    out.print(f"  truerisk models {here}")
    out.print(f"  truerisk report {here} {following}")
    out.print(f"  truerisk decisions {here}")
    out.print("  truerisk train --help, and README.md for your own data")


def approve(out: Console, problem: Problem, lake: Lake, yes: bool) -> str:
    """A person reads the report and approves; ``yes`` answers for them."""
    offered = approval.list_models(lake, problem.name).iloc[0]
    version, digest = str(offered["version"]), str(offered["report_hash"])
    by, because = "demo", "the demo was started with --yes"
    if not yes:
        out.print(f"  Its report: {report_path(lake, problem.name, version, digest)}")
        if not typer.confirm(f"  Gate {offered['gate']}. Approve {version}?"):
            raise TrueriskError("The model was not approved, so nothing can be decided.")
        by, because = typer.prompt("  Your name"), typer.prompt("  Because")
    override = offered["gate"] != "passed"
    approval.approve(lake, problem.name, version, by, because, digest, override)
    out.print(f"  {by} approves {offered['candidate']} {version}: it is the champion.")
    return version


def conclude(
    out: Console,
    problem: Problem,
    lake: Lake,
    world: World,
    log: pd.DataFrame,
    estimates: pd.DataFrame,
    following: str,
    period: str,
) -> None:
    """The table: as usually reported, as truerisk reports it, and the truth, for both populations.

    Everyone means everyone with a chance: rows that an absolute rule declined (p_reveal = 0) are
    left out on all sides and counted below.
    """
    truth = world.truth.set_index("application_id").loc[log[problem.key]]
    event = truth["event"].to_numpy(dtype=float)
    open_rows, revealed = (log["p_reveal"] > 0).to_numpy(), log["revealed"].to_numpy()
    score, explored = log["score"].to_numpy(), log["explored"]
    cost = float((log["exploration_rate"] * log["exploration_cost"]).sum())
    out.print(
        f"\n{problem.name}, {period}: {len(log):,} applied, {int(revealed.sum()):,} approved, "
        f"{int(explored.sum()):,} of them by exploration (expected cost {dollars(cost)})\n"
    )
    out.print("              among the approved         everyone who applied")
    out.print(
        "              usually reported  (true)   reported  truerisk, 95% interval  the truth"
    )
    for name, metric, form in (("default rate", "event_rate", ".1%"), ("AUC", "auc", ".3f")):
        naive, dr = estimate(estimates, metric, "naive"), estimate(estimates, metric, "dr")
        approved, everyone = (_true(metric, event[r], score[r]) for r in (revealed, open_rows))
        out.print(
            f"{name:12}  {naive['value']:>16{form}} {f'({approved:{form}})':>8}"
            f"   {naive['value']:>8{form}}  {_ranged(dr, form)}  {everyone:>9{form}}"
        )
    runs_of(lake)
    namespace(None)
    review = Run(read_manifest(lake, problem.name, following)["run"])["compare"].task.data.review
    naive, dr = (estimate(review.comparison, "policy_gain", e) for e in ("naive", "dr"))
    out.print(
        f"\nthe next model, had it decided the {counted(len(review.judged), 'application')} "
        "kept from it, "
        "in dollars an application:\nas usually reported "
        f"{naive['value']:+,.0f}, truerisk {dr['value']:+,.0f} "
        f"({dr['low']:+,.0f} … {dr['high']:+,.0f}), the truth "
        f"{_true_gain(problem, review.judged, world):+,.0f}"
    )
    barred = int((~open_rows).sum())
    out.print(
        f"Left out of everyone: {counted(barred, 'application')} ({barred / len(log):.1%}) that "
        "an absolute "
        "rule declined, of which nobody can know the outcome."
    )


def estimate(estimates: pd.DataFrame, metric: str, estimator: str) -> pd.Series:
    """The estimate among the revealed (naive) or of all who had a chance (dr)."""
    population = "revealed" if estimator == "naive" else "eligible"
    rows = estimates[
        (estimates["metric"] == metric)
        & (estimates["estimator"] == estimator)
        & (estimates["population"] == population)
    ]
    return rows[rows["policy"] != "as run"].iloc[0]


@contextmanager
def doing(out: Console, what: str, tasks: int = 1) -> Iterator[Callable[[str], None]]:
    """A bar that moves with every task on a terminal, then a line with the seconds it took."""
    started = time.perf_counter()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        at = bar.add_task(what, total=tasks)
        yield lambda step: bar.update(at, description=f"{what}: {step}", advance=1)
    out.print(f"✓ {what} [{time.perf_counter() - started:.0f} s]", markup=False)


def _true(metric: str, event: np.ndarray, score: np.ndarray) -> float:
    if metric == "event_rate":
        return metrics.event_rate(event, 1 - event).theta
    return metrics.auc(event, 1 - event, score).theta


def _true_gain(problem: Problem, judged: pd.DataFrame, world: World) -> float:
    """Dollars an application that the chosen candidate's policy really adds to the champion's."""
    event = judged[problem.key].map(world.truth.set_index("application_id")["event"])
    gain = sum(
        (judged[f"chosen_p_{a}"] - judged[f"p_{a}"])
        * np.where(event, judged[f"value_{a}_if_event"], judged[f"value_{a}_if_no_event"])
        for a in problem.actions
    )
    return float(np.mean(gain))


def _ranged(row: pd.Series, form: str) -> str:
    return f"{row['value']:>6{form}}  {row['low']:{form}} … {row['high']:{form}}"
