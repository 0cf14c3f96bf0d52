"""Real processes that race, die and try again leave every row once."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.racing import Racer, shoot
from truerisk.lake.lake import Lake, open_lake

pytestmark = pytest.mark.slow

# Reads once both have begun; prints how many rows there are.
READ = """
import os, sys, time
from truerisk.lake.lake import open_lake

lake = open_lake(sys.argv[1])
print("ready", flush=True)
while not os.path.exists(f"{sys.argv[1]}/start"):
    time.sleep(0.001)
print(len(lake.read("rows")))
"""


def append(lake: Lake, first: int, last: int) -> int:
    """Append slices of six keys that overlap by half; how many rows were new."""
    appended = 0
    for at in range(first, last, 3):
        rows = pd.DataFrame({"key": range(at, min(at + 6, last)), "by": os.getpid()})
        appended += lake.append("rows", rows, "key")
    return appended


def create(lake: Lake) -> int:
    """Meet the rival at the birth of twelve tables."""
    began, appended = time.time(), 0
    for birth in range(12):
        while time.time() < began + 0.15 * birth:
            pass
        appended += lake.append(f"table{birth}", pd.DataFrame({"key": range(5)}), "key")
    return appended


def reader(root: Path) -> subprocess.Popen[str]:
    """An interpreter of its own, which has imported everything and waits for the starting shot."""
    command = [sys.executable, "-c", READ, str(root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
def test_two_processes_that_append_the_same_rows_neither_repeat_nor_lose_one(
    tmp_path: Path,
) -> None:
    """120 keys, 40 of them shared, from a table that does not exist yet."""
    racers = [Racer(append, tmp_path, 0, 80), Racer(append, tmp_path, 40, 120)]
    shoot(tmp_path)
    appended = [racer.finish() for racer in racers]
    rows = open_lake(tmp_path).read("rows")
    assert sorted(rows["key"]) == list(range(120))
    assert sorted(rows["by"].value_counts()) == sorted(appended)


@pytest.mark.slow
def test_two_first_appends_to_a_table_that_does_not_exist_make_one_table(tmp_path: Path) -> None:
    pair = [Racer(create, tmp_path) for _ in range(2)]
    shoot(tmp_path)
    assert sum(racer.finish() for racer in pair) == 12 * 5
    lake = open_lake(tmp_path)
    assert [sorted(lake.read(f"table{n}")["key"]) for n in range(12)] == [list(range(5))] * 12


@pytest.mark.slow
def test_a_killed_writer_loses_and_repeats_nothing_once_it_has_run_again(tmp_path: Path) -> None:
    shoot(tmp_path)
    lake = open_lake(tmp_path)
    for kill_at in (2, 9):
        racer = Racer(append, tmp_path, 0, 60)
        while (lake.version("rows") or 0) < kill_at:
            assert racer.is_running()
        racer.kill()
    survived = lake.read("rows")["key"]
    assert 0 < len(survived) < 60, "the kill came too late to mean something"
    assert Racer(append, tmp_path, 0, 60).finish() == 60 - len(survived)
    assert sorted(lake.read("rows")["key"]) == list(range(60))


@pytest.mark.slow
def test_reading_a_table_does_not_abort_the_interpreter_at_exit(tmp_path: Path) -> None:
    """deltalake's own readers end about half of such processes with code 134."""
    open_lake(tmp_path).append("rows", pd.DataFrame({"key": range(1000)}), "key")
    shoot(tmp_path)
    for _ in range(4):
        pair = [reader(tmp_path) for _ in range(2)]
        assert [int(process.communicate(timeout=300)[0]) for process in pair] == [1000, 1000]
        assert [process.returncode for process in pair] == [0, 0]
