"""Drift: which inputs moved since the model began to decide, flags first."""

import pandas as pd

from truerisk.monitoring.monitor import Monitor
from truerisk.reports.kit.blocks import Block, Bullets, Folded, Table, Text
from truerisk.wording.counted import counted
from truerisk.wording.numbers import decimal, percent


def drifted(monitor: Monitor) -> list[Block]:
    """What is flagged in words and figures; the others folded."""
    rows = monitor.drift
    if isinstance(rows, str):
        return [Text(rows)]
    flagged = rows[rows["flag"]]
    blocks: list[Block] = [
        Text(
            f"The first month this model decided ({monitor.then}) against the last "
            f"({monitor.now}). Flagged is what moved beyond chance, allowing for how many inputs "
            "are compared, and by enough to matter. Drift alone is no reason to retrain: whether "
            "quality suffered is what the watched series say."
        )
    ]
    if flagged.empty:
        blocks.append(Text(f"None of {counted(len(rows), 'input')} moved enough to matter."))
    else:
        blocks.append(Bullets([str(s) for s in flagged["sentence"]]))
    return [*blocks, Folded("Every input in figures", [Table(input_table(rows))])]


def input_table(rows: pd.DataFrame) -> pd.DataFrame:
    """drift()'s rows as figures, an input each."""
    return pd.DataFrame(
        {
            "Input": rows["column"],
            "PSI": [decimal(v) for v in rows["psi"]],
            "By chance": [decimal(v) for v in rows["by_chance"]],
            "Nulls then": [percent(v) for v in rows["nulls_reference"]],
            "Nulls now": [percent(v) for v in rows["nulls_current"]],
            "Status": [
                "moved" if flag else "withheld" if status != "ok" else "steady"
                for flag, status in zip(rows["flag"], rows["status"])
            ],
        }
    )
