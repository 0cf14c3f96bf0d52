"""Files come into the lake once, whatever dies or runs twice; a bad file ends in one sentence."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import truerisk as tr
from tests.flows.conftest import Run
from tests.flows.test_bad_input import PROBLEM, refused

pytestmark = pytest.mark.slow

FILLED = PROBLEM.replace('path = "applications.csv"', 'table = "applications"').replace(
    "[sources.outcomes]",
    '[sources.applications.ingest]\npath = "in/applications*.csv"\n[sources.outcomes]',
)
INGEST = ["ingest", "--problem", "loans.toml", "--lake", "lake"]
ROWS = 40_000


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a problem whose applications are filled from in/."""
    (tmp_path / "loans.toml").write_text(FILLED)
    (tmp_path / "in").mkdir()
    return tmp_path


@pytest.fixture
def ingest(here: Path, quick: Callable[..., Run]) -> Callable[..., Run]:
    return lambda *more: quick(*INGEST, *more, cwd=here)


def put(here: Path, name: str, first: int, last: int, negative: int = 0) -> Path:
    rng = np.random.default_rng(first)
    n = last - first
    amounts = rng.integers(1000, 9000, n)
    amounts[:negative] *= -1
    file = here / "in" / name
    pd.DataFrame(
        {
            "application_id": range(first, last),
            "customer_id": rng.integers(0, 900, n),
            "applied_at": "2024-03-10T12:00:00",
            "amount": amounts,
            "purpose": rng.choice(["car", "home"], n),
        }
    ).to_csv(file, index=False)
    return file


def figures(here: Path) -> list[tuple[int, ...]]:
    """rows, accepted, rejected, held already, of every ingest, in order."""
    records = tr.open_lake(here / "lake").read("ingests").sort_values("file")
    columns = ["rows", "accepted", "rejected", "already_held"]
    return [tuple(row) for row in records[columns].itertuples(index=False)]


@pytest.mark.slow
def test_new_files_are_ingested_and_then_there_is_nothing_new(
    here: Path, ingest: Callable[..., Run]
) -> None:
    put(here, "applications1.csv", 0, 100)
    put(here, "applications2.csv", 100, 200, negative=3)
    first, second = ingest(), ingest()
    assert first.returncode == 0, first.stderr
    assert "applications2.csv: 100 rows, 97 accepted, 3 rejected, 0 held already." in first.stdout
    assert '- rejected: column "amount" is below 0 in 3 rows (row 1, 2, 3)' in first.stdout
    assert second.stdout == "applications: nothing new, 2 files known.\n"
    other = put(here, "mine.csv", 150, 210)
    refused(ingest("--source", f"applications={other}"), "mine.csv: 50 of 60 rows break")


@pytest.mark.slow
def test_a_bad_file_ends_in_one_sentence_after_those_before_it(
    here: Path, ingest: Callable[..., Run]
) -> None:
    put(here, "applications1.csv", 0, 100)
    cut = put(here, "applications2.csv", 100, 200)
    cut.write_text(cut.read_text()[:-20])
    put(here, "applications3.csv", 200, 300)
    sentence = refused(ingest(), "applications2.csv cannot be read: line 101 has", "before it: /")
    assert sentence.startswith('loans.toml: source "applications", file ')
    assert figures(here) == [(100, 100, 0, 0)]
    put(here, "applications2.csv", 100, 200)
    assert ingest().returncode == 0
    assert figures(here) == [(100, 100, 0, 0)] * 3
    refused(ingest("--source", "outcomes=a.csv"), 'source "outcomes" is no lake table')


@pytest.mark.slow
def test_an_ingest_killed_between_its_commits_and_run_again_counts_each_row_once(
    here: Path, truerisk: Callable[..., Run], environment: Mapping[str, str]
) -> None:
    put(here, "applications1.csv", 0, ROWS, negative=7)
    script = str(Path(sys.executable).with_name("truerisk"))
    process = subprocess.Popen(
        [script, *INGEST],
        env=environment, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    commit = here / "lake" / "applications" / "_delta_log" / f"{1:020}.json"
    deadline = time.monotonic() + 300
    while not commit.exists() and time.monotonic() < deadline:
        time.sleep(0.0005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    lake = tr.open_lake(here / "lake")
    assert lake.version("ingests") in (None, 0), "the kill came too late to mean something"
    again = truerisk(*INGEST, cwd=here)
    assert again.returncode == 0, again.stderr
    assert f"{ROWS:,} rows, {ROWS - 7:,} accepted, 7 rejected" in again.stdout
    assert figures(here) == [(ROWS, ROWS - 7, 7, 0)]
    assert len(lake.read("quarantine")) == 7
    kept = lake.read("applications")["application_id"]
    assert len(kept) == kept.nunique() == ROWS - 7


@pytest.mark.slow
@pytest.mark.thorough
def test_two_ingests_of_the_same_file_at_once_leave_each_row_once(
    here: Path, environment: Mapping[str, str]
) -> None:
    put(here, "applications1.csv", 0, ROWS, negative=7)
    script = str(Path(sys.executable).with_name("truerisk"))
    words = [script, *INGEST]
    both = [
        subprocess.Popen(words, env=environment, cwd=here, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [p.wait(timeout=600) for p in both] == [0, 0]
    assert figures(here) == [(ROWS, ROWS - 7, 7, 0)]
    lake = tr.open_lake(here / "lake")
    assert len(lake.read("quarantine")) == 7
    assert lake.read("applications")["application_id"].is_unique
    assert lake.read("profiles")["profile_id"].is_unique
