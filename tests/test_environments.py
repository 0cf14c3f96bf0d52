"""The Makefile's environments: .venv belongs to one Python, another one gets a folder beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from truerisk.lake.home import repository

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def python(folder: Path, version: str) -> str:
    """A stand-in for a Python of that version, which only says its version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "python"
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("there", "asked", "used"),
    [
        (None, None, ".venv"),
        (None, "3.13", ".venv"),
        ("3.11", None, ".venv"),
        ("3.11", "3.11", ".venv"),
        ("3.11", "3.13", ".venv-3.13"),
    ],
)
def test_the_environment_follows_python(
    there: str | None, asked: str | None, used: str, tmp_path: Path
) -> None:
    shutil.copy(repository() / "Makefile", tmp_path)
    if there:
        python(tmp_path / ".venv" / "bin", there)
    words = ["make", "-n", "check"]
    words += [f"PYTHON={python(tmp_path / 'other', asked)}"] if asked else []
    for needed in ("setup.cfg", "constraints.txt"):
        (tmp_path / needed).touch()
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"\n{used}/bin/ruff check" in done.stdout
    assert done.stdout.count("-m venv") == (used != ".venv" or there is None)


@pytest.mark.slow
def test_the_pythons_of_the_checks_are_found() -> None:
    run = repository() / ".ci" / "run"
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": "/none"}
    done = subprocess.run([run, "--plan"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"Python {HERE}" in done.stdout
