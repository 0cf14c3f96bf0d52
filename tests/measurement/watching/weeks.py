"""Logs of worlds.py with dates: half a year of weekly looks."""

from functools import cache

import numpy as np
import pandas as pd

from tests.measurement import worlds
from truerisk.measurement.watching.alert import SINCE_APPROVAL

BEGIN = pd.Timestamp("2025-12-29", tz="UTC")  # the Monday on which 2026's first quarter begins


def dated(log: pd.DataFrame, weeks: int = 26, seed: int = 0) -> pd.DataFrame:
    """The log with applications spread evenly over some weeks, in thousands of dollars."""
    seconds = np.sort(np.random.default_rng(seed).integers(0, weeks * 7 * 86_400, len(log)))
    money = {c: 3_000 * log[c] for c in log.columns if c.startswith("value_")}
    return log.assign(as_of=BEGIN + pd.to_timedelta(seconds, unit="s"), **money)


@cache
def a_log(**world: object) -> pd.DataFrame:
    return dated(worlds.draw(2, n=6_000, hidden=0.8, **world))  # type: ignore[arg-type]


def until(log: pd.DataFrame, weeks: int) -> pd.DataFrame:
    return log[log["as_of"] < BEGIN + pd.Timedelta(weeks=weeks)]


def last(watched: pd.DataFrame, series: str, scope: str = SINCE_APPROVAL) -> pd.Series:
    return watched[(watched["series"] == series) & (watched["scope"] == scope)].iloc[-1]
