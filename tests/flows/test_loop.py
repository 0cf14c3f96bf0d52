"""Train, approve, score, measure: as files, as commands, resumed, through Runner, from anywhere."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import truerisk as tr
from tests.flows.conftest import ROOT, Run, listed, reveal
from truerisk.lake.tables import ESTIMATES
from truerisk.models.package import read_manifest, read_report
from truerisk.simulator import World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("trained")]


def test_the_commands_lead_from_applications_to_the_truth_about_everyone(
    submitted: tuple[Path, str],
    unapproved: Path,
    world: World,
    tmp_path: Path,
    quick: Callable[..., Run],
) -> None:
    root = tmp_path / "lake"
    shutil.copytree(unapproved, root)
    here = ["--problem", "credit", "--lake", str(root)]
    [offered] = listed(quick("models", *here, "--json"))
    version = offered["version"]
    assert offered["status"] == "submitted" and "report_hash" not in offered
    assert f"Submitted {version}: gate {offered['gate']}" in submitted[1]

    shown = quick("report", *here, version)
    assert "passed: AUC gain over the event rate" in shown.stdout
    digest = shown.stdout.split("Its hash: ")[1].strip()
    early = quick("score", *here, "--since", "2025-07-01")
    assert early.returncode == 2 and "awaits approval" in early.stderr
    person = ["--by", "Ana Ruiz", "--because", "better than the event rate"]
    wrong = quick("approve", *here, version, *person, "--report-hash", "0123456789")
    assert wrong.returncode == 2 and "not the hash of the report" in wrong.stderr
    # So few applications can leave calibration unproven: the override is kept with the reason.
    given = ["--report-hash", digest, "--override"]
    right = quick("approve", *here, version, *person, *given)
    assert right.stdout == f"{version} is the champion of credit, approved by Ana Ruiz.\n"

    scored = quick("score", *here, "--since", "2025-07-01")
    assert re.search(r"Decided 1,\d+ applications, \d+ by exploration", scored.stdout)
    lake = tr.open_lake(root)
    reveal(lake, world)
    measured = quick("measure", *here, "--known-at", "2026-07-01")
    assert f"credit, model {version}: " in measured.stdout, measured.stderr
    assert len(lake.read(ESTIMATES)) > 20
    page = Path(measured.stdout.split("Read it: ")[1].strip())
    assert page.read_text().startswith("<!")

    rows = listed(quick("decisions", *here, "--json", "--limit", "3"))
    assert len(rows) == 3 and rows[0]["model_version"] == version
    one = quick("decisions", *here, rows[0]["application_id"])
    assert "source_versions" in one.stdout
    back = quick("rollback", *here, *person)
    assert back.returncode == 2 and "no earlier champion" in back.stderr


def test_the_card_is_the_page_in_the_lake(
    trained: Path, environment: dict[str, str], metaflow_root: Path
) -> None:
    lake = tr.open_lake(trained)
    offered = tr.registry.list_models("credit", lake).iloc[0]
    page = read_report("credit", lake, offered["version"], offered["report_hash"])
    cards = [p.read_bytes() for p in metaflow_root.rglob("cards/**/*.html")]
    assert page in cards
    run = read_manifest("credit", lake, offered["version"])["run"]
    assert run.encode() in page


@pytest.mark.slow
def test_a_killed_training_is_resumed_with_its_own_cutoff(
    sources: Path, submitted: tuple[Path, str], tmp_path: Path, flow: Callable[..., Run]
) -> None:
    root = tmp_path / "lake"
    shutil.copytree(sources, root)
    ids = tmp_path / "run-id"
    # A registry that cannot be read stops the comparing step, after the fits.
    (root / "registry").mkdir()
    (root / "registry" / "_delta_log").write_text("in the way")
    broken = flow("train", "run", "--known-at", "2025-07-01", "--run-id-file", str(ids), lake=root)
    assert broken.returncode == 2, broken.stdout
    (root / "registry" / "_delta_log").unlink()
    (root / "registry").rmdir()
    origin = ids.read_text().strip()
    resumed = flow("train", "resume", "--origin-run-id", origin, "--run-id-file", str(ids))
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "Cloning" in resumed.stdout + resumed.stderr
    [found] = tr.registry.list_models("credit", tr.open_lake(root)).to_dict("records")
    assert found["known_at"].startswith("2025-07-01")
    made = read_manifest("credit", tr.open_lake(root), found["version"])["run"]
    assert made == f"TrainFlow/{ids.read_text().strip()}" != f"TrainFlow/{origin}"
    [once] = tr.registry.list_models("credit", tr.open_lake(submitted[0]))["version"]
    assert found["version"] == once, "the same data and seed give the same version"


@pytest.mark.slow
def test_runner_decides_in_shards_what_one_task_decides(
    lake_copy: Path,
    trained: Path,
    tmp_path: Path,
    environment: dict[str, str],
    quick: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credit = ROOT / "problems" / "credit.toml"
    sharded = tmp_path / "sharded.toml"
    sharded.write_text(credit.read_text() + "\n[compute]\nshards = 3\n")
    other = tmp_path / "other"
    shutil.copytree(trained, other)
    done = quick("score", "--problem", "credit", "--lake", str(other), "--since", "2025-07-01")
    assert done.returncode == 0, done.stderr
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    from truerisk.flow import Runner

    options: dict[str, Any] = {"env": environment, "pylint": False, "show_output": False}
    config = [("problem", str(sharded))]
    with (
        Runner(str(ROOT / "flows" / "score.py"), config=config, **options) as runner,
        runner.run(lake=str(lake_copy), since="2025-07-01") as running,
    ):
        assert running.status == "successful", running.stderr
    loaded = tr.load_problem(credit)
    own = ["decided_at", "run", "chain_previous", "chain_hash", "problem_version"]
    one, three = (
        tr.read_ledger(loaded, tr.open_lake(root)).drop(columns=own) for root in (other, lake_copy)
    )
    assert one.equals(three)
