"""Feast with its offline store on DuckDB: one feature view per source, get_historical_features."""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.infra.offline_stores.duckdb import DuckDBOfflineStoreConfig
from feast.types import Float64, Int64

VERSIONS = ("feast", "duckdb", "pandas")
VIEWS = ("accounts", "cards", "bureau")


def latest(folder: Path) -> Callable[[], pd.DataFrame]:
    """Views are registered beforehand; of two snapshots at one time the later loaded one wins."""
    home = Path(tempfile.mkdtemp())
    store = FeatureStore(
        config=RepoConfig(
            project="bench",
            provider="local",
            registry=str(home / "registry.db"),
            offline_store=DuckDBOfflineStoreConfig(),
            online_store=None,
            entity_key_serialization_version=3,
        )
    )
    customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
    views = [
        FeatureView(
            name=view,
            entities=[customer],
            ttl=timedelta(0),
            schema=[Field(name="balance", dtype=Float64), Field(name="grade", dtype=Int64)],
            source=FileSource(
                path=str(folder / f"{view}.parquet"),
                timestamp_field="happened_at",
                created_timestamp_column="loaded_at",
            ),
        )
        for view in VIEWS
    ]
    store.apply([customer, *views])

    def run() -> pd.DataFrame:
        spine = pd.read_parquet(folder / "applications.parquet")
        spine = spine.rename(columns={"applied_at": "event_timestamp"})
        spine["event_timestamp"] = spine["event_timestamp"].dt.tz_localize("UTC")
        wanted = [f"{v}:{c}" for v in VIEWS for c in ("balance", "grade")]
        job = store.get_historical_features(spine, wanted, full_feature_names=True)
        found = job.to_df().sort_values("application_id", ignore_index=True)
        named = {f"{v}__{c}": f"{c}_{v}" for v in VIEWS for c in ("balance", "grade")}
        return found[["application_id", *named]].rename(columns=named)

    return run
