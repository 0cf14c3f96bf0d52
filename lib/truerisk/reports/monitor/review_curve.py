"""Where the money lies: the review curve, one more reviewer, a better score, a perfect one."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from truerisk.monitoring.monitor import Monitor
from truerisk.reports.charts import dollars as dollar_charts
from truerisk.reports.kit.blocks import Beside, Block, Cell, Figure, Folded, Table, Text, Tiles
from truerisk.wording.dollars import dollars
from truerisk.wording.numbers import decimal, fine, interval, percent, rough

COLUMNS = {
    "threshold": ("Score from", decimal),
    "flagged_a_day": ("Flagged a day", rough),
    "false_positives_a_day": ("False positives a day", rough),
    "precision": ("Precision", percent),
    "net_dollars_a_day": ("Net dollars a day", dollars),
}
AT_CAPACITY = {
    "flagged_at_capacity": "flagged_a_day",
    "false_positives_at_capacity": "false_positives_a_day",
    "precision_at_capacity": "precision",
    "net_dollars_at_capacity": "net_dollars_a_day",
}


def review(monitor: Monitor, worth: pd.DataFrame) -> list[Block]:
    """Charts and table of the curve, then the figures of what more accuracy would bring."""
    curve = monitor.curve
    if isinstance(curve, str):
        return [Text(curve)]
    if curve["value"].isna().all():
        why = curve["status"].iloc[0]
        return [Text(f"The review curve, and what a better score is worth: {why}.")]
    caption = ""
    if monitor.capacity is not None:
        caption = f"The diamond: {monitor.capacity:g} a day, as many as now."
    charts: list[Block] = [
        Figure(title, dollar_charts.review(curve, figure, at_capacity), caption)
        for title, figure, at_capacity in (
            (
                "False positives a day at each recall",
                "false_positives_a_day",
                "false_positives_at_capacity",
            ),
            ("Net dollars a day at each recall", "net_dollars_a_day", "net_dollars_at_capacity"),
        )
    ]
    return [
        Text(
            f"The review curve: if the highest scores were given “{monitor.flag}” and all others "
            "not, how many of the events that catches (recall), how many without the event are hit "
            "on the way (false positives), and what all that earns a day, for everyone."
        ),
        Beside(charts),
        Folded("The review curve in figures", [Table(_table(curve))]),
        *_improvements(monitor, worth),
    ]


def _table(curve: pd.DataFrame) -> pd.DataFrame:
    ends = [*AT_CAPACITY, "recall_at_capacity"]
    lines = []
    for _, own in curve[~curve["figure"].isin(ends)].groupby("at"):
        rows = own.set_index("figure").to_dict("index")
        line: dict[str, object] = {"Recall": percent(own["at"].iloc[0])}
        line |= {said: _cell(rows, name, form) for name, (said, form) in COLUMNS.items()}
        lines.append(line)
    there = curve[curve["figure"].isin(ends)].set_index("figure").to_dict("index")
    if there:
        line = {"Recall": _cell(there, "recall_at_capacity", percent)}
        line |= {said: Cell("–", muted=True) for said, _ in COLUMNS.values()}
        for name, column in AT_CAPACITY.items():
            said, form = COLUMNS[column]
            line[said] = _cell(there, name, form)
        lines.append(line)
    return pd.DataFrame(lines)


def _improvements(monitor: Monitor, worth: pd.DataFrame) -> list[Block]:
    rows = worth.set_index("figure").to_dict("index")
    tiles = {}
    for name, label, form, about in (
        ("perfect_gain_a_day", "A perfect model, a day", dollars, "more than what ran"),
        ("auc_point_a_day", "+0.01 AUC, a day", dollars, "modelled"),
        ("shadow_price", "One more flag a day", dollars, "dollars a day, at the present capacity"),
        ("emp", "EMP", fine, "share of the amount; to compare with the literature only"),
    ):
        if name in rows and pd.notna(rows[name]["value"]):
            row = rows[name]
            tiles[label] = (
                form(row["value"]),
                f"{interval(row['low'], row['high'], form)}; {about}",
            )
    blocks: list[Block] = [Tiles(tiles)] if tiles else []
    if monitor.needle:
        blocks.append(Text(f"How accurate must it be to move the needle? {monitor.needle}"))
    if tiles:
        blocks.append(
            Text(
                "Modelled: the present score, recalibrated, with one more noisy reading of the "
                "outcome; the interval is about sampling, not about that model.",
                "note",
            )
        )
    return blocks


def _cell(rows: Mapping[Any, Any], name: str, form: Callable[[float], str]) -> Cell:
    if name not in rows:
        return Cell("–", muted=True)
    row = rows[name]
    if pd.isna(row["value"]):
        return Cell(str(row["status"]).partition(":")[0], muted=True)
    return Cell(form(row["value"]), interval(row["low"], row["high"], form))
