"""Ledger rows of the older rule, whose draws stuck to the subject: the chance that each had.

Before draws were of an application they were of (salt, subject, 90-day window), so that a subject's
later applications had the u of its first. π as logged is the chance before that u said anything;
after a miss at L and a hit at H the chance is that of L ≤ u < π, given L ≤ u < H:
clip((π − L)/(H − L), 0, 1). Rows of the older rule are those without ``exploration_u``.
"""

import numpy as np
import pandas as pd

from truerisk.columns import CHANCE

WINDOW = 90  # days, counted from 1970 in UTC
NEEDED = ("subject", "as_of", "action", "explored", "exploration_rate", "p_reveal", "propensity")


def with_chances_held(decided: pd.DataFrame) -> pd.DataFrame:
    """A ledger's rows with the chances that held: p_reveal, p_<action>, propensity and rate.

    Whole ledgers only: what a subject's earlier rows said is read from them. Rows that were drawn
    by themselves are as they are. Where a row contradicts the subject's earlier ones the salt was
    changed between them; the row keeps its π, and what came before says nothing any more.
    """
    if not set(NEEDED) <= set(decided):
        return decided
    rate = decided["exploration_rate"].to_numpy(dtype=float)
    older = rate > 0
    if "exploration_u" in decided:
        older &= decided["exploration_u"].isna().to_numpy()
    at = np.flatnonzero(older)
    rows = decided[["subject", "as_of"]].iloc[at].set_index(at)
    rows = rows.assign(window=_windows(rows["as_of"])).sort_values("as_of", kind="stable")
    if not rows.duplicated(["subject", "window"]).any():
        return decided
    at, group = rows.index.to_numpy(), rows.groupby(["subject", "window"], sort=False)
    hit = decided["explored"].to_numpy(dtype=bool)
    chance = rate.copy()
    of, visit = group.ngroup().to_numpy(), group.cumcount().to_numpy()
    chance[at] = _given_earlier(of, visit, rate[at], hit[at])
    return _with_chance(decided, rate, chance, hit)


def _windows(as_of: pd.Series) -> pd.Series:
    return (as_of.dt.tz_convert("UTC") - pd.Timestamp(0, tz="UTC")).dt.days // WINDOW


def _given_earlier(
    group: np.ndarray, visit: np.ndarray, pi: np.ndarray, hit: np.ndarray
) -> np.ndarray:
    """clip((π − L)/(H − L), 0, 1) of each row, visit by visit; all (n,), in order of time."""
    chance = pi.copy()
    low, high = np.zeros(group.max() + 1), np.ones(group.max() + 1)
    for k in range(visit.max() + 1):
        rows = np.flatnonzero(visit == k)
        g, p, drawn = group[rows], pi[rows], hit[rows]
        other_salt = np.where(drawn, p <= low[g], p >= high[g])
        least, most = np.where(other_salt, 0.0, low[g]), np.where(other_salt, 1.0, high[g])
        chance[rows] = np.clip((p - least) / (most - least), 0.0, 1.0)
        low[g] = np.where(drawn, least, np.maximum(least, p))
        high[g] = np.where(drawn, np.minimum(most, p), most)
    return chance


def _with_chance(
    decided: pd.DataFrame, rate: np.ndarray, chance: np.ndarray, hit: np.ndarray
) -> pd.DataFrame:
    """The rows whose rate became another chance; the policy's own action has the rest of it."""
    moved = chance != rate
    taken, other = np.where(hit, chance, 1 - chance), np.where(hit, 1 - chance, chance)
    made = {"exploration_rate": chance, "p_reveal": chance, "propensity": taken}
    action = decided["action"]
    for column in decided.columns:
        name = column.removeprefix(CHANCE)
        if name != column and column != "p_reveal":
            logged = decided[column].to_numpy(dtype=float)
            others = np.where(logged > 0, other, logged)
            made[column] = np.where(action.eq(name).to_numpy(dtype=bool), taken, others)
    return decided.assign(**{c: np.where(moved, v, decided[c]) for c, v in made.items()})
