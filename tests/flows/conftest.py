"""Real flow runs in processes of their own, over a small simulated lender."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import truerisk as tr
from tests.flows.in_process import Run, quick
from truerisk.lake.home import repository
from truerisk.registry import approval
from truerisk.simulator import World, simulate

ROOT = repository()
START = pd.Timestamp("2024-01-01", tz="UTC")
MONTH = [START + pd.DateOffset(months=m) for m in range(31)]
TABLES = {"applications": "application_id", "bureau": "bureau_id", "payments": "payment_id"}

__all__ = ["Run", "quick"]


@pytest.fixture(scope="session")
def metaflow_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("metaflow")


@pytest.fixture(scope="session")
def environment(metaflow_root: Path) -> dict[str, str]:
    """What a scheduler gives: no user, no credentials; runs and cards in a temporary folder."""
    kept = {"PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE"}
    return {k: v for k, v in os.environ.items() if k in kept} | {
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(metaflow_root),
        "METAFLOW_CARD_LOCALROOT": str(metaflow_root / "cards"),
    }


@pytest.fixture(scope="session")
def world() -> World:
    return simulate(6_000, 24, seed=3)


@pytest.fixture(scope="session")
def credit() -> Path:
    return ROOT / "problems" / "credit.toml"


@pytest.fixture(scope="session")
def sources(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with 24 months of applications and the outcomes that the old policy revealed."""
    lake = tr.open_lake(tmp_path_factory.mktemp("sources") / "lake")
    for table, key in TABLES.items():
        lake.append(table, getattr(world, table), key)
    old = (world.applications["applied_at"] < MONTH[18]) & world.truth["approved_by_old_policy"]
    lake.append("outcomes", world.outcomes(world.truth["application_id"][old]), "application_id")
    return Path(lake.root)


@pytest.fixture(scope="session")
def submitted(
    sources: Path, truerisk: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The same lake after `truerisk train`, and what that printed."""
    root = tmp_path_factory.mktemp("trained") / "lake"
    shutil.copytree(sources, root)
    here = ["--problem", "credit", "--lake", str(root)]
    done = truerisk("train", *here, "--known-at", "2025-07-01", cwd=root.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return root, done.stdout


@pytest.fixture(scope="session")
def unapproved(submitted: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that lake from before anybody approved."""
    root = tmp_path_factory.mktemp("unapproved") / "lake"
    shutil.copytree(submitted[0], root)
    return root


@pytest.fixture(scope="session")
def trained(submitted: tuple[Path, str], unapproved: Path) -> Path:
    """The lake of that training after ana approved what it submitted."""
    lake = tr.open_lake(submitted[0])
    offered = tr.registry.list_models("credit", lake).iloc[0]
    approval.approve(
        "credit", lake, offered["version"], "ana", "test", offered["report_hash"], override=True
    )
    return submitted[0]


@pytest.fixture
def lake_copy(trained: Path, tmp_path: Path) -> Path:
    """A trained lake of one's own."""
    shutil.copytree(trained, tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture(scope="session")
def command(environment: Mapping[str, str]) -> Callable[..., list[str]]:
    """The words that run a flow file as a person does."""

    def words(
        verb: str, *rest: str, lake: Path | str | None = None, problem: Path | None = None
    ) -> list[str]:
        flow = str(ROOT / "flows" / f"{verb}.py")
        if rest[0] == "resume":  # keeps its configuration and parameters, and takes no new ones
            return [sys.executable, flow, "--no-pylint", *rest]
        config = ["--config", "problem", str(problem or ROOT / "problems" / "credit.toml")]
        where = [f"--lake={lake}"] if rest[0] == "run" else []
        return [sys.executable, flow, "--no-pylint", *config, *rest, *where]

    return words


@pytest.fixture(scope="session")
def flow(command: Callable[..., list[str]], environment: dict[str, str]) -> Callable[..., Run]:
    """Run a flow file to its end."""

    def run(verb: str, *rest: str, env: Mapping[str, str] = {}, cwd: Any = None, **at: Any) -> Run:
        return subprocess.run(
            command(verb, *rest, **at),
            env={**environment, **env},
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=600,
        )

    return run


@pytest.fixture(scope="session")
def truerisk(environment: dict[str, str]) -> Callable[..., Run]:
    """Run the truerisk command as a person does."""

    def run(*words: str, env: Mapping[str, str] = {}, cwd: Any = None, stdin: str = "") -> Run:
        script = Path(sys.executable).with_name("truerisk")
        return subprocess.run(
            [str(script), *words],
            env={**environment, **env},
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=600,
        )

    return run


def reveal(lake: tr.Lake, world: World) -> None:
    """The outcomes of what was decided to be approved arrive."""
    ledger = tr.read_ledger(tr.load_problem(ROOT / "problems" / "credit.toml"), lake)
    approved = ledger.loc[ledger["action"] == "approve", "application_id"]
    lake.append("outcomes", world.outcomes(approved), "application_id")


def listed(done: Run) -> list[dict[str, Any]]:
    """The JSON a command printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
