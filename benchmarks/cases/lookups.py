"""Features of one application from the online store: 26 aggregates over 5M events, at random.

2,000 customers of 100,000 are looked up; the percentiles are those of one lookup, in milliseconds.
"""

import time
from collections.abc import Mapping
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

import truerisk as tr

END = pd.Timestamp("2025-01-01", tz="UTC")
DAYS, CUSTOMERS, EVENTS, LOOKUPS = 120, 100_000, 5_000_000, 2_000
PERCENTILES = (50, 95, 99)
PROBLEM = """
name = "bench"
[sources.applications]
table = "applications"
key = "application_id"
time = "applied_at"
[sources.outcomes]
table = "outcomes"
key = "application_id"
time = "applied_at"
[sources.events]
table = "events"
key = "event_id"
time = "happened_at"
contract.amount = { type = "money" }
[application]
source = "applications"
subject = "customer_id"
[outcome]
source = "outcomes"
event = "true"
observed = "applied_at"
horizon = "30d"
[features]
columns = ["amount"]
derived.share_of_spend = "amount / nullif(events__sum_amount__90d, 0)"
[[features.window]]
source = "events"
by = "customer_id"
over = ["1d", "7d", "30d", "90d"]
compute = ["count", "sum(amount)", "mean(amount)", "max(amount)"]
[[features.window]]
source = "events"
by = "customer_id"
over = ["30d", "90d"]
compute = ["distinct(merchant)", "sum(score)", "std(score)", "count where declined"]
[[features.window]]
source = "events"
by = "customer_id"
over = ["90d"]
compute = ["since_last", "share where declined"]
[candidates.prior]
[actions.approve]
reveals = true
if_event = "-1"
if_no_event = "1"
[actions.decline]
reveals = false
if_event = "0"
if_no_event = "0"
"""


def prepare(folder: Path, seed: int, scale: float) -> None:
    rng, n = np.random.default_rng(seed), int(EVENTS * scale)
    (folder / "bench.toml").write_text(PROBLEM)
    lake = tr.open_lake(folder / "lake")
    back = (rng.random(n) * DAYS * 86_400_000_000).astype("int64")
    made = {
        "event_id": np.arange(n),
        "customer_id": [f"C{i}" for i in rng.integers(0, CUSTOMERS, n)],
        "happened_at": pa.array(END.value // 1000 - back, pa.timestamp("us", tz="UTC")),
        "amount": np.round(rng.lognormal(3.5, 1.2, n), 2),
        "score": rng.normal(size=n),
        "merchant": [f"m{i}" for i in rng.integers(0, 5_000, n)],
        "declined": rng.random(n) < 0.08,
    }
    lake.append("events", pa.table(made), "event_id")
    ago = pd.to_timedelta(rng.integers(0, 25 * 86_400, LOOKUPS), unit="s")
    applied = pd.DataFrame(
        {
            "application_id": range(LOOKUPS),
            "customer_id": [f"C{i}" for i in rng.integers(0, CUSTOMERS, LOOKUPS)],
            "applied_at": (END - ago).as_unit("us"),
            "amount": np.round(rng.uniform(100, 20_000, LOOKUPS), 2),
        }
    )
    lake.append("applications", applied, "application_id")


def ready(folder: Path) -> None:
    sync = tr.online.sync_online if "online" in tr.__all__ else tr.sync_online
    sync(tr.load_problem(folder / "bench.toml"), tr.open_lake(folder / "lake"), store(folder))


def work(folder: Path) -> dict[str, Any]:
    here = "truerisk.features.online."
    name = "features_for" if find_spec(f"{here}features_for") else "lookup"
    look_up = import_module(here + name).OnlineFeatures(
        tr.load_problem(folder / "bench.toml"), store(folder)
    )
    rows = tr.open_lake(folder / "lake").read("applications").to_dict("records")
    took, found = [], []
    for row in rows:
        began = time.perf_counter()
        found.append(look_up(row, row["applied_at"]))
        took.append(1000 * (time.perf_counter() - began))
    bits = pd.DataFrame(found).astype(float).to_numpy().tobytes()
    times = {f"p{p}, ms": float(np.percentile(took, p)) for p in PERCENTILES}
    return times | {"features": sha256(bits).hexdigest()}


def agree(old: Mapping[str, list[Any]], new: Mapping[str, list[Any]]) -> list[str]:
    """The features are the same bits; only times differ."""
    return [] if old["features"] == new["features"] else ["features differ"]


def store(folder: Path) -> str:
    return str(folder / "bench.sqlite")
