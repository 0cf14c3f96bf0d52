"""The fraud demo to its end, with its flows in this process."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.flows.in_process import walk
from truerisk.demo import fraud
from truerisk.demo.run import run_demo

LINES = (
    "fraud among all who applied",
    "AUC",
    "fraud in review that analysts stop",
    "false positives a day at recall 50%",
    "false positives a day at recall 80%",
    "dollars a day",
    "one more analyst, dollars a day",
)


@pytest.mark.thorough
def test_the_fraud_demo_ends_with_a_table_whose_intervals_hold_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fraud, "launch", walk)
    said = StringIO()
    out = Console(file=said, soft_wrap=True, width=200)
    run_demo(out, "fraud", 80_000, 7, yes=True, root=str(tmp_path / "lake"))
    text = said.getvalue()
    for line in LINES:
        assert re.search(rf"^{re.escape(line)}\s", text, re.M), text
    for line in LINES[:2]:
        [row] = re.findall(rf"^{re.escape(line)}\s+(.*)$", text, re.M)
        usual, _, low, high, truth = map(float, re.findall(r"[\d.]+", row))
        assert low < truth < high and not low < usual < high
    assert re.search(r"The queue: [\d,]+ reviews, at most 24 a day by 6 analysts", text)
    assert re.search(r"one more analyst is worth \$\d+ a day", text)
    assert re.search(r"never came back: [\d,]+ whom a decline drove away and \d+ whom", text)
