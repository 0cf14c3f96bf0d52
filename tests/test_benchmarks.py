"""The benchmarks run, at a tiny scale, and their contestants agree."""

import re
import subprocess
import sys

import pytest

from truerisk.lake.lake import repository

pytestmark = pytest.mark.slow


def run(*words: str) -> subprocess.CompletedProcess[str]:
    folder = repository() / "benchmarks"
    return subprocess.run(
        [sys.executable, str(folder / words[0]), *words[1:]], capture_output=True, text=True
    )


def test_every_way_to_compute_features_gives_the_same_numbers() -> None:
    done = run(
        *("features.py", "windows", "latest", "totals", "hot"),
        *("--scale", "0.005", "--rounds", "1", "--without", "polars", "feast"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("| yes |") == 3 + 3 + 2 + 2


def test_a_wrong_contestant_is_noticed() -> None:
    sys.path.insert(0, str(repository() / "benchmarks"))
    import features

    right = {"checksums": {"sum_1d": [3, 600], "mean_1d": [3, 2.0]}}
    for wrong in ({"sum_1d": [3, 601]}, {"mean_1d": [3, 2.0001]}, {"mean_1d": [2, 2.0]}):
        assert not features.agree({"checksums": right["checksums"] | wrong}, right)
    last = {"checksums": {"sum_1d": [3, 600], "mean_1d": [3, 2.0 + 1e-12]}}
    assert features.agree(last, right)
    assert features.differing({"one": right, "two": {"checksums": {}}}) == ["two"]


def test_lookups_are_the_builds_to_the_bit() -> None:
    done = run(
        "online.py", *["--events", "3000", "--customers", "40", "--lookups", "30", "--hot", "500"]
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"31 applications against build_features: 0 values differ", done.stdout)
