"""A damaged online store is said to be so, and the next sync builds it again."""

from collections.abc import Callable
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from truerisk.errors import LakeError, SourceError
from truerisk.features.online.features_for import OnlineFeatures
from truerisk.features.online.store import store_path
from truerisk.features.online.sync import sync_online
from truerisk.lake.lake import Lake, open_lake
from truerisk.problem.spec import Problem

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "the header is garbage": lambda held: b"garbage!" * 4 + held[32:],
    "it was cut": lambda held: held[: len(held) // 2],
    "pages are garbage": lambda held: held[:4096] + b"\xff" * (len(held) - 4096),
    "it holds a word": lambda held: b"nothing",
}


@pytest.fixture
def problem(lake: Lake, make_problem: Callable[..., Problem]) -> Problem:
    at = pd.to_datetime(["2025-01-01"] * 400, utc=True)
    visits = pd.DataFrame({"visit": range(400), "customer_id": [1] * 400, "at_": at, "n": 1.0})
    lake.append("visits", visits, "visit")
    applied = pd.DataFrame({"application_id": [1], "customer_id": [1], "applied_at": at[:1]})
    lake.append("applications", applied, "application_id")
    window = {"source": "visits", "by": "customer_id", "over": ["30d"], "compute": ["sum(n)"]}
    source = {"table": "visits", "key": "visit", "time": "at_"}
    features = {"columns": [], "window": [window]}
    return make_problem(sources={"visits": source}, features=features)


def asked(problem: Problem, lake: Lake) -> Any:
    features = OnlineFeatures(problem, None, lake)
    try:
        return features({"customer_id": 1}, "2025-01-10")
    finally:
        features.close()


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_told_of_and_built_again(
    damage: str, problem: Problem, lake: Lake
) -> None:
    path = Path(sync_online(problem, lake).path)
    whole = asked(problem, lake)
    assert whole == {"visits__sum_n__30d": 400.0}
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    spoilt = DAMAGES[damage](path.read_bytes())
    path.write_bytes(spoilt)
    with pytest.raises(LakeError, match=r"`truerisk features sync small.*` rebuilds a damaged one"):
        asked(problem, lake)
    [table] = sync_online(problem, lake).tables
    assert table.what == "built" and "the store was damaged (" in table.because
    assert Path(f"{path}.damaged").read_bytes() == spoilt
    assert asked(problem, lake) == whole
    assert sync_online(problem, lake).tables[0].what == "unchanged"


@pytest.mark.slow
def test_a_refused_sync_writes_nothing(problem: Problem, lake: Lake) -> None:
    home = Path(store_path(problem, None, lake)).parent.parent
    endless = pd.DataFrame({"visit": [999], "customer_id": [1], "n": [float("inf")]})
    endless["at_"] = pd.to_datetime(["2025-01-02"], utc=True)
    lake.append("visits", endless, "visit")
    with pytest.raises(SourceError, match="is infinite in 1 of 401 rows"):
        sync_online(problem, lake)
    assert not home.exists()
    path = home / "online" / "small.sqlite"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"nothing")
    with pytest.raises(SourceError, match="is infinite"):
        sync_online(problem, lake)
    assert list(path.parent.iterdir()) == [path] and path.read_bytes() == b"nothing"


def test_a_file_that_never_was_a_store_is_left_alone(
    problem: Problem, lake: Lake, tmp_path: Path
) -> None:
    mine = tmp_path / "applications.csv"
    mine.write_text("application_id\n1\n")
    with pytest.raises(LakeError, match=r"applications\.csv is no online store"):
        sync_online(problem, lake, mine)
    assert mine.read_text() == "application_id\n1\n"
    with pytest.raises(LakeError, match="cannot lie at s3://bucket/x"):
        sync_online(problem, lake, "s3://bucket/x")


def test_two_lakes_share_no_store(problem: Problem, lake: Lake, tmp_path: Path) -> None:
    other = open_lake(tmp_path / "other")
    assert store_path(problem, None, lake) == f"{lake.root}.home/online/small.sqlite"
    assert store_path(problem, None, other) == f"{other.root}.home/online/small.sqlite"


@pytest.mark.slow
def test_what_a_killed_sync_left_is_removed_and_what_another_works_on_stays(
    problem: Problem, lake: Lake
) -> None:
    path = store_path(problem, None, lake)
    left, others = Path(f"{path}.999999.new"), Path(f"{path}.999998.new")
    left.parent.mkdir(parents=True)
    Path(f"{left}-wal").write_bytes(b"half")
    left.write_bytes(b"half")
    with open(others, "ab") as file:
        flock(file, LOCK_EX)
        sync_online(problem, lake)
    assert sorted(f.name for f in left.parent.iterdir()) == [Path(path).name, others.name]
