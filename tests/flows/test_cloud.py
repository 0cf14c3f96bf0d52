"""The same files on S3 and for a cluster: datastore and lake on an S3 server, an Argo manifest."""

import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import boto3
import pytest

import truerisk as tr
from tests.flows.conftest import ROOT, Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("trained")]

STEPS = {
    "train": {"start", "fit", "compare", "end"},
    "score": {"start", "score", "decide", "end"},
    "measure": {"start", "end"},
}
PARAMETERS = {
    "train": {"known-at"},
    "score": {"since", "until"},
    "measure": {"known-at", "compare"},
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[dict[str, str]]:
    """The environment of a machine whose Metaflow datastore and lake are on S3."""
    from moto.server import ThreadedMotoServer  # slow to import, and every worker collects

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    yield {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": "s3://team/metaflow",
        "METAFLOW_S3_ENDPOINT_URL": endpoint,
        "METAFLOW_S3_WORKER_COUNT": "2",
        "METAFLOW_DEFAULT_METADATA": "local",
    }
    server.stop()


@pytest.fixture
def bucket(cloud: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cloud.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="team")


@pytest.mark.slow
def test_score_runs_with_datastore_and_lake_on_s3(
    bucket: None,
    trained: Path,
    cloud: Mapping[str, str],
    flow: Callable[..., Run],
    quick: Callable[..., Run],
) -> None:
    s3 = boto3.client("s3")
    for file in (p for p in trained.rglob("*") if p.is_file()):
        s3.upload_file(str(file), "team", f"lake/{file.relative_to(trained).as_posix()}")
    month = ["--since", "2025-07-01", "--until", "2025-08-01"]
    first = flow("score", "run", *month, lake="s3://team/lake", env=cloud)
    assert first.returncode == 0, first.stdout + first.stderr
    lake = tr.open_lake("s3://team/lake")
    ledger = tr.read_ledger(tr.load_problem(ROOT / "problems" / "credit.toml"), lake)
    assert len(ledger) > 100 and ledger["application_id"].is_unique
    again = quick("score", "--problem", "credit", "--lake", "s3://team/lake", *month)
    assert "Decided 0 applications" in again.stdout
    kept = s3.list_objects_v2(Bucket="team", Prefix="metaflow/ScoreFlow/")
    assert kept["KeyCount"] > 0


def manifest(verb: str, problem: Path, flow: Callable[..., Run], cloud: Mapping[str, str]) -> dict:
    words = ["argo-workflows", "create", "--only-json"]
    done = flow(verb, *words, problem=problem, env=cloud)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


@pytest.mark.slow
def test_an_argo_manifest_carries_schedule_parameters_resources_and_the_library(
    bucket: None, cloud: Mapping[str, str], tmp_path: Path, flow: Callable[..., Run]
) -> None:
    problem = tmp_path / "credit.toml"
    credit = (ROOT / "problems" / "credit.toml").read_text()
    problem.write_text(credit + "\n[compute]\ncpu = 3\nmemory = 6000\nshards = 4\n")
    crons = {"train": "0 6 1 * *", "score": "*/15 * * * *", "measure": "0 7 * * *"}
    for verb, cron in crons.items():
        made = manifest(verb, problem, flow, cloud)
        notes = made["metadata"]["annotations"]
        assert json.loads(notes["metaflow/cron"])["schedule"] == cron
        parameters = set(json.loads(notes["metaflow/parameters"]))
        assert parameters == {"lake"} | (
            {"since", "until"} if verb == "score" else {"known-at"}
        ) | ({"compare"} if verb == "measure" else set())
        found = {t["name"]: t for t in made["spec"]["templates"] if t["name"] in STEPS[verb]}
        assert set(found) == STEPS[verb]
        wanted = [t["container"]["resources"]["requests"] for t in found.values()]
        assert {(w["cpu"], w["memory"]) for w in wanted} == {("3.0", "6000.0M")}
        [package] = set(re.findall(r"s3://team/(metaflow/\w+/data/\w+/\w+)", json.dumps(made)))
        held = boto3.client("s3").get_object(Bucket="team", Key=package)["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(held)) as archive:
            names = "\n".join(archive.getnames())
        for file in ("flow.py", "lake/lake.py", "reports/templates/page.html"):
            assert f"truerisk/{file}" in names
