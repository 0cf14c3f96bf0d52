"""The capacity that review figures are given at: what the policy itself flags a day."""

import pandas as pd

from truerisk.isolated import Lost, isolated
from truerisk.measurement.worth.action_values import action_values


def capacity_of(log: pd.DataFrame) -> tuple[str, float | None]:
    """The action that gains most where the event happens, and how many a day it got as run.

    A whole number, over the UTC days on which mature applications came; None where the log has no
    dollars to tell the action by, or where no day would exceed it.
    """
    flag = isolated(lambda: action_values(log).action(None, True))
    if isinstance(flag, Lost):  # the dollars of the page fail alike, and say why
        return "", None
    mature = log[log["mature"]]
    day = mature["as_of"].dt.floor("D")
    a_day = float(round(mature[f"p_{flag}"].sum() / day.nunique()))
    return flag, a_day if 1 <= a_day < day.value_counts().max() and day.nunique() > 1 else None
