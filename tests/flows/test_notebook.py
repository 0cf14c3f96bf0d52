"""The notebook runs from its first cell to its last on real runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.conftest import ROOT, Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("trained")]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scientist_inspects_runs(
    trained: Path,
    quick: Callable[..., Run],
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import nbformat  # slow to import, and every worker collects
    from nbclient import NotebookClient

    done = quick("score", "--problem", "credit", "--lake", str(trained), "--since", "2025-07-01")
    assert done.returncode == 0, done.stdout + done.stderr
    for name, value in {**environment, "TRUERISK_LAKE": str(trained)}.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(ROOT / "notebooks" / "inspect_runs.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells), "committed without outputs"
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    text = str(notebook.cells)
    for shown in ("TrainFlow/", "iframe srcdoc", "fingerprint", "approved by"):
        assert shown in text
