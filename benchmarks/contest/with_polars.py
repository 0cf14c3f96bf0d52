"""Polars, lazily and streaming, in the fastest exact way we found."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

VERSIONS = ("polars",)
DAYS = (1, 7, 30, 90, 365)
DELAY = pl.duration(hours=1)
VIEWS = ("accounts", "cards", "bureau")


def windows(folder: Path) -> Callable[[], pl.DataFrame]:
    """A join by customer, an aggregate per window and feature; distinct through the previous row.

    Sums and means are taken over whole cents.
    """

    def run() -> pl.DataFrame:
        spine = pl.scan_parquet(folder / "applications.parquet")
        columns = ["customer_id", "happened_at", "cents", "merchant", "previous"]
        events = (
            pl.scan_parquet(folder / "events.parquet")
            .with_columns(cents=(pl.col("amount") * 100).round().cast(pl.Int64))
            .sort("happened_at")
            .with_columns(previous=pl.col("happened_at").shift(1).over("customer_id", "merchant"))
            .select(columns)
        )
        as_of, at, cents = pl.col("applied_at"), pl.col("happened_at"), pl.col("cents")
        pairs = spine.join(events, on="customer_id").filter(
            at < as_of - DELAY, at >= as_of - pl.duration(days=max(DAYS))
        )
        wanted = []
        for days in DAYS:
            since = as_of - pl.duration(days=days)
            kept = at >= since
            first = pl.col("previous").is_null() | (pl.col("previous") < since)
            amount = pl.when(kept).then(cents)
            wanted += [
                kept.sum().alias(f"count_{days}d"),
                amount.sum().alias(f"sum_{days}d"),
                amount.max().alias(f"max_{days}d"),
                (kept & first).sum().alias(f"distinct_{days}d"),
            ]
        found = pairs.group_by("application_id").agg(wanted)
        full = spine.select("application_id").join(found, on="application_id", how="left")
        return full.sort("application_id").with_columns(_finished()).collect(engine="streaming")

    return run


def rolling(folder: Path) -> Callable[[], pl.DataFrame]:
    """``rolling`` over events and applications in one frame, at the time they could be seen."""

    def run() -> pl.DataFrame:
        spine = pl.scan_parquet(folder / "applications.parquet")
        events = pl.scan_parquet(folder / "events.parquet").select(
            "customer_id",
            "merchant",
            (pl.col("amount") * 100).round().cast(pl.Int64).alias("cents"),
            (pl.col("happened_at") + DELAY).alias("t"),
        )
        both = (
            pl.concat([events, spine.rename({"applied_at": "t"})], how="diagonal")
            .sort("t")
            .collect()
            .lazy()
        )
        full = spine.select("application_id")
        for days in DAYS:
            found = both.rolling(
                "t", period=f"{days * 24 - 1}h", closed="left", group_by="customer_id"
            ).agg(
                pl.col("application_id").last().alias("x"),
                pl.col("cents").count().alias(f"count_{days}d"),
                pl.col("cents").sum().alias(f"sum_{days}d"),
                pl.col("cents").max().alias(f"max_{days}d"),
                pl.col("merchant").drop_nulls().n_unique().alias(f"distinct_{days}d"),
            )
            found = pl.concat(
                [
                    both.sort("customer_id", "t").select("application_id"),
                    found.drop("x").sort("customer_id", "t"),
                ],
                how="horizontal",
            ).drop_nulls("application_id")
            full = full.join(found.drop("customer_id", "t"), on="application_id", how="left")
        return full.sort("application_id").with_columns(_finished()).collect()

    return run


def _finished() -> list[pl.Expr]:
    """Dollars for cents; empty windows count 0 and are null otherwise."""
    made = []
    for days in DAYS:
        n = pl.col(f"count_{days}d").fill_null(0)
        empty = n == 0
        dollars = pl.when(~empty).then(pl.col(f"sum_{days}d") / 100)
        made += [
            n.alias(f"count_{days}d"),
            dollars.alias(f"sum_{days}d"),
            (dollars / n).alias(f"mean_{days}d"),
            (pl.col(f"max_{days}d") / 100).alias(f"max_{days}d"),
            pl.when(~empty).then(pl.col(f"distinct_{days}d")).alias(f"distinct_{days}d"),
        ]
    return made


def latest(folder: Path) -> Callable[[], pl.DataFrame]:
    """One join_asof per source, sorted so that of two snapshots at one time the later key wins."""

    def run() -> pl.DataFrame:
        joined = pl.scan_parquet(folder / "applications.parquet").sort("applied_at")
        for view in VIEWS:
            rows = (
                pl.scan_parquet(folder / f"{view}.parquet")
                .sort("happened_at", "snapshot_id")
                .select(
                    "customer_id",
                    "happened_at",
                    *(pl.col(c).alias(f"{c}_{view}") for c in ("balance", "grade")),
                )
            )
            joined = joined.join_asof(
                rows,
                left_on="applied_at",
                right_on="happened_at",
                by="customer_id",
                allow_exact_matches=False,
                check_sortedness=False,
            ).drop("happened_at")
        return joined.drop("customer_id", "applied_at").sort("application_id").collect()

    return run
