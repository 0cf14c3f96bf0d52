"""The loop on a lender beset by fraud rings: analysts review, and chargebacks come late."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from rich.console import Console

from truerisk.columns import DUE
from truerisk.decisions.ledger import decision_log, read_ledger
from truerisk.decisions.review.queue import acted
from truerisk.decisions.review.verdicts import give_verdicts
from truerisk.demo.fraud_figures import conclude, measured_beside
from truerisk.demo.steps import approve, doing
from truerisk.lake.lake import Lake
from truerisk.lake.tables import ESTIMATES
from truerisk.models.package import report_path
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.running.launch import launch
from truerisk.simulator.analysts import LATE_HOURS
from truerisk.simulator.fraud import World, simulate
from truerisk.wording.counted import counted

START = "2025-01-01"
TRAINED, DECIDED, KNOWN = 8, 12, 16  # months: trained at, decided until, known at
HOUR = pd.Timedelta(hours=1)


def tell(
    out: Console, problem: Problem, lake: Lake, applications: int, seed: int, yes: bool
) -> None:
    """Simulate, train, approve, decide, review, wait and measure; then say how close it came."""
    month = [pd.Timestamp(START, tz="UTC") + pd.DateOffset(months=m) for m in range(KNOWN + 1)]
    asked = counted(applications, "application")
    with doing(out, f"Simulate a lender and fraud rings: {asked} in 12 months, seed {seed}"):
        world = simulate(applications, 12, seed, START)
        lake.append("signups", world.signups, "customer_id")
        lake.append("applications", world.applications, problem.key)
        old = world.applications["applied_at"] < month[TRAINED]
        old &= world.truth["passed_by_old_policy"]
        lake.append("outcomes", world.outcomes(world.truth["application_id"][old]), problem.key)
    with doing(out, "Train as known after 8 months, on what the old rules passed", 6) as on_step:
        launch("train", problem, lake, on_step, known_at=str(month[TRAINED]))
    version = approve(out, problem, lake, yes)
    named = f"{month[TRAINED]:%B} to {month[DECIDED - 1]:%B}"
    with doing(out, f"Decide {named}, day by day, within the analysts' seats", 4) as on_step:
        since, until = str(month[TRAINED]), str(month[DECIDED])
        launch("score", problem, lake, on_step, since=since, until=until)
    with doing(out, f"Analysts review {named}; what they are late with is declined"):
        given = verdicts(problem, lake, world)
        give_verdicts(problem, lake, given)
    with doing(out, "Chargebacks come in for 90 days, of the audited too"):
        log = decision_log(problem, lake, month[KNOWN])
        done = acted(problem, lake, month[KNOWN])
        passed = [done.loc[done["action"] == "pass", problem.key]]
        passed += [log.loc[log["action"] == "pass", problem.key]]
        lake.append("outcomes", world.outcomes(pd.concat(passed)), problem.key)
    log = decision_log(problem, lake, month[KNOWN])
    with ThreadPoolExecutor(1) as pool:
        own = pool.submit(measured_beside, problem, log)
        with doing(out, "Measure as known then, for everyone who applied", 2) as on_step:
            said = launch("measure", problem, lake, on_step, known_at=str(month[KNOWN]))
    estimates = lake.read(ESTIMATES)
    conclude(out, problem, estimates, own.result(), world, log, given)
    digest = approval.submission(problem.name, lake, version)["report_hash"]
    out.print("\nThe reports are pages; open them in a browser:")
    out.print(f"  the approved model: {report_path(problem.name, lake, version, digest)}")
    out.print(f"  what was measured: {said[-1].removeprefix('Read it: ')}")
    here = f"--problem {problem.name} --lake {lake.root}"
    out.print("\nTry next:")
    out.print(f"  truerisk decisions {here}")
    out.print(f"  truerisk report {here} {version}")
    out.print("  docs/fraud.md, for what the world models and the figures mean")


def verdicts(problem: Problem, lake: Lake, world: World) -> pd.DataFrame:
    """What the analysts said in time of the applications in review, as they were done.

    The hours of the simulator are those that somebody works: beyond the time of a review they end
    after its due time, when the default has acted, and the case is no longer asked for.
    """
    rows = read_ledger(problem, lake)
    rows = rows[rows["action"] == "review"]
    said = world.truth.set_index("application_id").loc[rows[problem.key]].reset_index()
    given = pd.DataFrame(
        {
            "decision_id": rows["decision_id"].to_numpy(),
            "verdict": said["verdict"],
            "because": np.where(said["verdict"] == "pass", "documents fit", "documents do not fit"),
            "by": said["analyst"],
            "at": rows["as_of"].array + said["verdict_hours"].array * HOUR,
            "due": rows[DUE].array,
        }
    )
    in_time = (said["verdict_hours"] <= LATE_HOURS) & (given["at"] <= given["due"])
    return given[in_time].drop(columns="due").reset_index(drop=True)
