"""97 processes are killed while they score, ingest and approve: nothing is lost or doubled.

Each child does one unit of work and is killed with SIGKILL at a moment drawn over the time that
such work takes; then the same work is done again, as a scheduler would. A kill that came after the
child's end is not counted and is drawn again.
"""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import SMALL
from truerisk.decisions.batch import plan_batch, score
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit, read_ledger
from truerisk.features.definitions import definition
from truerisk.lake.ingest.ingest import ingest
from truerisk.lake.ingest.new_files import find_new_files
from truerisk.lake.lake import open_lake
from truerisk.models.calibration import Calibration
from truerisk.models.candidates import CANDIDATES
from truerisk.models.package import Model, save, save_report
from truerisk.problem.load import problem_from, read_text
from truerisk.problem.spec import Prior, Problem
from truerisk.registry.approval import approve, champion_of, submit
from truerisk.registry.events import history
from truerisk.registry.verify import sentence, verify

pytestmark = pytest.mark.thorough

KILLS = {"score": 41, "ingest": 33, "approve": 23}  # 97
A_DAY, A_FILE = 25, 40
FIRST = pd.Timestamp("2025-01-01", tz="UTC")
VISITS = """
[sources.visits]
table = "visits"
key = "visit"
time = "at_"
[sources.visits.contract]
pages = { min = 1 }
[sources.visits.ingest]
max_rejected = 0.5
"""


def small() -> Problem:
    return problem_from(read_text(SMALL + VISITS), "small.toml")


