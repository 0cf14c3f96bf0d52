"""Metaflow's own client finds the card of a step, wherever METAFLOW_CARD_LOCALROOT points."""

import subprocess
import sys
from pathlib import Path

import pytest

FLOW = """
from truerisk.flow import BaseFlow, card, main, step


class CardFlow(BaseFlow):
    @card(type="report")
    @step
    def start(self):
        self.report = "<html>the page</html>"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    main(CardFlow)
"""
READ = """
from truerisk.flow import Flow, namespace
from metaflow.cards import get_cards

namespace(None)
print([c.get() for c in get_cards(Flow("CardFlow").latest_run["start"].task)])
"""


@pytest.mark.slow
def test_the_client_finds_the_card(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "read.py").write_text(READ)
    kept = {k: v for k, v in environment.items() if k != "METAFLOW_DATASTORE_SYSROOT_LOCAL"}
    env = {**kept, "TRUERISK_LAKE": str(tmp_path / "lake")}
    for words in (["flow.py", "--no-pylint", "run"], ["read.py"]):
        done = subprocess.run(
            [sys.executable, *words], env=env, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['<html>the page</html>']"
    assert (tmp_path / "lake.home" / ".metaflow" / "mf.cards").is_dir()
    assert not (tmp_path / ".metaflow").exists() and not (tmp_path / "lake").exists()
