"""Notebooks run from their first cell to their last: on real runs, and on real files."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.conftest import ROOT, Run

DATA = ROOT.parent / "shared" / "data"


@pytest.mark.slow
@pytest.mark.xdist_group("trained")
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


@pytest.mark.thorough
@pytest.mark.skipif(not DATA.exists(), reason="../shared/data/ is not here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_random_split_promises_what_time_does_not_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    for name in ("signup_fraud", "bank_marketing"):
        monkeypatch.setenv(name.upper(), str(DATA / f"{name}.parquet"))
    notebook = nbformat.read(ROOT / "notebooks" / "random_split.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells), "committed without outputs"
    client = NotebookClient(notebook, timeout=600, kernel_name="python3")
    notebook.cells.append(nbformat.v4.new_code_cell("print(found.to_json(orient='records'))"))
    client.execute()
    [shown] = notebook.cells[-1]["outputs"]
    auc = {(row["file"], row["split"]): row for row in json.loads(shown["text"])}
    for name, at_random, last in (("signup_fraud", 0.8, 0.55), ("bank_marketing", 0.8, 0.68)):
        told, true = auc[name, "random"], auc[name, "out of time"]
        assert told["AUC"] == pytest.approx(at_random, abs=0.02)
        assert true["AUC"] == pytest.approx(last, abs=0.02)
        assert told["low"] > true["high"]
