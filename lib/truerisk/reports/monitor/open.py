"""What is open: what no data identifies, what is still immature, what nothing was promised for."""

import pandas as pd

from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Cards, Text
from truerisk.reports.kit.open_questions import lowered, open_questions
from truerisk.reports.kit.wording import METRICS
from truerisk.wording.counted import counted, lasting
from truerisk.wording.lists import listed

COMPARED = ("event_rate", "auc", "policy_value")


def still_open(problem: Problem, monitor: Monitor) -> list[Block]:
    """Every status that is not ok, in words, with what settles it."""
    known = open_questions(problem, monitor.estimates)
    more = pd.DataFrame(
        [*_promises(monitor), *_immature(problem, monitor), *_waiting(monitor)],
        columns=known.columns,
    )
    table = pd.concat([known, more], ignore_index=True)
    return [Cards(table)] if len(table) else [Text("Nothing: every estimate has its value.")]


def _promises(monitor: Monitor) -> list[dict[str, str]]:
    missing = [lowered(METRICS[m]) for m in COMPARED if m not in monitor.promised]
    if not missing:
        return []
    return [
        {
            "What is open": f"Nothing was promised at approval about {listed(missing)}: the report "
            "it was approved on knew the outcomes of nobody who was turned away.",
            "Status": "no promise",
            "Where": "the watched series, which are shown and cannot alert",
            "What settles it": "Approve a model whose report had explored outcomes.",
        }
    ]


def _immature(problem: Problem, monitor: Monitor) -> list[dict[str, str]]:
    if isinstance(monitor.vintages, str):
        return []
    rows = monitor.vintages
    rows = rows[rows["kind"].eq("completed") & rows["value"].isna()]
    if rows.empty:
        return []
    months = [f"{at:%Y-%m}" for at in rows["vintage"]]
    return [
        {
            "What is open": f"{counted(len(months), 'month')} cannot be forecast yet.",
            "Status": str(rows["status"].iloc[0]),
            "Where": listed(months),
            "What settles it": f"Time: all is known {lasting(problem.outcome.horizon)} after a "
            "month’s end.",
        }
    ]


def _waiting(monitor: Monitor) -> list[dict[str, str]]:
    if isinstance(monitor.watched, str) or monitor.watched["value"].notna().any():
        return []
    return [
        {
            "What is open": "The watched series cannot be shown yet, so nothing can alert.",
            "Status": str(monitor.watched["status"].iloc[-1]),
            "Where": "the watched series",
            "What settles it": "More time, or a larger exploration budget.",
        }
    ]
