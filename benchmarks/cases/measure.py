"""Measure ten million decisions from a file that holds m: every metric, a threshold and a share.

One application in five is a subject's second; of the declined one in fifty is explored.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from truerisk.measurement import measure as module

ROWS, AGAIN = 10_000_000, 0.2
EXPLORED, CUTOFF = 0.02, 0.2
FLAGGED = {"thresholds": [0.15], "shares": [0.1]}
KEYS = ["metric", "policy", "at", "estimator", "population"]
VALUES = ["value", "low", "high", "n", "effective_n"]
START, DAYS = np.datetime64("2026-01-01", "us"), 90


def prepare(folder: Path, seed: int, scale: float) -> None:
    log = decisions(int(ROWS * scale), seed)
    pq.write_table(pa.table(log), folder / "log.parquet", row_group_size=1 << 20)


def work(folder: Path) -> dict[str, Any]:
    path = folder / "log.parquet"
    try:
        from truerisk.measurement.options import Flagging
    except ModuleNotFoundError:  # 06ebdef takes a frame and asks whom to flag in arguments
        found = module.measure(pd.read_parquet(path), **FLAGGED)
    else:
        found = module.measure(path, flagging=Flagging(**FLAGGED))
    return {
        " ".join(str(part) for part in row[KEYS] if pd.notna(part)): row[VALUES].tolist()
        for _, row in found.astype(dict.fromkeys(VALUES, float)).iterrows()
    }


def agree(old: Mapping[str, list[Any]], new: Mapping[str, list[Any]]) -> list[str]:
    """The estimates that differ by more than 1e-9, relative; too many to be listed each."""
    return [
        f"{name} differs"
        for name in sorted(old.keys() | new.keys())
        if name not in old or name not in new or not _close(old[name], new[name])
    ]


def _close(one: list[Any], other: list[Any]) -> bool:
    return np.allclose(one, other, rtol=1e-9, atol=1e-15, equal_nan=True)


def decisions(n: int, seed: int) -> dict[str, np.ndarray]:
    """A log by column; the officer knows a trait that the score does not see."""
    rng = np.random.default_rng(seed)
    subjects = n - int(AGAIN * n)
    who = np.concatenate([np.arange(subjects), rng.integers(0, subjects, n - subjects)])
    x, trait = rng.normal(size=(2, subjects))
    risk, score, m = (
        1 / (1 + np.exp(2.3 - x - by * trait))[who]
        for by, x in ((0.8, x), (0.0, 0.9 * x), (0.0, x))
    )
    chance = np.where(risk < CUTOFF, 1.0, EXPLORED)
    revealed = rng.random(n) < chance
    amount = rng.lognormal(9, 0.6, n)
    return {
        "subject": who,
        "as_of": START + rng.integers(0, DAYS * 86_400, n).astype("timedelta64[s]"),
        "mature": np.ones(n, dtype=bool),
        "score": score,
        "m": m,
        "p_reveal": chance,
        "revealed": revealed,
        "event": np.where(revealed, rng.random(n) < risk, np.nan),
        "p_approve": chance,
        "p_decline": 1 - chance,
        "value_approve_if_event": -0.65 * amount,
        "value_approve_if_no_event": 0.13 * amount,
        "value_decline_if_event": np.zeros(n),
        "value_decline_if_no_event": np.zeros(n),
    }
