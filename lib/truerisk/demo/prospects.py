"""Campaigns whose truth is known: whom to contact, and what a contact adds to no contact."""

import numpy as np
import pandas as pd
from rich.console import Console

from truerisk.columns import chance_of, score_of, value_of
from truerisk.decisions.ledger import decision_log, read_ledger
from truerisk.demo.steps import approve, doing
from truerisk.lake.lake import Lake
from truerisk.lake.tables import ESTIMATES
from truerisk.measurement.metrics.cutoff import at_share
from truerisk.measurement.uplift.beside import ALL, HIGHEST, RAN
from truerisk.models.package import report_path
from truerisk.problem.spec import Problem
from truerisk.registry import approval
from truerisk.running.launch import launch
from truerisk.simulator import Campaigns, simulate_prospects
from truerisk.wording.counted import counted
from truerisk.wording.dollars import dollars
from truerisk.wording.table import show, table

START, CAMPAIGNS, LEARNED = "2025-01-01", 12, 9
A_CAMPAIGN = 0.4  # of the customers are on its list
TABLES = {"prospects": "prospect_id", "visits": "visit_id"}
CONTACT, SKIP = "contact", "skip"
HEADS = (
    "dollars for 1,000 prospects,\nbeside contacting nobody",
    "contacted",
    "usually reported",
    "truerisk, 95% interval",
    "the truth",
)
SAID = {RAN: "what ran", ALL: "contact everyone", HIGHEST: "as many of the highest response"}


def tell(
    out: Console, problem: Problem, lake: Lake, applications: int, seed: int, yes: bool
) -> None:
    """Simulate, train, approve, decide, follow and measure; then say how close it came."""
    month = [pd.Timestamp(START, tz="UTC") + pd.DateOffset(months=m) for m in range(15)]
    begin, end, known = month[LEARNED], month[CAMPAIGNS], month[CAMPAIGNS + 2]
    customers = max(round(applications / CAMPAIGNS / A_CAMPAIGN), 1)
    what = f"Simulate {CAMPAIGNS} campaigns among {counted(customers, 'customer')}, seed {seed}"
    with doing(out, what):
        world = simulate_prospects(customers, CAMPAIGNS, seed, START)
        for name, key in TABLES.items():
            lake.append(name, getattr(world, name), key)
        old = (world.prospects["listed_at"] < begin).to_numpy()
        lake.append("responses", _old_responses(world, old), problem.key)
    what = f"Train on {LEARNED} campaigns whose contacts were drawn, their chance kept"
    with doing(out, what, tasks=5) as on_step:
        offered = launch("train", problem, lake, on_step, known_at=str(begin))
    for line in offered[-3:-1]:  # what its policy adds, and the gate
        out.print(f"  {line}")
    version = approve(out, problem, lake, yes)
    what = f"Decide campaigns {LEARNED + 1} to {CAMPAIGNS}, with a hold-out of 5%"
    with doing(out, what, tasks=4) as on_step:
        said = launch("score", problem, lake, on_step, since=str(begin), until=str(end))
    out.print(f"  {said[0]}")
    with doing(out, "Follow them for 30 days"):
        decided = read_ledger(problem, lake)
        contacted = dict(zip(decided[problem.key], decided["action"].eq(CONTACT)))
        seen = world.responses(contacted).assign(chance=decided["propensity"].to_numpy())
        lake.append("responses", seen, problem.key)
    with doing(out, "Measure as known then what a contact added", tasks=2) as on_step:
        said = launch("measure", problem, lake, on_step, known_at=str(known))
    log, measured = decision_log(problem, lake, known), lake.read(ESTIMATES)
    out.print()
    show(out, table(HEADS, _rows(log, measured, world), right=HEADS[1:]))
    out.print(
        "\nUsually reported: every purchase of a contacted customer is the contact's. Most of them "
        "would have bought anyway, which only customers left alone at random can show."
    )
    digest = approval.submission(problem.name, lake, version)["report_hash"]
    out.print("\nThe reports are pages; open them in a browser:")
    out.print(f"  the approved model: {report_path(problem.name, lake, version, digest)}")
    out.print(f"  what was measured: {said[-1].removeprefix('Read it: ')}")
    here = f"--problem {problem.name} --lake {lake.root}"
    out.print("\nTry next:")
    out.print(f"  truerisk decisions {here}")
    out.print(f"  truerisk train {here} --known-at {known:%Y-%m-%d}")
    out.print("  docs/prospects.md, for what the world models and the figures mean")


def _old_responses(world: Campaigns, old: np.ndarray) -> pd.DataFrame:
    truth = world.truth[old]
    seen = world.responses(dict(zip(truth["prospect_id"], truth["old_contact"])))
    chance = truth["old_chance"].where(truth["old_contact"], 1 - truth["old_chance"])
    return seen.assign(chance=chance.to_numpy())


def _rows(log: pd.DataFrame, measured: pd.DataFrame, world: Campaigns) -> list[list[str]]:
    """A row for each policy: what is usually said, what truerisk says, and what is true."""
    own = measured[measured["metric"].eq("incremental_dollars") & measured["population"].eq("all")]
    share = float(log[chance_of(CONTACT)].mean())
    chances = {
        RAN: log[chance_of(CONTACT)].to_numpy(),
        ALL: np.ones(len(log)),
        HIGHEST: at_share(log[score_of(CONTACT)].to_numpy(), share).f,
    }
    truth = world.truth.set_index("prospect_id").loc[log["prospect_id"]]
    margin = log[value_of(SKIP, "if_event")].to_numpy()
    cost = -log[value_of(CONTACT, "if_no_event")].to_numpy()
    adds = (truth["p_contact"] - truth["p_skip"]).to_numpy() * margin - cost
    got = (log["event"] * margin - cost).to_numpy()
    did = log["action"].eq(CONTACT).to_numpy()
    rows = []
    for policy, chance in chances.items():
        row = own[own["policy"] == policy].iloc[0]
        among = np.average(got[did], weights=chance[did])
        rows.append(
            [
                SAID[policy],
                f"{chance.mean():.0%}",
                dollars(1_000 * float(chance.mean() * among)),
                f"{dollars(1_000 * row['value'])}  {dollars(1_000 * row['low'])} … "
                f"{dollars(1_000 * row['high'])}",
                dollars(1_000 * float((chance * adds).mean())),
            ]
        )
    return rows
