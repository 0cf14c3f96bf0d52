"""What a person changed after the draw: the action that holds instead of the one decided."""

import pandas as pd

from truerisk.lake.lake import Lake
from truerisk.lake.tables import contests_of

CHANGED = "changed"


def overrides(
    lake: Lake, problem: str, known_at: pd.Timestamp, version: int | None = None
) -> pd.Series:
    """decision_id → the action of its newest contest that changed it, as known at ``known_at``.

    Empty where nobody contested. ``version`` pins the table.
    """
    table = contests_of(problem)
    version = lake.version(table) if version is None else version
    if version is None:
        return pd.Series(dtype="str", name="override")
    rows = lake.read(table, version)
    rows = rows[rows["outcome"].eq(CHANGED) & (rows["at"] <= known_at)]
    last = rows.sort_values("at", kind="stable").groupby("decision_id")["action"].last()
    return last.rename("override")
