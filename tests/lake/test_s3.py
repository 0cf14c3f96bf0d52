"""A lake and files on S3 behave as they do on a disk."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from truerisk.errors import LakeError, SourceError
from truerisk.lake import objects
from truerisk.lake.ingest.ingest import ingest
from truerisk.lake.ingest.new_files import find_new_files
from truerisk.lake.ingest.quality import quality_history
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.sources.sources import Sources

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server in a process of its own: Delta Lake holds the interpreter while it waits for one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        until = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert server.poll() is None and time.monotonic() < until, "moto does not start"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture
def bucket(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """``s3://…`` of a new bucket, reachable with what the environment says."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TMPDIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    name = tmp_path.name.replace("_", "-").lower()[-40:].strip("-")
    boto3.client("s3").create_bucket(Bucket=name)
    return f"s3://{name}"


def loans(*keys: int) -> pd.DataFrame:
    at = pd.to_datetime(["2024-05-01"] * len(keys), utc=True)
    return pd.DataFrame({"loan": keys, "at_": at, "amount": [float(key) for key in keys]})


@pytest.mark.slow
def test_a_lake_on_s3_appends_once_and_reads_old_versions(bucket: str) -> None:
    lake = open_lake(f"{bucket}/lake/")
    assert lake.root == f"{bucket}/lake"
    assert lake.version("loans") is None
    assert lake.append("loans", loans(1, 2), "loan") == 2
    then = lake.version("loans")
    assert lake.append("loans", loans(2, 3).assign(rate=0.1), "loan") == 1
    assert lake.append("loans", loans(2, 3).assign(rate=0.1), "loan") == 0
    read = lake.read("loans").sort_values("loan", ignore_index=True)
    assert read["rate"].isna().tolist() == [True, True, False]
    pd.testing.assert_frame_equal(read.drop(columns="rate"), loans(1, 2, 3))
    assert sorted(lake.read("loans", then)["loan"]) == [1, 2]
    with pytest.raises(LakeError, match='has no table "lones"; its tables are loans'):
        lake.read("lones")
    assert lake.tables() == ["loans"]
    assert not objects.is_empty(lake.root) and objects.is_empty(f"{bucket}/lak")


def test_a_lake_of_another_format_is_refused_on_s3(bucket: str) -> None:
    objects.write_bytes(f"{bucket}/lake/truerisk-lake.json", b'{"format": 7}')
    with pytest.raises(LakeError, match="has format 7"):
        open_lake(f"{bucket}/lake")


@pytest.mark.slow
def test_files_on_s3_are_sources_with_the_version_of_their_content(
    bucket: str, tmp_path: Path, lake: Lake, make_problem: Callable[..., Any]
) -> None:
    for n, rows in enumerate([loans(1, 2), loans(3)]):
        file = tmp_path / f"loans{n}.parquet"
        rows.to_parquet(file)
        objects.write_bytes(f"{bucket}/in/loans{n}.parquet", file.read_bytes())
    objects.write_bytes(f"{bucket}/in/other.csv", loans(9).to_csv(index=False).encode())

    def read(path: str, versions: Any = None) -> tuple[list[int], Any]:
        place = {"path": path, "key": "loan", "time": "at_"}
        with Sources(make_problem(sources={"loans": place}), lake, versions) as sources:
            view = sources.view("loans")
            return sources.frame(f"SELECT loan FROM {view} ORDER BY 1")["loan"].tolist(), (
                sources.versions
            )

    keys, remote = read(f"{bucket}/in/loans*.parquet")
    assert (keys, remote) == read(f"{tmp_path}/loans*.parquet")
    assert keys == [1, 2, 3]
    assert read(f"{bucket}/in/other.csv")[0] == [9]
    (tmp_path / "loans1.parquet").unlink()
    objects.write_bytes(f"{bucket}/in/loans1.parquet", (tmp_path / "loans0.parquet").read_bytes())
    with pytest.raises(SourceError, match='the files of source "loans" changed since'):
        read(f"{bucket}/in/loans*.parquet", remote)
    with pytest.raises(SourceError, match=r"is s3://.*none\.csv, and there is no such file"):
        read(f"{bucket}/in/none.csv")


def test_a_bucket_that_does_not_exist_is_one_error(bucket: str) -> None:
    with pytest.raises(LakeError, match=r"s3://nowhere-at-all/.* cannot be reached on S3"):
        open_lake("s3://nowhere-at-all/lake")


@pytest.mark.slow
def test_files_on_s3_are_ingested_once_into_a_lake_on_s3(
    bucket: str, make_problem: Callable[..., Any]
) -> None:
    lake = open_lake(f"{bucket}/lake")
    place = {"table": "loans", "key": "loan", "time": "at_"}
    contract = {"amount": {"max": 3}}
    rules = {"path": f"{bucket}/in/loans*.csv", "max_rejected": 0.5}
    problem = make_problem(sources={"loans": {**place, "contract": contract, "ingest": rules}})
    for n, rows in enumerate([loans(1, 2), loans(2, 3, 4)]):
        objects.write_bytes(f"{bucket}/in/loans{n}.csv", rows.to_csv(index=False).encode())
    [found] = find_new_files(problem, lake).groups
    assert [f.file for f in found] == [f"{bucket}/in/loans{n}.csv" for n in (0, 1)]
    first, second = ingest(problem, lake, found)
    assert (first.accepted, second.accepted, second.rejected, second.already_held) == (2, 1, 1, 1)
    assert find_new_files(problem, lake).groups == []
    assert sorted(lake.read("loans")["loan"]) == [1, 2, 3]
    assert lake.read("quarantine")["file"].tolist() == [found[1].file]
    assert set(quality_history(lake, "loans")["file"]) == {f.file for f in found}
