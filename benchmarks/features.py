"""Features side by side: truerisk, SQL written by hand, pandas, Polars and Feast on the same files.

    python benchmarks/features.py [windows] [latest] [totals] [hot] [large] [--rounds 5] [--scale 1]

windows  200,000 applications, 5M events, 5 windows of count, sum, mean, max and distinct
latest   200,000 applications, the newest balance and grade of three sources of 1M to 2M rows
totals   the windows' counts, sums and means: running totals against the range join
hot      10% of applications and events on one customer, 1 day: buckets against the range join
large    2M applications, 50M events, the same windows within 4 GB (only when it is named)

Each contestant runs in its own process, after a tiny run that does not count; rounds take turns.
Every checksum must agree, or the exit code is 1. Polars and Feast get an environment of their own,
in .truerisk/benchmarks.
"""

import argparse
import math
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contestants import HERE, Contestant, measured, python

TINY = 0.002
CLOSE = 1e-9  # relative; of means, which have no last cent


def _the(label: str, module: str, function: str, needs: str = "") -> Contestant:
    return Contestant(label, f"with_{module}", function, needs)


CASES: dict[str, list[Contestant]] = {
    "windows": [
        _the("truerisk", "truerisk", "windows"),
        _the("DuckDB, SQL by hand", "duckdb", "windows"),
        _the("Polars, join and filter", "polars", "windows", "polars"),
        _the("Polars, rolling", "polars", "rolling", "polars"),
        _the("pandas", "pandas", "windows"),
    ],
    "latest": [
        _the("truerisk", "truerisk", "latest"),
        _the("DuckDB, SQL by hand", "duckdb", "latest"),
        _the("Polars", "polars", "latest", "polars"),
        _the("pandas", "pandas", "latest"),
        _the("Feast on DuckDB", "feast", "latest", "feast"),
    ],
    "totals": [
        _the("truerisk, running totals", "truerisk", "totals"),
        _the("truerisk, range join", "truerisk", "totals_joined"),
    ],
    "hot": [
        _the("truerisk, as planned", "truerisk", "hot"),
        _the("truerisk, range join", "truerisk", "hot_joined"),
    ],
    "large": [
        _the("truerisk within 4 GB", "truerisk", "large"),
        _the("DuckDB, SQL by hand, no limit", "duckdb", "windows"),
    ],
}
USUAL = ("windows", "latest", "totals", "hot")


def main(words: list[str]) -> int:
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("cases", nargs="*", choices=[[], *CASES], default=[], metavar="CASE")
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--scale", type=float, default=1.0)
    ask.add_argument("--without", nargs="*", default=[], help="modules to leave out, such as feast")
    asked = ask.parse_args(words)
    same, versions = True, {"python": platform.python_version()}
    for case in asked.cases or USUAL:
        contestants = [c for c in CASES[case] if c.module[5:] not in asked.without]
        with tempfile.TemporaryDirectory() as folder:
            tiny, full = Path(folder) / "tiny", Path(folder) / "full"
            for path, scale in ((tiny, TINY * asked.scale), (full, asked.scale)):
                python([HERE / "data.py", case, path, scale])
            rounds = [
                {c.label: measured(c, full, tiny) for c in contestants} for _ in range(asked.rounds)
            ]
        print("\n".join(table(case, rounds)), flush=True)
        same &= all(not differing(round_) for round_ in rounds)
        versions |= {k: v for m in rounds[0].values() for k, v in m["versions"].items()}
    on = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {on}")
    return 0 if same else 1


def differing(round_: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The contestants whose features are not those of the first."""
    first, *others = round_.items()
    return [label for label, found in others if not agree(found, first[1])]


def agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    found, wanted = one["checksums"], other["checksums"]
    return found.keys() == wanted.keys() and all(
        a == b
        or (name.startswith("mean") and a[0] == b[0] and math.isclose(a[1], b[1], rel_tol=CLOSE))
        for name, (a, b) in ((n, (found[n], wanted[n])) for n in found)
    )


def table(case: str, rounds: list[dict[str, dict[str, Any]]]) -> Iterable[str]:
    """A Markdown table: medians, and the median over rounds of the ratio to the first."""
    first = next(iter(rounds[0]))
    wrong = {label for round_ in rounds for label in differing(round_)}
    yield f"\n| {case}, {len(rounds)} rounds | seconds | × {first} | peak MB | same numbers |"
    yield "|---|---|---|---|---|"
    for label, found in rounds[0].items():
        seconds = statistics.median(r[label]["seconds"] for r in rounds)
        ratio = statistics.median(r[label]["seconds"] / r[first]["seconds"] for r in rounds)
        peak = max(r[label]["bytes"] for r in rounds) / 1e6
        note = f" ({found['note']})" if found["note"] else ""
        verdict = "no" if label in wrong else "yes"
        yield f"| {label}{note} | {seconds:.2f} | {ratio:.2f} | {peak:,.0f} | {verdict} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
