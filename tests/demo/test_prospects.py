"""The demo of prospects ends with a table: as usually reported, as truerisk says, and the truth."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.flows.in_process import walk
from truerisk.demo import prospects
from truerisk.demo.run import run_demo


@pytest.mark.thorough
def test_the_demo_tells_what_a_contact_adds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prospects, "launch", walk)
    out = Console(file=io.StringIO(), width=140)
    run_demo(out, "prospects", 12_000, 7, yes=True, root=str(tmp_path / "lake"))
    said = out.file.getvalue()  # type: ignore[attr-defined]
    table = said[said.index("usually reported") :]
    for policy in ("what ran", "contact everyone", "as many of the highest response"):
        [row] = [line for line in table.splitlines() if line.strip().startswith(policy)]
        assert " … " in row
    everyone = next(line for line in table.splitlines() if "contact everyone" in line)
    assert everyone.split()[-1].startswith("−"), "in truth, contacting everyone loses"
    assert "as a ranking it" in said and "by exploration" in said
    assert "it is the champion" in said and "gate " in said
