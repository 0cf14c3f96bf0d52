"""The benchmarks run, at a tiny scale, and their contestants agree."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from truerisk.lake.home import repository
from truerisk.statistics.influence import Value

pytestmark = pytest.mark.slow


def run(*words: str) -> subprocess.CompletedProcess[str]:
    folder = repository() / "benchmarks"
    return subprocess.run(
        [sys.executable, str(folder / words[0]), *words[1:]], capture_output=True, text=True
    )


@pytest.fixture
def contest(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("benchmarks", "benchmarks/contest"):
        monkeypatch.syspath_prepend(str(repository() / folder))


@pytest.mark.thorough
def test_every_way_to_compute_features_gives_the_same_numbers() -> None:
    """All contestants; Polars and Feast get the environments that the benchmark makes for them."""
    done = run(
        *("features.py", "windows", "latest", "totals", "hot", "large"),
        *("--scale", "0.005", "--rounds", "1"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("| yes |") == 5 + 5 + 2 + 2 + 2


@pytest.mark.thorough
def test_every_way_to_measure_says_something_of_every_log() -> None:
    """All contestants; NannyML and Evidently get environments of their own."""
    done = run(
        *("measurement.py", "size", "truth", "--rounds", "1"),
        *("--rows", "20000", "--applications", "4000"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for label in ("truerisk, doubly robust", "NannyML, CBPE", "Evidently", "m given", "m fitted"):
        assert f"| {label}" in done.stdout


@pytest.mark.parametrize("case", ["windows", "latest", "totals", "hot", "large"])
def test_the_contestants_of_this_environment_agree(
    case: str, contest: None, tmp_path: Path
) -> None:
    """Every one that needs no other environment, in this process, over a few rows."""
    import data
    import features
    import measure

    data.write(case, tmp_path / case, 0.002 if case != "large" else 0.0002)
    found = {}
    for contestant in features.CASES[case]:
        if not contestant.needs:
            ready = getattr(import_module(contestant.module), contestant.function)
            found[contestant.label] = measure.what(ready(tmp_path / case)())
    assert len(found) >= 2
    assert features.differing(found) == []


def test_a_frame_that_is_walked_by_column_is_summed_by_name(contest: None) -> None:
    """As Polars' are: a column is no name."""
    import measure

    class ByColumn:
        columns: ClassVar = ["application_id", "count_1d"]

        def __getitem__(self, name: str) -> pd.Series:
            assert isinstance(name, str)
            return pd.Series([1.0, 2.0])

        def __iter__(self) -> Iterator[pd.Series]:
            return (self[name] for name in self.columns)

    assert measure.what(ByColumn()) == {"checksums": {"count_1d": [2, 500]}}


def test_a_wrong_contestant_is_noticed(contest: None) -> None:
    import features

    right = {"checksums": {"sum_1d": [3, 600], "mean_1d": [3, 2.0]}}
    for wrong in ({"sum_1d": [3, 601]}, {"mean_1d": [3, 2.0001]}, {"mean_1d": [2, 2.0]}):
        assert not features.agree({"checksums": right["checksums"] | wrong}, right)
    last = {"checksums": {"sum_1d": [3, 600], "mean_1d": [3, 2.0 + 1e-12]}}
    assert features.agree(last, right)
    assert features.differing({"one": right, "two": {"checksums": {}}}) == ["two"]


@pytest.mark.slow
def test_the_auc_is_everybodys() -> None:
    done = run("measurement.py", "auc", "--applications", "3000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| DeLong |" in done.stdout


@pytest.mark.slow
def test_measurement_contestants_read_one_log(tmp_path: Path, contest: None) -> None:
    import lender
    import measurement
    import with_measure

    world = lender.World(hidden=0.8)
    lender.write(tmp_path / "0", world, rows=20_000, seed=3, explored=0.05)
    given, fitted, everyone = (
        getattr(with_measure, name)(tmp_path)() for name in ("given", "fitted", "everyone")
    )
    assert given["estimates"] == fitted["estimates"] > 20
    run = {"seconds": 1.0, "cpu": 1.0, "before": 1e6, "bytes": 2e6, "note": "", "versions": {}}
    found = [{"m given": run | {"figures": given}}]
    assert any(
        line.startswith("| 20,000 | m given |")
        for line in measurement.size_table([(20_000, found)])
    )
    log = pd.read_parquet(tmp_path / "0" / "log.parquet")
    true = {"auc": 0.7776, "event_rate": 0.158, "recall": 0.478, "precision": 0.404}
    naive = {"event_rate": [float(log["event"].mean()), None, None]}
    rounds = [{"ours": run | {"figures": everyone}, "approved": run | {"figures": [naive]}}]
    *_, ours, approved = measurement.truth_table(0.8, true, rounds)
    assert ours.count("1 of 1") >= 3
    assert float(approved.split("|")[3].split("±")[0]) < -0.05


def test_an_auc_with_the_diagonal_is_noticed(
    contest: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import auc
    import measurement

    a, score, tied = auc.labels(400, seed=1)
    assert measurement.agree({"all pairs": auc.brute(a, 1 - a, tied)})
    right = auc.auc

    def with_the_diagonal(a: np.ndarray, b: np.ndarray, score: np.ndarray) -> Value:
        value, own = right(a, b, score), (a * b).sum()
        pairs = a.sum() * b.sum()
        theta = (value.theta * (pairs - own) + own / 2) / pairs
        return Value(theta, value.influence, value.slope)

    monkeypatch.setattr(auc, "auc", with_the_diagonal)
    assert not measurement.agree({"all pairs": auc.brute(a, 1 - a, score)})


@pytest.mark.slow
def test_lookups_are_the_builds_to_the_bit() -> None:
    done = run(
        "online.py", *["--events", "3000", "--customers", "40", "--lookups", "30", "--hot", "500"]
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"31 applications against build_features: 0 values differ", done.stdout)


def test_outputs_of_two_revisions_are_compared_to_the_ninth_digit(contest: None) -> None:
    import against

    old = {"auc": [0.75, 0.8], "page": ["a", "a"], "none": [float("nan"), None]}
    assert against.equal(old, {**old, "auc": [0.75 + 1e-12, 0.8]}) == []
    assert against.equal(old, {**old, "auc": [0.75, 0.8001]}) == ["auc differs"]
    assert against.equal(old, {"auc": old["auc"], "page": ["a", "b"]}) == [
        "none differs",
        "page differs",
    ]
    rounds = [{"cpu": 8.0, "wall": 9.0, "peak": 2e9, "outputs": {"auc": 0.75}}]
    faster = [{**rounds[0], "cpu": 2.0}]
    shown = list(against.table("train", {"old": rounds, "new": faster}))
    assert "| CPU s | 8.0 | 2.0 | 0.250 |" in shown


def test_an_auc_may_fall_by_a_thousandth_and_no_more(contest: None) -> None:
    import against

    runs = {
        side: [{"outputs": {"AUC of boosting": value}} for value in values]
        for side, values in (("old", (0.75, 0.77)), ("new", (0.75, 0.7685)))
    }
    assert against.differing("train", runs) == []
    runs["new"][0]["outputs"]["AUC of boosting"] = 0.746
    assert against.differing("train", runs) == ["AUC of boosting is lower by 0.0028"]
