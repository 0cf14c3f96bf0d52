"""Exploration spend: committed when decided, predicted and realised once outcomes came."""

import numpy as np
import pandas as pd

from truerisk.monitoring.monitor import Monitor
from truerisk.problem.spec import Problem
from truerisk.reports.charts import dollars as dollar_charts
from truerisk.reports.kit.blocks import Block, Cell, Figure, Folded, Table, Text
from truerisk.reports.monitor import decided
from truerisk.statistics.interval import Z
from truerisk.wording.dollars import dollars
from truerisk.wording.numbers import day, interval, rough, whole


def exploration(problem: Problem, monitor: Monitor) -> list[Block]:
    """How many, at what cost, and when the rest of it will be known."""
    blocks = decided.exploration(problem, monitor.log)
    spend = monitor.spend
    if isinstance(spend, str):
        return blocks
    known = spend[spend["labels"] > 0]
    if known.empty:
        return [*blocks, Text(_by_when(problem, monitor)), Table(_table(problem, spend))]
    predicted, realised = float(known["predicted"].sum()), float(known["realised"].sum())
    half = Z * float(np.sqrt((known["realised_se"] ** 2).sum()))
    said = (
        f"The {whole(known['labels'].sum())} explored applications whose outcome is known were "
        f"predicted to cost {dollars(predicted)} and did cost {dollars(realised)} "
        f"({interval(realised - half, realised + half, dollars)})"
    )
    off = realised / predicted if predicted > 0 else 0.0
    if abs(realised - predicted) <= half:
        said += ", as predicted within what chance allows."
    elif off > 0:
        said += f": {off:.1f} times the prediction, more than chance explains. Exploration was "
        said += "priced with scores that are off where it happens."
    else:
        said += ": not what was predicted, by more than chance explains."
    return [
        *blocks,
        Text(f"{said} {_by_when(problem, monitor)}"),
        Figure(
            "Cost of exploration by month of application, those with a known outcome",
            dollar_charts.spend(known),
        ),
        Folded("Every month in figures", [Table(_table(problem, spend))]),
    ]


def _by_when(problem: Problem, monitor: Monitor) -> str:
    waiting = monitor.log[monitor.log["explored"] & ~monitor.log["mature"]]
    if waiting.empty:
        return "Nothing explored is still to mature."
    at = waiting["as_of"] + problem.maturing
    return (
        f"{whole(len(waiting))} explored applications are still to mature, the first on "
        f"{day(at.min())}, the last on {day(at.max())}."
    )


def _table(problem: Problem, spend: pd.DataFrame) -> pd.DataFrame:
    lines = []
    for row in spend.to_dict("records"):
        expected = f"{rough(row['expected_labels'])} expected"
        end = pd.Timestamp(f"{row['month']}-01", tz="UTC") + pd.offsets.MonthBegin(1)
        realised = Cell("–", muted=True)
        if row["labels"]:
            half = Z * row["realised_se"]
            span = interval(row["realised"] - half, row["realised"] + half, dollars)
            realised = Cell(dollars(row["realised"]), span)
        lines.append(
            {
                "Month": row["month"],
                "Could be explored": whole(row["explorable"]),
                "Explored": Cell(whole(row["explored"]), expected),
                "Committed": dollars(row["committed"]),
                "Outcomes known": whole(row["labels"]),
                "Predicted of these": dollars(row["predicted"]),
                "Realised of these": realised,
                "All known by": day(end + problem.maturing),
            }
        )
    return pd.DataFrame(lines)
