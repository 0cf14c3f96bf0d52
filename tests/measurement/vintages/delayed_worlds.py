"""Worlds whose outcomes take time, with known risks and known timing, drawn in one stroke.

A row of risk p has its event by age t (in horizons) with probability p·t^k if nothing closes it: k
is 1.6 for what the policy approves, 0.6 for what it declines, so that the explored default early.
Closing comes at a constant rate. After ``shift_at`` (calendar time) hazards are ``shift`` times as
high, at every age. Who applies within the last horizon may be ``riskier`` (in x).
"""

from functools import cache

import numpy as np
import pandas as pd

from tests.measurement.worlds import BASE, CUTOFF, SLOPE, sigmoid

HORIZON = pd.Timedelta(days=180)
KNOWN_AT = pd.Timestamp("2026-01-01", tz="UTC")
START = pd.Timestamp("2025-01-01", tz="UTC")
PI = 0.25
LATE, EARLY = 1.6, 0.6
CLOSING = 0.25  # ends by closing within a horizon, where no event comes first


def draw(
    seed: int,
    n: int = 12_000,
    shift: float = 1.0,
    shift_days: float = 45,
    riskier: float = 0.0,
    start: pd.Timestamp = START,
) -> pd.DataFrame:
    """A log as known at KNOWN_AT with its truth beside it: ``p_final``, risk of an event that
    counts, ``y`` whether it would come (also where nobody looks), and ``m``, which ignores x."""
    rng = np.random.default_rng(seed)
    x, u = rng.normal(size=(2, n))
    days = (KNOWN_AT - start) / pd.Timedelta(days=1)
    day = np.sort(rng.random(n) * days)
    x = x + riskier * (day > days - 180)
    score, risk = sigmoid(BASE + SLOPE * x), sigmoid(BASE + SLOPE * x + 0.8 * u)
    declined = risk >= CUTOFF
    power = np.where(declined, EARLY, LATE)
    # Invert the cumulative hazard −log(1 − p·t^k), which grows ``shift`` times as fast after `at`.
    at = ((days - shift_days - day) / 180).clip(0)
    before = -np.log1p(-risk * np.minimum(at, 1) ** power)
    needed = rng.exponential(size=n)
    base = np.where(needed <= before, needed, before + (needed - before) / shift)
    event_age = ((1 - np.exp(-base)) / risk) ** (1 / power)
    close_age = rng.exponential(size=n) / -np.log1p(-CLOSING)
    y = (event_age <= 1) & (event_age < close_age)
    age = (days - day) / 180
    mature = age >= 1
    revealed = rng.random(n) < np.where(declined, PI, 1.0)
    happened = revealed & y & (event_age <= age)
    followed = np.minimum(np.where(y, event_age, close_age), age)
    as_of = start + pd.to_timedelta(day, unit="D").round("s")
    return pd.DataFrame(
        {
            "subject": np.arange(n),
            "as_of": as_of,
            "mature": as_of + HORIZON <= KNOWN_AT,
            "score": score,
            "p_reveal": np.where(declined, PI, 1.0),
            "revealed": revealed & mature,
            "event": np.where(revealed & mature, y, np.nan),
            "event_at": _at(as_of, event_age, happened),
            "followed_until": _at(as_of, followed, revealed),
            "m": 0.15,
            "y": y,
            "declined": declined,
        }
    )


def _at(as_of: pd.DatetimeIndex, age: np.ndarray, there: np.ndarray) -> pd.Series:
    days = pd.to_timedelta(np.where(there, age, 0) * 180, unit="D").round("s")
    return pd.Series(as_of + days).clip(upper=KNOWN_AT).where(there)


def as_it_came(log: pd.DataFrame) -> np.ndarray:
    """The pseudo-label of every row once all have matured, shape (n,): what is forecast."""
    seen = log["followed_until"].notna()
    return (log["m"] + seen / log["p_reveal"] * (log["y"] - log["m"])).to_numpy()


@cache
def truth() -> float:
    """The event rate of everyone under stationary timing, from two million outcomes."""
    return float(np.mean([draw(10_000 + s, n=500_000)["y"].mean() for s in range(4)]))