def begun(root: str) -> None:
    """Applications of as many days as there are kills, and a champion."""
    lake, n = open_lake(root), A_DAY * KILLS["score"]
    at = FIRST + pd.to_timedelta(np.arange(n) * 86_400 // A_DAY, unit="s")
    rows = pd.DataFrame({"application_id": np.arange(n), "customer_id": np.arange(n) % 97})
    rows = rows.assign(applied_at=at, amount=100.0 + np.arange(n) % 7)
    lake.append("applications", rows, "application_id")
    approve("small", lake, *offered(root, -1))


def offered(root: str, unit: int) -> tuple[str, str, str, str]:
    """Submit a model of its own; what an approval of it says."""
    lake, problem = open_lake(root), small()
    events = history(problem.name, lake)
    compared = champion_of(problem.name, lake) if len(events) else None
    X, event = pd.DataFrame({"amount": [1.0, 2.0]}), np.array([0.0, 1.0])
    fitted = CANDIDATES["prior"].fit(X, event, Prior(), 0)
    calibration = Calibration(0.0, 1.0)
    made = Model(
        name="prior",
        fitted=fitted,
        calibration=calibration,
        features=["amount"],
        definition=definition(problem),
        fingerprint=f"data {unit}",
    )
    version = save(problem.name, lake, made, {"versions": {}})
    digest = save_report(problem.name, lake, version, f"<html>{unit}</html>")
    submit(problem.name, lake, version, "TrainFlow/1", digest, compared, {"gate": []})
    return version, "Ann", "better", digest


def score_(root: str, unit: int) -> None:
    lake, problem = open_lake(root), small()
    since, until = (str(FIRST + pd.Timedelta(days=d)) for d in (unit, unit + 1))
    batch = plan_batch(problem, lake, champion_of(problem.name, lake), since, until)
    if len(batch.spine):
        commit(problem, lake, decide(problem, [score(problem, lake, batch)], batch))


def ingest_(root: str, unit: int) -> None:
    lake, problem = open_lake(root), small()
    found = find_new_files(problem, lake, {"visits": [f"{root}.in/{unit}.csv"]})
    for group in found.groups:
        ingest(problem, lake, group)


def approve_(root: str, unit: int) -> None:
    lake = open_lake(root)
    version, *said = Path(f"{root}.in/{unit}.txt").read_text().split("|")
    if champion_of("small", lake) != version:  # a person looks before doing it again
        approve("small", lake, version, *said)


DO: dict[str, Callable[[str, int], None]] = {
    "score": score_,
    "ingest": ingest_,
    "approve": approve_,
}


def child(what: str, root: str, unit: int, ready: Any) -> None:
    ready.send(True)
    DO[what](root, unit)


def prepared(what: str, root: str, unit: int) -> None:
    folder = Path(f"{root}.in")
    folder.mkdir(exist_ok=True)
    if what == "ingest":
        keys = unit * A_FILE + np.arange(A_FILE)
        rows = pd.DataFrame({"visit": keys, "at_": "2025-01-01", "pages": keys % 4})
        rows.to_csv(folder / f"{unit}.csv", index=False)
    if what == "approve":
        (folder / f"{unit}.txt").write_text("|".join(offered(root, unit)))


def faults(what: str, root: str, units: int) -> Counter[str]:
    """What is lost and what is doubled after ``units`` units of work."""
    lake, found = open_lake(root), Counter({"lost": 0, "doubled": 0})
    if what == "score":
        held = [read_ledger(small(), lake)["application_id"]]
        wanted = [range(units * A_DAY)]
    elif what == "ingest":
        keys = np.arange(units * A_FILE)
        visits, aside = lake.read("visits")["visit"], lake.read("quarantine")
        held = [visits, aside["row_id"], lake.read("ingests")["file"]]
        bad = keys[keys % 4 == 0]
        files = [f"{root}.in/{unit}.csv" for unit in range(units)]
        ids = lake.read("ingests").set_index("file")["ingest_id"]
        rejected = [f"{ids[files[k // A_FILE]]}:{k % A_FILE + 1}" for k in bad]
        wanted = [keys[keys % 4 != 0], rejected, files]
    else:
        events = history("small", lake)
        decided = events[events["event"] != "submitted"]
        held = [decided["event"] + " " + decided["version"]]
        versions = events.loc[events["event"] == "submitted", "version"].drop_duplicates()
        wanted = [[f"{e} {v}" for v in versions for e in ("approved", "promoted")]]
    for have, want in zip(held, wanted, strict=True):
        have, want = Counter(list(have)), Counter(list(want))
        found["lost"] += sum((want - have).values())
        found["doubled"] += sum((have - want).values())
    return found


def test_97_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    root, draw = str(tmp_path / "lake"), random.Random(7)
    begun(root)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.flows.test_kills"])
    total: Counter[str] = Counter()
    for what, kills in KILLS.items():
        whole = partly = 0
        takes = 0.0
        for unit in range(kills):
            prepared(what, root, unit)
            while True:
                ours, theirs = context.Pipe()
                process = context.Process(target=child, args=(what, root, unit, theirs))
                process.start()
                assert ours.poll(120) and ours.recv()
                began = time.monotonic()
                if not takes:  # the first is left to its end, to know how long it takes
                    process.join()
                    takes = time.monotonic() - began
                    DO[what](root, unit)
                    break
                time.sleep(draw.uniform(0, takes))
                process.kill()
                process.join()
                if process.exitcode == -9:
                    total["kills"] += 1
                    break
                takes *= 0.9
            before = faults_or_none(what, root, unit + 1)
            whole += before == 0
            partly += before != 0
            DO[what](root, unit)
            found = faults(what, root, unit + 1)
            total.update(found)
            assert (found["lost"], found["doubled"]) == (0, 0), (what, unit, found)
        print(f"{what}: {kills} units, {whole} whole when killed, {partly} not yet")
    while total["kills"] < sum(KILLS.values()):  # the three that were left to their end
        ours, theirs = context.Pipe()
        process = context.Process(target=child, args=("score", root, 0, theirs))
        process.start()
        assert ours.poll(120) and ours.recv()
        time.sleep(draw.uniform(0, 0.2))
        process.kill()
        process.join()
        total["kills"] += process.exitcode == -9
    for what, units in KILLS.items():
        total.update(faults(what, root, units))
    assert sentence(open_lake(root), verify(open_lake(root))) == ""
    print(f"{total['kills']} kills: {total['lost']} lost, {total['doubled']} doubled")
    assert total["kills"] == 97 and total["lost"] == total["doubled"] == 0


def faults_or_none(what: str, root: str, units: int) -> int:
    """The faults before the work is done again; a table that is not there yet is one."""
    try:
        return faults(what, root, units).total()
    except Exception:
        return 1
