"""The whole loop on a simulated lender, and at its end the truth that only a simulator knows."""

import pandas as pd
from rich.console import Console

from truerisk.decisions.ledger import decision_log
from truerisk.demo.comparison import conclude
from truerisk.demo.steps import Started, approve, at_once, doing
from truerisk.lake.lake import Lake
from truerisk.models.package import report_path
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.running.launch import launch
from truerisk.simulator import simulate
from truerisk.wording.counted import counted

START = "2024-01-01"
TABLES = {"applications": "application_id", "bureau": "bureau_id", "payments": "payment_id"}


def tell(
    out: Console, problem: Problem, lake: Lake, applications: int, seed: int, yes: bool
) -> None:
    """Simulate, train, approve, decide, wait, retrain and measure; then say how close it came."""
    month = [pd.Timestamp(START, tz="UTC") + pd.DateOffset(months=m) for m in range(31)]
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
        shown = log.loc[log["action"].isin(problem.revealing), problem.key]
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
