"""What the flows of score and measure cost over the same work in one process: CPU seconds.

A tenth of the demo's lender. A flow is counted whole: the process that starts it, every task, and
what Metaflow keeps of them. It must say what the one process says.
"""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import train

import truerisk as tr

FLOWS = Path(tr.__file__).resolve().parents[2] / "flows"
ASKED = {
    "score": ["--since", train.month(18), "--until", train.month(24)],
    "measure": ["--known-at", train.month(30)],
}


def prepare(folder: Path, seed: int, scale: float) -> None:
    """Two lenders: one whose champion is to decide, one whose decisions are to be measured."""
    for verb in ASKED:
        (folder / verb).mkdir()
    train.prepare(folder / "measure", seed, scale / 10)
    train.lender(folder / "score", seed, scale / 10)


def work(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for verb, words in ASKED.items():
        plain, said = run(folder / verb, __file__, verb)
        asked = ["--config", "problem", "credit.toml", "run", "--lake", "lake", *words]
        flow, told = run(folder / verb, FLOWS / f"{verb}.py", *asked)
        found[f"{verb}, CPU s"] = plain
        found[f"the flow of {verb}, CPU s over"] = flow - plain
        found[f"the flow of {verb} says the same"] = all(line in told for line in said.splitlines())
    return found


def agree(old: Mapping[str, list[Any]], new: Mapping[str, list[Any]]) -> list[str]:
    return [
        f"{side}: not so: {name}"
        for side, found in (("old", old), ("new", new))
        for name, values in found.items()
        if not all(values)
    ]


def run(lender: Path, *words: str | Path) -> tuple[float, str]:
    """CPU seconds of a Python in a copy of the lender's folder, and what it prints."""
    copy = lender.with_name("copy")
    shutil.copytree(lender, copy)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *words],
        cwd=copy,
        env={**os.environ, "TRUERISK_LAKE": str(copy / "lake")},
        capture_output=True,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(copy)
    if done.returncode:
        raise SystemExit(f"{words[0]} failed:\n{done.stdout}{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def plain(verb: str) -> str:
    """What the flow's steps do, in this process; what they say."""
    problem, lake = train.opened(Path.cwd())
    if verb == "score":
        decided, new, *_ = train.score(problem, lake)
        return tr.describe(problem, decided, new)
    at = pd.Timestamp(train.month(30))
    log = tr.decision_log(problem=problem, lake=lake, known_at=at)
    found = tr.measure_ledger(problem, lake, log, at)
    return str(found.verdict)


if __name__ == "__main__":
    print(plain(*sys.argv[1:]))
