"""This revision beside another one: the same work, the same outputs, in how much time and memory.

    python benchmarks/against.py 06ebdef [--case train] [--rounds 5] [--scale 1.0]

The other revision is checked out into a temporary folder. Every case is a file of cases/ with

    prepare(folder, seed, scale)   makes what the work reads, by the other revision for both
    ready(folder)                  optional: what each revision makes of it for itself; not counted
    work(folder) -> dict           is counted; name → a number or a text to compare
    agree(old, new) -> list[str]   optional: what is wrong with the outputs of all rounds, mappings
                                   of names to lists; else they are equal to 1e-9

and a line in CASES. Old and new take turns, each run in a fresh process of this Python; round k has
seed k. The exit code is 1 where outputs do not agree.
"""

import argparse
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

CASES = ("demo", "flows", "help", "lookups", "measure", "models", "monitor", "train")
HERE = Path(__file__).resolve().parent
EXACT = 1e-9  # relative
MEASURES = {"cpu": "CPU s", "wall": "wall s", "peak": "peak MB"}

Outputs = Mapping[str, list[Any]]


def main(words: list[str]) -> int:
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("revision")
    ask.add_argument("--case", action="append", choices=CASES, help="default all")
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--scale", type=float, default=1.0, help="of the data, for a quick look")
    asked = ask.parse_args(words)
    wrong = []
    with checked_out(asked.revision) as other:
        sides = {"old": other / "lib", "new": HERE.parent / "lib"}
        for case in asked.case or CASES:
            runs: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
            for seed in range(1, asked.rounds + 1):
                with tempfile.TemporaryDirectory() as folder:
                    part(case, sides["old"], folder, "prepare", str(seed), str(asked.scale))
                    for side, library in sides.items():
                        runs[side].append(run(case, library, Path(folder)))
            print("\n".join(table(case, runs)), flush=True)
            wrong += [f"{case}: {what}" for what in differing(case, runs)]
    print(
        f"\n{datetime.now(UTC):%Y-%m-%d}, {asked.revision} beside this, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}"
    )
    print("\n".join(wrong or ["Outputs agree."]))
    return 1 if wrong else 0


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A work tree of the revision in a temporary folder, gone afterwards."""
    git = ["git", "-C", str(HERE.parent), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "old"
        subprocess.run([*git, "add", "--detach", "-q", str(path), revision], check=True)
        try:
            yield path
        finally:
            subprocess.run([*git, "remove", "--force", str(path)], check=True)


def run(case: str, library: Path, prepared: Path) -> dict[str, Any]:
    """What a process says of the work: cpu and wall (seconds), peak (bytes), outputs."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(prepared, folder, dirs_exist_ok=True)
        part(case, library, folder, "ready")
        return json.loads(part(case, library, folder, "work").splitlines()[-1])


def part(case: str, library: Path, folder: str, *words: str) -> str:
    """What a part of a case prints, in a process of its own; its failure ends the benchmark."""
    done = subprocess.run(
        [sys.executable, str(HERE / "cases" / "one.py"), case, folder, *words],
        env={**os.environ, "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        cwd=folder,
    )
    if done.returncode:
        raise SystemExit(f"{words[0]} of {case} by {library} failed:\n{done.stderr}")
    return done.stdout


def table(case: str, runs: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Medians over rounds, and the median of the rounds' ratios."""
    rounds = len(runs["old"])
    yield f"\n| {case}, {rounds} round{'s' if rounds > 1 else ''} | old | new | new / old |"
    yield "|---|---|---|---|"
    for name, title in MEASURES.items():
        old, new = ([r[name] for r in runs[side]] for side in ("old", "new"))
        by = 1e6 if name == "peak" else 1
        ratio = statistics.median(n / o for o, n in zip(old, new))
        middles = [statistics.median(side) / by for side in (old, new)]
        yield f"| {title} | {middles[0]:,.1f} | {middles[1]:,.1f} | {ratio:.3f} |"
    old_out, new_out = outputs(runs["old"]), outputs(runs["new"])
    for name in [n for n in old_out if n in new_out]:
        both = old_out[name], new_out[name]
        if all(isinstance(v, int | float) for side in both for v in side):
            first, second = (statistics.mean(side) for side in both)
            yield f"| {name}, mean | {first:.6g} | {second:.6g} | {second - first:+.2g} apart |"


def outputs(runs: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [r["outputs"].get(name) for r in runs] for name in runs[0]["outputs"]}


def differing(case: str, runs: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    sys.path.insert(0, str(HERE / "cases"))
    agree = getattr(import_module(case), "agree", equal)
    return agree(outputs(runs["old"]), outputs(runs["new"]))


def equal(old: Outputs, new: Outputs) -> list[str]:
    """The names of outputs that are not the same to 1e-9."""
    return [
        f"{name} differs"
        for name in sorted(old.keys() | new.keys())
        if not all(map(_same, old.get(name, [None]), new.get(name, [None])))
    ]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        alike = math.isnan(one) and math.isnan(other)
        return alike or math.isclose(one, other, rel_tol=EXACT, abs_tol=1e-15)
    return bool(one == other)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
