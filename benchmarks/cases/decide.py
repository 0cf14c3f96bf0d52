"""Deciding 1,000,000 applications, features given, beside CatBoost from Parquet to Parquet by hand.

Three actions, one with a capacity, Neyman exploration. Both sides read the same file, score it with
the same model and write what they made; ours are the rows of the ledger.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier

from truerisk.decisions.batch import Batch
from truerisk.decisions.decide import decide
from truerisk.problem.load import problem_from

ROWS, DAYS = 1_000_000, 30
NUMBERS = [f"x{i}" for i in range(18)]
FEATURES = [*NUMBERS, "channel", "region"]
PROBLEM = {
    "name": "seats",
    "sources": {
        "applications": {
            "table": "applications",
            "key": "application_id",
            "time": "applied_at",
            "owner": "fraud",
            "description": "Applications.",
        },
        "outcomes": {
            "table": "outcomes",
            "key": "application_id",
            "time": "observed_at",
            "owner": "fraud",
            "description": "Chargebacks.",
        },
    },
    "application": {"source": "applications", "subject": "customer_id"},
    "outcome": {
        "source": "outcomes",
        "event": "fraud",
        "observed": "observed_at",
        "horizon": "90d",
    },
    "features": {"columns": FEATURES},
    "candidates": {"prior": {}},
    "actions": {
        "pass": {"reveals": True, "if_event": "-exposure", "if_no_event": "0.1 * exposure"},
        "call": {
            "reveals": True,
            "same_outcome_as": "pass",
            "if_event": "-0.2 * exposure - 6",
            "if_no_event": "0.09 * exposure - 6",
            "capacity": ROWS // DAYS // 20,
        },
        "decline": {"reveals": False, "if_event": "0", "if_no_event": "0"},
    },
    "exploration": [{"action": "pass", "share_of_profit": 0.02}],
}


def prepare(folder: Path, seed: int, scale: float) -> None:
    rng, n = np.random.default_rng(seed), int(ROWS * scale)
    frame = pd.DataFrame(rng.normal(size=(n, len(NUMBERS))), columns=NUMBERS)
    frame["channel"] = rng.choice(["web", "app", "branch"], n)
    frame["region"] = rng.choice([f"r{i}" for i in range(20)], n)
    frame["exposure"] = rng.gamma(2, 200, n).round(2)
    frame["application_id"] = np.arange(n)
    frame["subject"] = rng.integers(0, int(n * 0.9), n)
    start = pd.Timestamp("2025-03-01", tz="UTC").as_unit("us")
    seconds = np.sort(rng.integers(0, DAYS * 86_400, n))
    frame["as_of"] = start + pd.to_timedelta(seconds, unit="s")
    p = 1 / (1 + np.exp(2.5 - frame["x0"] - 0.5 * frame["x1"] * frame["x2"]))
    few = slice(0, min(n, 100_000))
    model = CatBoostClassifier(
        iterations=300,
        depth=6,
        cat_features=["channel", "region"],
        random_seed=seed,
        verbose=0,
        allow_writing_files=False,
    )
    model.fit(frame.loc[: few.stop - 1, FEATURES], (rng.random(n) < p)[few].astype(int))
    model.save_model(folder / "model.cbm")
    frame.to_parquet(folder / "applications.parquet", index=False)


def by_hand(folder: Path) -> pd.DataFrame:
    frame = pd.read_parquet(folder / "applications.parquet")
    model = CatBoostClassifier().load_model(folder / "model.cbm")
    return frame.assign(score=model.predict_proba(frame[FEATURES])[:, 1])


def work(folder: Path) -> dict[str, Any]:
    problem = problem_from(PROBLEM, "seats.toml")
    started, cpu = time.perf_counter(), time.process_time()
    by_hand(folder).to_parquet(folder / "scored.parquet", index=False)
    hand, hand_cpu = time.perf_counter() - started, time.process_time() - cpu
    started, cpu = time.perf_counter(), time.process_time()
    scored = by_hand(folder)
    batch = Batch(id="b", model_version="m", features=FEATURES, spine=pd.DataFrame())
    made = decide(problem, scored, batch)
    decided = time.perf_counter()
    made.to_parquet(folder / "decided.parquet", index=False)
    ours, ours_cpu = time.perf_counter() - started, time.process_time() - cpu
    return {
        "hand_seconds": round(hand, 2),
        "ours_seconds": round(ours, 2),
        "ours_to_decided": round(decided - started, 2),
        "throughput": round(hand / ours, 3),
        "throughput_cpu": round(hand_cpu / ours_cpu, 3),
        "actions": made["action"].value_counts().to_dict(),
        "explored": int(made["explored"].sum()),
    }
