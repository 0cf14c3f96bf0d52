"""Contests on the monitor page: who asked for a person, who answered, and what it changed."""

import pandas as pd

from truerisk.measurement.contested import EVERYONE
from truerisk.monitoring.monitor import Monitor
from truerisk.reports.kit.blocks import Block, Cell, Table, Text
from truerisk.wording.dollars import NOTHING, dollar_change
from truerisk.wording.numbers import interval, percent, whole


def contests(monitor: Monitor) -> list[Block]:
    """Counts of all contests and of each reviewer, or one sentence where there are none."""
    rows = monitor.contested
    if isinstance(rows, str):
        return [Text(rows)]
    if not rows["contests"].iloc[0]:
        return [Text("Nobody contested a decision of this model.")]
    shown = pd.DataFrame(
        {
            "Reviewer": rows["reviewer"].replace(EVERYONE, "All"),
            "Contests": rows["contests"].map(whole),
            "Open": [_open(*row) for row in zip(rows["reviewer"], rows["open"], rows["overdue"])],
            "Upheld": rows["upheld"].map(whole),
            "Changed": rows["changed"].map(whole),
            "Overturned": [
                _share(*row) for row in zip(rows["overturned"], rows["low"], rows["high"])
            ],
            "Dollars": rows["dollars"].map(dollar_change),
        }
    )
    overdue = int(rows["overdue"].iloc[0])
    wait = "waits" if overdue == 1 else "wait"
    late = f"{whole(overdue)} of them {wait} longer than was promised." if overdue else ""
    said = (
        "A decision that a contest changed is an override after the draw: it keeps its chances, "
        "counts as not revealed, and trains no model. Dollars are what the changes are worth at "
        "the model's own scores, which the reviewer had reason to doubt."
    )
    return [*([Text(late, "warning")] if late else []), Table(shown), Text(said, "note")]


def _open(reviewer: str, open_: int, overdue: int) -> Cell:
    """An open contest is nobody's yet."""
    if reviewer != EVERYONE:
        return Cell(NOTHING, muted=True)
    return Cell(whole(open_), f"{whole(overdue)} overdue" if overdue else "")


def _share(share: float, low: float, high: float) -> Cell:
    if share != share:
        return Cell("none decided", muted=True)
    return Cell(percent(share), interval(low, high, percent))
