"""pandas as a data scientist writes it: merge, filter each window, group; merge_asof for latest."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

VERSIONS = ("pandas",)
DAYS = (1, 7, 30, 90, 365)
DELAY = pd.Timedelta(hours=1)
VIEWS = ("accounts", "cards", "bureau")


def windows(folder: Path) -> Callable[[], pd.DataFrame]:
    """All pairs of an application and an event of its customer in one frame, windows cut from it.

    Sums and means are taken over whole cents; distinct is ``nunique``.
    """

    def run() -> pd.DataFrame:
        spine = pd.read_parquet(folder / "applications.parquet")
        events = pd.read_parquet(
            folder / "events.parquet", columns=["customer_id", "happened_at", "amount", "merchant"]
        )
        events["cents"] = (events["amount"] * 100).round().astype("int64")
        pairs = spine.merge(events, on="customer_id")
        pairs["age"] = pairs["applied_at"] - pairs["happened_at"]
        keys = pd.RangeIndex(len(spine))
        pairs = pairs[pairs["age"] > DELAY]
        found = {"application_id": spine["application_id"]}
        for days in reversed(DAYS):
            pairs = pairs[pairs["age"] <= pd.Timedelta(days=days)]
            by = pairs.groupby("application_id")
            cents = by["cents"].sum()
            n = by.size()
            parts = {
                "count": n,
                "sum": cents / 100,
                "mean": cents / 100 / n,
                "max": by["amount"].max(),
                "distinct": by["merchant"].nunique(),
            }
            for name, values in parts.items():
                found[f"{name}_{days}d"] = values.reindex(keys)
            found[f"count_{days}d"] = found[f"count_{days}d"].fillna(0)
        return pd.DataFrame(found)

    return run


def latest(folder: Path) -> Callable[[], pd.DataFrame]:
    """One merge_asof per source, sorted so that of two snapshots at one time the later key wins."""

    def run() -> pd.DataFrame:
        spine = pd.read_parquet(folder / "applications.parquet").sort_values("applied_at")
        for view in VIEWS:
            columns = ["snapshot_id", "customer_id", "happened_at", "balance", "grade"]
            rows = pd.read_parquet(folder / f"{view}.parquet", columns=columns)
            rows = rows.sort_values(["happened_at", "snapshot_id"]).drop(columns="snapshot_id")
            rows = rows.rename(columns={c: f"{c}_{view}" for c in ("balance", "grade")})
            spine = pd.merge_asof(
                spine,
                rows,
                left_on="applied_at",
                right_on="happened_at",
                by="customer_id",
                allow_exact_matches=False,
            ).drop(columns="happened_at")
        spine = spine.sort_values("application_id", ignore_index=True)
        return spine.drop(columns=["customer_id", "applied_at"])

    return run
