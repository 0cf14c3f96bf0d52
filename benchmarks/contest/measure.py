"""One contestant in its own process: seconds, processor seconds, peak memory, what it found.

python measure.py MODULE FUNCTION FOLDER TINY

``MODULE.FUNCTION(folder)`` makes ready and returns what is timed: from files to a table in memory,
of which checksums are printed, or to figures (dicts), which are printed as they are. ``before`` is
the peak memory when the clock starts, ``bytes`` when it stops.
The same is done first with the tiny folder, so that imports and first calls do not count.
"""

import gc
import importlib
import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

PLACES = 997  # weights repeat after so many rows: a checksum notices values in the wrong row


def main(module: str, function: str, folder: str, tiny: str) -> None:
    contestant = importlib.import_module(module)
    ready = getattr(contestant, function)
    ready(Path(tiny))()
    run = ready(Path(folder))
    gc.collect()
    before = peak()
    started, worked = time.perf_counter(), time.process_time()
    found = run()
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu": cpu,
                "before": before,
                "bytes": peak(),
                **what(found),
                "versions": {name: version(name) for name in contestant.VERSIONS},
                "note": getattr(contestant, "NOTES", {}).get(function, ""),
            }
        )
    )


def peak() -> int:
    """Bytes of memory that this process held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def what(found: Any) -> dict[str, Any]:
    if isinstance(found, dict | list):
        return {"figures": found}
    # A pandas frame is walked by name, a Polars frame by column: both list their names.
    names = [name for name in found.columns if name != "application_id"]
    return {"checksums": {name: checksum(name, found[name]) for name in names}}


def checksum(name: str, column: Any) -> list[float]:
    """How many values are not null, and the sum of value times place: exact, in cents.

    A mean has no last cent, and is summed as the number that it is.
    """
    values = np.asarray(column.to_numpy(), dtype=float)
    weights = np.arange(len(values)) % PLACES + 1
    kept = ~np.isnan(values)
    values, weights = values[kept], weights[kept]
    if name.startswith("mean"):
        return [int(kept.sum()), float((values * weights).sum())]
    return [int(kept.sum()), int((np.rint(values * 100).astype(np.int64) * weights).sum())]


if __name__ == "__main__":
    main(*sys.argv[1:])
