"""The end of the demo: as usually reported, as truerisk reports it, and the truth."""

import numpy as np
import pandas as pd
from rich.console import Console

from truerisk.columns import IF_EVENT, IF_NO_EVENT, chance_of, value_of
from truerisk.decisions.ledger import decision_log
from truerisk.flow import Run, namespace, runs_of
from truerisk.lake.lake import Lake
from truerisk.lake.tables import ESTIMATES
from truerisk.models.package import read_manifest
from truerisk.problem.spec import Problem
from truerisk.simulator import World
from truerisk.statistics import influence
from truerisk.wording.counted import counted
from truerisk.wording.dollars import dollars
from truerisk.wording.table import show, table

HEADS = (
    "",
    "among the approved\nusually reported",
    "\n(true)",
    "everyone who applied\nreported",
    "\ntruerisk, 95% interval",
    "\nthe truth",
)


def conclude(
    out: Console,
    problem: Problem,
    lake: Lake,
    world: World,
    known_at: pd.Timestamp,
    following: str,
    period: str,
) -> None:
    """The table: as usually reported, as truerisk reports it, and the truth, for both populations.

    Everyone means everyone with a chance: rows that an absolute rule declined (p_reveal = 0) are
    left out on all sides and counted below.
    """
    log, estimates = decision_log(problem, lake, known_at), lake.read(ESTIMATES)
    estimates = estimates[estimates["segment_by"] == ""]
    truth = world.truth.set_index("application_id").loc[log[problem.key]]
    event = truth["event"].to_numpy(dtype=float)
    open_rows, revealed = (log["p_reveal"] > 0).to_numpy(), log["revealed"].to_numpy()
    score, explored = log["score"].to_numpy(), log["explored"]
    cost = float((log["exploration_rate"] * log["exploration_cost"]).sum())
    out.print(
        f"\n{problem.name}, {period}: {len(log):,} applied, {int(revealed.sum()):,} approved, "
        f"{int(explored.sum()):,} of them by exploration (expected cost {dollars(cost)})\n"
    )
    rows = []
    for name, metric, form in (("default rate", "event_rate", ".1%"), ("AUC", "auc", ".3f")):
        naive, dr = estimate(estimates, metric, "naive"), estimate(estimates, metric, "dr")
        approved, everyone = (_true(metric, event[r], score[r]) for r in (revealed, open_rows))
        usual = f"{naive['value']:{form}}"
        true = f"({approved:{form}})"
        rows.append([name, usual, true, usual, _ranged(dr, form), f"{everyone:{form}}"])
    show(out, table(HEADS, rows, right=HEADS[1:]))
    runs_of(lake)
    namespace(None)
    review = Run(read_manifest(problem.name, lake, following)["run"])["compare"].task.data.review
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


def _true(metric: str, event: np.ndarray, score: np.ndarray) -> float:
    if metric == "event_rate":
        return influence.event_rate(event, 1 - event).theta
    return influence.auc(event, 1 - event, score).theta


def _true_gain(problem: Problem, judged: pd.DataFrame, world: World) -> float:
    """Dollars an application that the chosen candidate's policy really adds to the champion's."""
    event = judged[problem.key].map(world.truth.set_index("application_id")["event"])
    gain = sum(
        (judged[f"chosen_p_{a}"] - judged[chance_of(a)])
        * np.where(event, judged[value_of(a, IF_EVENT)], judged[value_of(a, IF_NO_EVENT)])
        for a in problem.actions
    )
    return float(np.mean(gain))


def _ranged(row: pd.Series, form: str) -> str:
    return f"{row['value']:{form}}  {row['low']:{form}} … {row['high']:{form}}"
