"""Real processes that race, die and try again leave every row once."""

import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from truerisk.lake.lake import open_lake

pytestmark = pytest.mark.slow

OPEN = """
import os, sys, time
import pandas as pd
from truerisk.lake.lake import open_lake

root = sys.argv[1]
lake = open_lake(root)
print("ready", flush=True)
while not os.path.exists(f"{root}/start"):
    time.sleep(0.001)
"""

# Appends slices of six keys that overlap by half; prints how many rows it appended.
APPEND = """
first, last = map(int, sys.argv[2:])
appended = 0
for at in range(first, last, 3):
    rows = pd.DataFrame({"key": range(at, min(at + 6, last)), "by": os.getpid()})
    appended += lake.append("rows", rows, "key")
print(appended)
"""

# Meets its rival at the birth of twelve tables.
CREATE = """
began, appended = time.time(), 0
for birth in range(12):
    while time.time() < began + 0.15 * birth:
        pass
    appended += lake.append(f"table{birth}", pd.DataFrame({"key": range(5)}), "key")
print(appended)
"""

READ = "print(len(lake.read('rows')))"


def launch(what: str, root: Path, *keys: int) -> subprocess.Popen[str]:
    """A process that has imported everything and waits for the starting shot."""
    command = [sys.executable, "-c", OPEN + what, str(root), *map(str, keys)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str]) -> int:
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return int(out)


@pytest.mark.slow
def test_two_processes_that_append_the_same_rows_neither_repeat_nor_lose_one(
    tmp_path: Path,
) -> None:
    """120 keys, 40 of them shared, from a table that does not exist yet."""
    racers = [launch(APPEND, tmp_path, 0, 80), launch(APPEND, tmp_path, 40, 120)]
    (tmp_path / "start").touch()
    appended = [finish(racer) for racer in racers]
    rows = open_lake(tmp_path).read("rows")
    assert sorted(rows["key"]) == list(range(120))
    assert sorted(rows["by"].value_counts()) == sorted(appended)


@pytest.mark.slow
def test_two_first_appends_to_a_table_that_does_not_exist_make_one_table(tmp_path: Path) -> None:
    pair = [launch(CREATE, tmp_path) for _ in range(2)]
    (tmp_path / "start").touch()
    assert sum(finish(process) for process in pair) == 12 * 5
    lake = open_lake(tmp_path)
    assert [sorted(lake.read(f"table{n}")["key"]) for n in range(12)] == [list(range(5))] * 12


@pytest.mark.slow
def test_a_killed_writer_loses_and_repeats_nothing_once_it_has_run_again(tmp_path: Path) -> None:
    (tmp_path / "start").touch()
    lake = open_lake(tmp_path)
    for kill_at in (2, 9):
        process = launch(APPEND, tmp_path, 0, 60)
        while (lake.version("rows") or 0) < kill_at:
            assert process.poll() is None
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    survived = lake.read("rows")["key"]
    assert 0 < len(survived) < 60, "the kill came too late to mean something"
    assert finish(launch(APPEND, tmp_path, 0, 60)) == 60 - len(survived)
    assert sorted(lake.read("rows")["key"]) == list(range(60))


@pytest.mark.slow
def test_reading_a_table_does_not_abort_the_interpreter_at_exit(tmp_path: Path) -> None:
    """deltalake's own readers end about half of such processes with code 134."""
    open_lake(tmp_path).append("rows", pd.DataFrame({"key": range(1000)}), "key")
    (tmp_path / "start").touch()
    for _ in range(4):
        pair = [launch(READ, tmp_path) for _ in range(2)]
        assert [finish(process) for process in pair] == [1000, 1000]
