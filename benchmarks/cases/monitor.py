"""The monitor page of a million decisions of two years, from a frame: m fitted, measured, watched.

One application in five is a subject's later one; of the declined three in a hundred are explored.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import truerisk as tr

ROWS, AGAIN, DAYS = 1_000_000, 0.2, 730
EXPLORED, CUTOFF = 0.03, 0.2
KNOWN_AT, HORIZON = pd.Timestamp("2026-01-01", tz="UTC"), pd.Timedelta(days=180)
PROBLEM = Path(tr.__file__).parents[2] / "problems" / "credit.toml"
CLOSE = 5e-3  # what stands for unseen outcomes is fitted by other folds than in 06ebdef


def prepare(folder: Path, seed: int, scale: float) -> None:
    decisions(int(ROWS * scale), seed).to_parquet(folder / "log.parquet")


def work(folder: Path) -> dict[str, Any]:
    log = pd.read_parquet(folder / "log.parquet")
    lake = tr.open_lake(str(folder / "lake"))
    found = tr.measure_ledger(tr.load_problem(PROBLEM), lake, log, KNOWN_AT)
    rows = found.estimates
    whole = rows[rows["group_by"].eq("") & rows["population"].isin(["revealed", "all"])]
    return {
        f"{row['estimator']} {row['metric']}": float(row["value"])
        for _, row in whole[whole["metric"].isin(["event_rate", "auc", "brier"])].iterrows()
    }


def agree(old: Mapping[str, list[Any]], new: Mapping[str, list[Any]]) -> list[str]:
    """Naive figures to 1e-9, and those that rest on an outcome model nearly."""
    return [
        f"{name} differs"
        for name in sorted(old.keys() | new.keys())
        if name not in old
        or name not in new
        or not np.allclose(old[name], new[name], rtol=0, atol=CLOSE if "dr" in name else 1e-9)
    ]


def decisions(n: int, seed: int) -> pd.DataFrame:
    """A log as decision_log() gives it: eight features, of which the score knows two."""
    rng = np.random.default_rng(seed)
    first, last = KNOWN_AT - pd.Timedelta(days=DAYS), KNOWN_AT - pd.Timedelta(days=2)
    at = pd.Series(pd.date_range(first, last, periods=n).as_unit("us"))
    x = rng.normal(size=(n, 6))
    score, risk = (
        1 / (1 + np.exp(level - x[:, 0] * 0.8 - x[:, 1] * 0.5 - x[:, 2] * hidden))
        for level, hidden in ((2.2, 0.0), (2.0, 0.4))
    )
    happens = rng.random(n) < risk
    chance = np.where(score > CUTOFF, EXPLORED, 1.0)
    approved = rng.random(n) < chance
    mature = (at + HORIZON <= KNOWN_AT).to_numpy()
    seen = approved & mature
    happened = at + pd.Series(pd.to_timedelta(rng.uniform(1, 179, n), unit="D")).dt.round("us")
    amount = rng.integers(5, 40, n) * 500.0
    return pd.DataFrame(
        {
            "application_id": np.arange(n),
            "subject": np.where(rng.random(n) < AGAIN, rng.integers(0, n, n), np.arange(n)),
            "as_of": at,
            "model_version": "abc123",
            "policy_version": "p1",
            "action": np.where(approved, "approve", "decline"),
            "rule": pd.Series([None] * n, dtype="str"),
            "override": pd.Series([None] * n, dtype="str"),
            "score": score,
            "p_approve": chance,
            "p_decline": 1 - chance,
            "p_reveal": chance,
            "explored": approved & (chance < 1),
            "exploration_rate": np.where(chance < 1, chance, 0.0),
            "exploration_cost": 500.0,
            "value_approve_if_event": -0.65 * amount,
            "value_approve_if_no_event": 0.13 * amount,
            "value_decline_if_event": 0.0,
            "value_decline_if_no_event": 0.0,
            "mature": mature,
            "revealed": seen,
            "event": pd.Series(happens.astype(float)).where(seen),
            "event_at": happened.where(approved & happens & (happened <= KNOWN_AT)),
            "followed_until": happened.where(happens, at + HORIZON)
            .clip(upper=KNOWN_AT)
            .where(approved),
            "status": np.where(seen, "followed", np.where(approved, "pending", "not revealed")),
            **{f"feature__x{i}": x[:, i] for i in range(6)},
            "feature__amount": amount,
            "feature__purpose": rng.choice(["car", "home", "boat"], n),
            "protected__age_group": rng.choice(["younger", "older"], n, p=[0.3, 0.7]),
        }
    )
