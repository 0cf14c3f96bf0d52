"""Whatever is killed, resumed, orphaned or run twice: every application has one decision."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import truerisk as tr
from tests.flows.conftest import MONTH, ROOT, Run
from truerisk.simulator import World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("trained")]

SINCE = ["run", "--since", "2025-07-01"]


def decided(lake: Path) -> list[str]:
    problem = tr.load_problem(ROOT / "problems" / "credit.toml")
    opened = tr.open_lake(lake)
    if opened.version("decisions/credit") is None:
        return []
    return sorted(tr.read_ledger(problem, opened)["application_id"])


def expected(world: World) -> list[str]:
    return sorted(
        world.applications.loc[world.applications["applied_at"] >= MONTH[18], "application_id"]
    )


def start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A run in a process group of its own, so that it can be killed with all its tasks."""
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [pytest.param(2.0, marks=pytest.mark.thorough), 4.0])
def test_a_run_killed_at_any_point_and_run_again_decides_each_application_once(
    seconds: float,
    lake_copy: Path,
    world: World,
    command: Callable[..., list[str]],
    environment: dict[str, str],
    quick: Callable[..., Run],
) -> None:
    process = start(command("score", *SINCE, lake=lake_copy), environment)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    partly = decided(lake_copy)
    assert partly in ([], expected(world))
    again = quick("score", "--problem", "credit", "--lake", str(lake_copy), *SINCE[1:])
    assert again.returncode == 0, again.stderr
    assert decided(lake_copy) == expected(world)


@pytest.mark.slow
def test_an_orphan_that_commits_while_its_run_is_resumed_doubles_nothing(
    lake_copy: Path,
    world: World,
    tmp_path: Path,
    command: Callable[..., list[str]],
    environment: dict[str, str],
    flow: Callable[..., Run],
) -> None:
    ids = tmp_path / "run-id"
    process = start(
        command("score", *SINCE, "--run-id-file", str(ids), lake=lake_copy), environment
    )
    # Kill only the parent, as soon as a task is at work: the task lives on and commits.
    deadline = time.monotonic() + 300
    while not ids.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(2.0)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    resumed = flow("score", "resume", "--origin-run-id", ids.read_text().strip())
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    time.sleep(3)
    assert decided(lake_copy) == expected(world)


@pytest.mark.thorough
def test_two_runs_at_once_leave_one_decision_each(
    lake_copy: Path,
    world: World,
    command: Callable[..., list[str]],
    environment: dict[str, str],
) -> None:
    both = [start(command("score", *SINCE, lake=lake_copy), environment) for _ in range(2)]
    assert [p.wait(timeout=600) for p in both] == [0, 0]
    assert decided(lake_copy) == expected(world)


@pytest.mark.slow
def test_a_second_run_finds_nothing_left_to_decide(
    lake_copy: Path, world: World, quick: Callable[..., Run]
) -> None:
    here = ["--problem", "credit", "--lake", str(lake_copy)]
    first, second = (quick("score", *here, *SINCE[1:]) for _ in range(2))
    assert f"Decided {len(expected(world)):,} applications" in first.stdout
    assert second.returncode == 0, second.stdout + second.stderr
    assert "Decided 0 applications" in second.stdout
    assert decided(lake_copy) == expected(world)
