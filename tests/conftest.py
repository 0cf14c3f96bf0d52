"""A lake in a temporary folder, and small problems to read from it."""

import gc
import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

# Before numpy is there: its threads wait by spinning, which several workers pay for.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from truerisk.lake.lake import Lake, open_lake
from truerisk.problem.load import problem_from
from truerisk.problem.spec import Problem

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--window-size=1400,1000",
    "--virtual-time-budget=10000",
    "--dump-dom",
]

# Groups of tests that take longest, in order: a group is a file, or what its tests name.
LONGEST = (
    "tests/flows/test_readme.py",
    "trained",
    "spark",
    "tests/features/test_same_everywhere.py",
    "tests/measurement/test_truth.py",
    "tests/features/online/test_online.py",
    "small batches",
)

SMALL = """
name = "small"

[sources.applications]
table = "applications"
key = "application_id"
time = "applied_at"

[sources.outcomes]
table = "outcomes"
key = "application_id"
time = "observed_at"

[application]
source = "applications"
subject = "customer_id"

[outcome]
source = "outcomes"
event = "defaulted"
observed = "observed_at"
horizon = "30d"

[features]
columns = ["amount"]

[candidates.prior]

[actions.approve]
reveals = true
if_event = "-1"
if_no_event = "1"

[actions.decline]
reveals = false
if_event = "0"
if_no_event = "0"
"""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is imported stays: looking for garbage in it would be an eighth of collecting."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # what is left at the end would be called leaked


@pytest.hookimpl(tryfirst=True)
def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their place: packed ones hold a time, and workers must agree on names."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a file run on one worker, so that what they share is made once.

    Before pytest-xdist reads the marks. A file that shares more names a group. The longest groups
    come first: at the end no worker is to be alone with one.
    """
    group: dict[pytest.Item, str] = {}
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        group[item] = mark.args[0] if mark else item.nodeid.split("::")[0]
        if mark is None:
            item.add_marker(pytest.mark.xdist_group(group[item]))
    items.sort(key=lambda i: LONGEST.index(group[i]) if group[i] in LONGEST else len(LONGEST))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return open_lake(tmp_path / "lake")


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[Path], tuple[str, list[str]]]:
    """Opens a file in a real browser: the page once it is drawn, and what the console said."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")

    def open_(file: Path) -> tuple[str, list[str]]:
        done = subprocess.run(
            [browser, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()],
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return open_


@pytest.fixture(scope="session")
def make_problem() -> Callable[..., Problem]:
    """The small problem with some of its parts changed: ``make_problem(outcome={"horizon": …})``.

    A source that is given a path or a query loses its table.
    """

    def make(**changes: Any) -> Problem:
        raw = _merged(tomllib.loads(SMALL), changes)
        for source in raw["sources"].values():
            if "path" in source or "query" in source:
                source.pop("table", None)
        return problem_from(raw, "small.toml")

    return make


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        k: _merged(old[k], v) if isinstance(v, dict) and isinstance(old.get(k), dict) else v
        for k, v in new.items()
    }
    return {**old, **both}
