"""Features of one application from the online store: how long a lookup takes, and is it right.

    python benchmarks/online.py [--events 5000000] [--customers 100000] [--lookups 2000]

26 aggregates over four windows of one source, from 5M events of 100k customers in a lake table;
then one customer with 500k events in the longest window. A sample of the answers is compared with
build_features bit for bit.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

import truerisk as tr
from truerisk.features.online.features_for import OnlineFeatures
from truerisk.problem.load import problem_from

COMPUTE = {
    ("1d", "7d", "30d", "90d"): ["count", "sum(amount)", "mean(amount)", "max(amount)"],
    ("30d", "90d"): ["distinct(merchant)", "sum(score)", "std(score)", "count where declined"],
    ("90d",): ["since_last", "share where declined"],
}
END = pd.Timestamp("2025-01-01", tz="UTC")
DAYS = 120
HOT = "C-hot"
CHECKED = 200


def problem_over(lake: tr.Lake) -> tr.Problem:
    windows = [
        {"source": "events", "by": "customer_id", "over": list(over), "compute": compute}
        for over, compute in COMPUTE.items()
    ]
    keyed = {"key": "application_id", "time": "applied_at"}
    return problem_from(
        {
            "name": "bench",
            "sources": {
                "applications": {"table": "applications", **keyed},
                "outcomes": {"table": "outcomes", "key": "application_id", "time": "applied_at"},
                "events": {
                    "table": "events",
                    "key": "event_id",
                    "time": "happened_at",
                    "contract": {"amount": {"type": "money"}},
                },
            },
            "application": {"source": "applications", "subject": "customer_id"},
            "outcome": {
                "source": "outcomes",
                "event": "true",
                "observed": "applied_at",
                "horizon": "30d",
            },
            "features": {
                "columns": ["amount"],
                "derived": {"share_of_spend": "amount / nullif(events__sum_amount__90d, 0)"},
                "window": windows,
            },
            "candidates": {"prior": {}},
            "actions": {
                "approve": {"reveals": True, "if_event": "-1", "if_no_event": "1"},
                "decline": {"reveals": False, "if_event": "0", "if_no_event": "0"},
            },
        },
        "bench.toml",
    )


def events(rng: np.random.Generator, rows: int, customers: int, hot: int) -> pa.Table:
    who = pd.Series("C" + pd.Series(rng.integers(0, customers, rows)).astype("str"))
    who = pd.concat([who, pd.Series([HOT] * hot, dtype="str")], ignore_index=True)
    n = rows + hot
    start = END.value // 1000 - DAYS * 86_400_000_000
    span = np.where(np.arange(n) < rows, DAYS, 85) * 86_400_000_000
    at = start + (DAYS * 86_400_000_000 - span) + (rng.random(n) * span).astype("int64")
    return pa.table(
        {
            "event_id": pa.array(np.arange(n)),
            "customer_id": pa.array(who),
            "happened_at": pa.array(at, pa.timestamp("us", tz="UTC")),
            "amount": pa.array(np.round(rng.lognormal(3.5, 1.2, n), 2)),
            "score": pa.array(rng.normal(size=n)),
            "merchant": pa.array([f"m{i}" for i in range(5000)]).take(
                pa.array(rng.integers(0, 5000, n))
            ),
            "declined": pa.array(rng.random(n) < 0.08),
        }
    )


def applications(rng: np.random.Generator, rows: int, customers: int) -> pd.DataFrame:
    back = pd.to_timedelta(rng.integers(0, 25 * 86_400, rows), unit="s")
    return pd.DataFrame(
        {
            "application_id": range(rows),
            "customer_id": [f"C{i}" for i in rng.integers(0, customers, rows)],
            "applied_at": (END - back).as_unit("us"),
            "amount": np.round(rng.uniform(100, 20_000, rows), 2),
        }
    )


def timed(look_up: OnlineFeatures, rows: list[Mapping[str, object]]) -> np.ndarray:
    """Milliseconds of each lookup."""
    took = []
    for row in rows:
        began = time.perf_counter()
        look_up(row, row["applied_at"])
        took.append(1000 * (time.perf_counter() - began))
    return np.array(took)


def differing(look_up: OnlineFeatures, built: pd.DataFrame, spine: pd.DataFrame) -> int:
    """How many values are not those of the batch build, to the bit."""
    rows = [look_up(row, row["applied_at"]) for row in spine.to_dict("records")]
    found = pd.DataFrame(rows)
    one = built[found.columns].to_numpy("float64").view("int64")
    nan = np.isnan(found.to_numpy("float64")) & np.isnan(built[found.columns].to_numpy("float64"))
    return int(((found.to_numpy("float64").view("int64") != one) & ~nan).sum())


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--events", type=int, default=5_000_000)
    ask.add_argument("--customers", type=int, default=100_000)
    ask.add_argument("--lookups", type=int, default=2_000)
    ask.add_argument("--hot", type=int, default=500_000)
    asked = ask.parse_args()
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        lake, store = tr.open_lake(f"{folder}/lake"), f"{folder}/bench.sqlite"
        rows = events(rng, asked.events, asked.customers, asked.hot)
        lake.append("events", rows, "event_id")
        spine = applications(rng, asked.lookups, asked.customers)
        lake.append("applications", spine, "application_id")
        problem = problem_over(lake)

        began = time.perf_counter()
        tr.online.sync_online(problem, lake, store)
        synced = time.perf_counter() - began
        again = time.perf_counter()
        tr.online.sync_online(problem, lake, store)
        unchanged = time.perf_counter() - again
        look_up = OnlineFeatures(problem, store)
        held = os.path.getsize(store) / 1e6
        print(f"{asked.events:,} events of {asked.customers:,} customers, {held:,.0f} MB")
        print(f"sync {synced:.1f} s, again {unchanged:.2f} s; load {os.getloadavg()[0]:.1f}")

        took = timed(look_up, spine.to_dict("records"))
        hot = spine.head(5).assign(customer_id=HOT, applied_at=END)
        slow = timed(look_up, hot.to_dict("records"))
        print("\nfeatures of one application   p50 ms   p95 ms   p99 ms   max ms")
        for what, ms in ((f"{asked.lookups:,} random", took), (f"hot, {asked.hot:,} rows", slow)):
            p50, p95, p99 = np.percentile(ms, [50, 95, 99])
            print(f"{what:<28}{p50:9.3f}{p95:9.3f}{p99:9.3f}{ms.max():9.3f}")

        sample = pd.concat([spine.head(CHECKED), hot.head(1).assign(application_id=-1)])
        wrong = differing(look_up, tr.build_features(problem, sample, lake), sample)
        print(f"\n{len(sample)} applications against build_features: {wrong} values differ")
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
