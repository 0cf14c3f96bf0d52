"""Real processes that race and die leave every application decided exactly once."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.racing import Racer, shoot
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit, read_ledger
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.tables import ledger
from truerisk.problem.load import as_config, problem_from
from truerisk.problem.spec import Problem

pytestmark = pytest.mark.slow

COUNT = 300


@pytest.fixture
def world(
    tmp_path: Path, lender: Callable[..., Problem], make_scored: Any, make_batch: Any
) -> tuple[Path, Problem, pd.DataFrame]:
    """A folder with a problem and 300 decisions to commit."""
    problem = lender()
    decided = decide(problem, make_scored(COUNT), make_batch())
    (tmp_path / "lake").mkdir()
    decided.to_parquet(tmp_path / "decided.parquet")
    (tmp_path / "problem.json").write_text(json.dumps(as_config(problem)))
    return tmp_path, problem, decided


def commit_slices(lake: Lake, who: str, first: int, last: int, size: int) -> int:
    """Commit slices of ``size`` decisions, marked by who committed them; how many were new."""
    root = Path(lake.root).parent
    problem = problem_from(json.loads((root / "problem.json").read_text()))
    decided = pd.read_parquet(root / "decided.parquet").assign(run=who)
    parts = (decided[i : i + size] for i in range(first, last, size // 2))
    return sum(commit(problem, lake, part) for part in parts)


def launch(root: Path, who: str, first: int, last: int, size: int) -> Racer:
    return Racer(commit_slices, root / "lake", who, first, last, size)


def assert_each_decided_once(held: pd.DataFrame, decided: pd.DataFrame) -> None:
    assert held["application_id"].tolist() == decided["application_id"].tolist()
    columns = ["decision_id", "action", "p_reveal", "explored", "score"]
    pd.testing.assert_frame_equal(held[columns], decided[columns], check_dtype=False)


@pytest.mark.slow
def test_two_processes_that_commit_overlapping_batches_leave_one_decision_each(
    world: tuple[Path, Problem, pd.DataFrame],
) -> None:
    """Ten slices each, half of all applications in both; the ledger does not exist yet."""
    root, problem, decided = world
    racers = [launch(root, "left", 0, 225, 40), launch(root, "right", 75, COUNT, 40)]
    shoot(root / "lake")
    new = {who: racer.finish() for who, racer in zip(("left", "right"), racers)}
    held = read_ledger(problem, open_lake(root / "lake"))
    assert_each_decided_once(held, decided)
    assert held["run"].value_counts().to_dict() == {w: n for w, n in new.items() if n}
    assert min(new.values()) > 0, "they did not race"


@pytest.mark.slow
def test_the_same_batch_committed_twice_at_once_is_committed_once_and_whole(
    world: tuple[Path, Problem, pd.DataFrame],
) -> None:
    root, problem, decided = world
    racers = [launch(root, who, 0, 1, 2 * COUNT) for who in ("left", "right")]
    shoot(root / "lake")
    assert sorted(racer.finish() for racer in racers) == [0, COUNT]
    held = read_ledger(problem, open_lake(root / "lake"))
    assert_each_decided_once(held, decided)
    assert held["run"].nunique() == 1


@pytest.mark.slow
def test_whenever_a_committing_process_is_killed_running_it_again_decides_the_rest_once(
    world: tuple[Path, Problem, pd.DataFrame],
) -> None:
    root, problem, decided = world
    lake, chance = open_lake(root / "lake"), random.Random(5)
    shoot(root / "lake")
    survived = []
    for _ in range(2):
        before = lake.version(ledger(problem.name)) or 0
        racer = launch(root, "killed", 0, COUNT, 30)
        while (lake.version(ledger(problem.name)) or 0) < before + 2:
            assert racer.is_running(), "it finished before it was killed"
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.15))
        racer.kill()
        survived.append(len(lake.read(ledger(problem.name))))
    assert 0 < survived[0] < survived[-1] < COUNT, "the kills came too late to mean something"
    assert launch(root, "again", 0, COUNT, 30).finish() == COUNT - survived[-1]
    assert_each_decided_once(read_ledger(problem, lake), decided)
