"""Measurement side by side: how long estimates with intervals take, and whether they are true.

    python benchmarks/measurement.py [auc] [size] [truth] [--rounds 3] [--rows 10000000]

auc    AUC with its influence function at 60,000 rows beside scikit-learn and DeLong
size   every metric with intervals on 1M and 10M decisions: time and peak memory
truth  event rate, AUC, recall and precision for everyone who applied to a lender that approves by
       more than the columns show, by truerisk, NannyML and Evidently, against what is true

Contestants run in their own processes, after a tiny run that does not count; rounds take turns.
Each round of ``truth`` has seven more logs of 60,000 applications, 27% of them declined and 2% of
these explored, which everybody reads. NannyML and Evidently get an environment of their own, in
.truerisk/benchmarks. The exit code is 1 where the AUC is not that of all pairs, of scikit-learn and
of DeLong.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contestants import Contestant, measured, python

CASES = ("auc", "size", "truth")
ROWS, FEW, TIMES = 60_000, 2_000, 20
LOGS = 7  # of each round of ``truth``
HIDDEN = 0.8
EXPLORED = 0.02
EXPLORED_LARGE = 0.01
EXACT = 1e-9  # relative
ESTIMATORS = [
    Contestant("truerisk, doubly robust", "with_measure", "everyone"),
    Contestant("NannyML, CBPE", "with_nannyml", "approved", "nannyml"),
    Contestant("NannyML, CBPE from random labels", "with_nannyml", "random", "nannyml"),
    Contestant("Evidently, classification", "with_evidently", "quality", "evidently"),
]
SIZES = [
    Contestant("m fitted on the score", "with_measure", "fitted"),
    Contestant("m given", "with_measure", "given"),
]
ASKED = ("auc", "event_rate", "recall", "precision")

Found = dict[str, dict[str, Any]]  # contestant → what measure.py says


def main(words: list[str]) -> int:
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("cases", nargs="*", choices=[[], *CASES], default=[], metavar="CASE")
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--rows", type=int, default=10_000_000, help="of the larger log of size")
    ask.add_argument("--applications", type=int, default=ROWS, help="of a log of auc and truth")
    ask.add_argument("--without", nargs="*", default=[], help="nannyml, evidently")
    asked = ask.parse_args(words)
    same, versions = True, {"python": platform.python_version()}
    cases = asked.cases or CASES
    if "auc" in cases:
        found = json.loads(python(["auc.py", asked.applications, FEW, TIMES]))
        print("\n".join(auc_table(asked.applications, found)), flush=True)
        same &= agree(found["differences"])
        versions |= found["versions"]
    if "size" in cases:
        runs = [(n, sizes(n, asked.rounds)) for n in (asked.rows // 10, asked.rows)]
        print("\n".join(size_table(runs)), flush=True)
        versions |= _versions(runs[0][1][0])
    if "truth" in cases:
        contestants = [c for c in ESTIMATORS if c.needs not in asked.without or not c.needs]
        for hidden in (HIDDEN, 0.0):
            true = json.loads(python(["lender.py", "truth", hidden]))
            rounds = against_truth(contestants, hidden, asked.applications, asked.rounds)
            print("\n".join(truth_table(hidden, true, rounds)), flush=True)
            versions |= _versions(rounds[0])
    on = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {on}")
    return 0 if same else 1


def agree(differences: Mapping[str, float]) -> bool:
    return all(off <= EXACT for off in differences.values())


def sizes(rows: int, rounds: int) -> list[Found]:
    """Large logs take one round: their minutes vary little."""
    with tempfile.TemporaryDirectory() as folder:
        tiny, full = _logs(Path(folder), rows, 1, 1, HIDDEN, EXPLORED_LARGE)
        repeats = rounds if rows <= 1_000_000 else 1
        return [{c.label: measured(c, full, tiny) for c in SIZES} for _ in range(repeats)]


def against_truth(
    contestants: list[Contestant], hidden: float, rows: int, rounds: int
) -> list[Found]:
    made = []
    for first in range(1, rounds * LOGS, LOGS):
        with tempfile.TemporaryDirectory() as folder:
            tiny, full = _logs(Path(folder), rows, LOGS, first, hidden, EXPLORED)
            made.append({c.label: measured(c, full, tiny) for c in contestants})
    return made


def _logs(
    folder: Path, rows: int, logs: int, seed: int, hidden: float, explored: float
) -> tuple[Path, Path]:
    python(["lender.py", "log", folder, rows, logs, seed, hidden, explored])
    return folder / "tiny", folder / "full"


def auc_table(rows: int, found: Mapping[str, Any]) -> Iterator[str]:
    first, *_ = took = {name: statistics.median(s) for name, s in found["seconds"].items()}
    yield f"\n| AUC, {rows:,} rows, median of {TIMES} | milliseconds | × {first} |"
    yield "|---|---|---|"
    for name, seconds in took.items():
        times = zip(found["seconds"][name], found["seconds"][first])
        ratio = statistics.median(one / other for one, other in times)
        yield f"| {name} | {1000 * seconds:.1f} | {ratio:.2f} |"
    yield "\n| largest relative difference | |\n|---|---|"
    for name, off in found["differences"].items():
        yield f"| {name} | {off:.1e} |"


def size_table(runs: list[tuple[int, list[Found]]]) -> Iterator[str]:
    yield "\n| decisions | outcome model | estimates | seconds | CPU s | peak MB | log read, MB |"
    yield "|---|---|---|---|---|---|---|"
    for rows, rounds in runs:
        for label, found in rounds[0].items():
            seconds, cpu = (
                statistics.median(r[label][name] for r in rounds) for name in ("seconds", "cpu")
            )
            peak, before = (max(r[label][n] for r in rounds) / 1e6 for n in ("bytes", "before"))
            yield (
                f"| {rows:,} | {label} | {found['figures']['estimates']} | {seconds:.1f} "
                f"| {cpu:.1f} | {peak:,.0f} | {before:,.0f} |"
            )


def truth_table(hidden: float, true: Mapping[str, float], rounds: list[Found]) -> Iterator[str]:
    """Errors of each metric, mean ± spread over logs, and how many intervals hold the truth."""
    first = next(iter(rounds[0]))
    logs = sum(len(r[first]["figures"]) for r in rounds)
    title = "a hidden trait decides" if hidden else "nothing hidden decides"
    names = " | ".join(f"{name.replace('_', ' ')} {true[name]:.3f}" for name in ASKED)
    yield f"\n| {title}, {logs} logs; true: | {names} | seconds a log | × {first} | peak MB |"
    yield "|---|" + "---|" * (len(ASKED) + 3)
    for label, found in rounds[0].items():
        errors = " | ".join(_error([r[label] for r in rounds], name, true[name]) for name in ASKED)
        seconds = statistics.median(r[label]["seconds"] for r in rounds) * len(rounds) / logs
        ratio = statistics.median(r[label]["seconds"] / r[first]["seconds"] for r in rounds)
        peak = max(r[label]["bytes"] for r in rounds) / 1e6
        note = f" ({found['note']})" if found["note"] else ""
        yield f"| {label}{note} | {errors} | {seconds:.2f} | {ratio:.2f} | {peak:,.0f} |"


def _error(runs: list[dict[str, Any]], name: str, true: float) -> str:
    told = [log[name] for r in runs for log in r["figures"] if name in log]
    if not told:
        return "withheld"
    errors = [value - true for value, *_ in told]
    error = f"{statistics.mean(errors):+.3f} ± {statistics.pstdev(errors):.3f}"
    if told[0][1] is None:
        return f"{error}, no interval"
    return f"{error}, {sum(low <= true <= high for _, low, high in told)} of {len(told)}"


def _versions(found: Found) -> dict[str, str]:
    return {k: v for run in found.values() for k, v in run["versions"].items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
