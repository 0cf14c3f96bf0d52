"""Random histories as Parquet files, the same for every contestant: seeds, chunks, no surprises.

python data.py CASE FOLDER SCALE

Customers, applications and events are multiplied by the scale together, so that one customer has
as many events at any scale. Amounts are dollars with two decimals, times are UTC.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAY = 86_400 * 10**6
HOUR = 3_600 * 10**6
FIRST = 1_704_067_200 * 10**6  # 2024-01-01 in microseconds
SPAN = 730 * DAY
APPLICATIONS, EVENTS, CUSTOMERS = 200_000, 5_000_000, 50_000
LARGE = 10  # times as many of everything
HOT = 0.1  # of all rows, on one customer
CHUNK = 2_000_000
SNAPSHOTS = {"accounts": 1_000_000, "cards": 1_500_000, "bureau": 2_000_000}


def write(case: str, folder: Path, scale: float) -> None:
    """The files of one case; a rerun gives the same bytes."""
    scale = scale * LARGE if case == "large" else scale
    hot = HOT if case == "hot" else 0.0
    applications, customers = max(50, int(APPLICATIONS * scale)), max(20, int(CUSTOMERS * scale))
    rng = np.random.default_rng(1)
    folder.mkdir(parents=True)
    _save(folder / "applications.parquet", [_applications(rng, applications, customers, hot)])
    if case == "latest":
        for name, rows in SNAPSHOTS.items():
            wanted = max(500, int(rows * scale))
            _save(folder / f"{name}.parquet", _snapshots(rng, wanted, customers))
    else:
        rows = max(1_000, int(EVENTS * scale))
        _save(folder / "events.parquet", _events(rng, rows, customers, hot))


def _applications(rng: np.random.Generator, rows: int, customers: int, hot: float) -> pa.Table:
    """All in the second of the two years."""
    return pa.table(
        {
            "application_id": np.arange(rows),
            "customer_id": _customers(rng, rows, customers, hot),
            "applied_at": _times(FIRST + SPAN // 2 + rng.integers(0, SPAN // 2, rows)),
        }
    )


def _events(rng: np.random.Generator, rows: int, customers: int, hot: float) -> Iterator[pa.Table]:
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        yield pa.table(
            {
                "event_id": np.arange(start, start + n),
                "customer_id": _customers(rng, n, customers, hot),
                "happened_at": _times(FIRST + rng.integers(0, SPAN, n)),
                "amount": np.round(rng.gamma(2, 50, n), 2),
                "merchant": rng.integers(0, 500, n),
            }
        )


def _snapshots(rng: np.random.Generator, rows: int, customers: int) -> Iterator[pa.Table]:
    """On the hour, so that some customers have two at one time; the later key was loaded later."""
    for start in range(0, rows, CHUNK):
        n = min(CHUNK, rows - start)
        ids = np.arange(start, start + n)
        yield pa.table(
            {
                "snapshot_id": ids,
                "customer_id": rng.integers(0, customers, n),
                "happened_at": _times(FIRST + rng.integers(0, SPAN // HOUR, n) * HOUR),
                "loaded_at": _times(FIRST + SPAN + ids),
                "balance": np.round(rng.gamma(2, 500, n), 2),
                "grade": rng.integers(0, 10, n),
            }
        )


def _customers(rng: np.random.Generator, rows: int, customers: int, hot: float) -> np.ndarray:
    drawn = rng.integers(0, customers, rows)
    return np.where(rng.random(rows) < hot, 0, drawn) if hot else drawn


def _times(us: np.ndarray) -> pa.Array:
    return pa.array(us, pa.timestamp("us"))


def _save(path: Path, tables: Iterator[pa.Table] | list[pa.Table]) -> None:
    tables = iter(tables)
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
