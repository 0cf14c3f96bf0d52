"""Features over two frames: applications, which are the spine, and events."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from truerisk.features.build import build_features
from truerisk.lake.lake import Lake


@pytest.fixture
def build(tmp_path: Path, lake: Lake, make_problem: Callable[..., Any]) -> Callable[..., Any]:
    """Features of a source ``events`` (event_id, customer_id, happened_at, …) for a spine.

    ``window`` and ``latest`` are entries of the problem file without source and by; further
    keywords belong to the source: delay, available_at, contract.
    """

    def build_(
        events: pd.DataFrame,
        spine: pd.DataFrame,
        window: dict[str, Any] | None = None,
        latest: dict[str, Any] | None = None,
        known_at: object = None,
        features: dict[str, Any] | None = None,
        **source: Any,
    ) -> pd.DataFrame:
        if "event_id" not in events:
            events = events.assign(event_id=range(len(events)))
        events.to_parquet(tmp_path / "events.parquet")
        spine.to_parquet(tmp_path / "applications.parquet")
        place = {"source": "events", "by": "customer_id"}
        problem = make_problem(
            sources={
                "applications": {"path": f"{tmp_path}/applications.parquet"},
                "events": {
                    "path": f"{tmp_path}/events.parquet",
                    "key": "event_id",
                    "time": "happened_at",
                    **source,
                },
            },
            features={
                "columns": [],
                "window": [{**place, **window}] if window else [],
                "latest": [{**place, **latest}] if latest else [],
                **(features or {}),
            },
        )
        return build_features(problem, spine, lake, known_at)

    return build_


@pytest.fixture
def times() -> Callable[..., pd.Series]:
    """UTC instants from texts."""
    return lambda *texts: pd.Series(pd.to_datetime(list(texts), utc=True, format="ISO8601"))


@pytest.fixture
def applied(times: Callable[..., pd.Series]) -> Callable[..., pd.DataFrame]:
    """A spine: one application of customer 1 at each instant."""

    def applied_(*at: str, customer: int = 1) -> pd.DataFrame:
        keys = range(len(at))
        return pd.DataFrame(
            {"application_id": keys, "customer_id": customer, "applied_at": times(*at)}
        )

    return applied_


@pytest.fixture(scope="session")
def spark_conf() -> Iterator[dict[str, str]]:
    """What ``compute={"spark": spark_conf}`` needs for many small worlds on one Spark.

    Nothing is compiled and nothing shuffled apart, which is five times faster for a few rows, and
    Java compiles quickly rather than well, which halves its time. The same master for all tests: a
    process has one Spark. Skipped where there is no Java.
    """
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs a Java runtime, and there is none")
    from truerisk.features.engines.spark_session import stop_spark

    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    yield {
        "spark.master": "local[2]",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    stop_spark()
