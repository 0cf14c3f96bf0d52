"""`truerisk policy preview`: a table for people, JSON for programs, one sentence for a mistake."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.preview.conftest import KNOWN_AT, MINOR, SAME, Lender
from truerisk import cli
from truerisk.problem.load import as_config
from truerisk.problem.spec import Problem

LARGE = {"when": "amount > 30000", "action": "decline", "reason": "large"}
COSTLY = {"approve": SAME, "decline": {"if_event": "-500", "if_no_event": "-500"}}


@pytest.fixture
def run(
    lender: Lender,
    file: Callable[..., Problem],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[int, str, str]]:
    """The command on a changed file: its exit code, and what it printed to both."""

    def written(name: str, problem: Problem) -> str:
        kept = as_config(problem)
        kept.pop("_file")
        (tmp_path / name).write_text(json.dumps(kept))
        return str(tmp_path / name)

    def run_(*words: str, **changes: Any) -> tuple[int, str, str]:
        asked = ["policy", "preview", written("changed.toml", file(**changes))]
        asked += ["--problem", written("small.toml", lender.problem), "--known-at", KNOWN_AT]
        asked += ["--lake", lender.lake.root, *words]
        monkeypatch.setattr("sys.argv", ["truerisk", *asked])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run_


@pytest.mark.slow
def test_each_part_has_its_own_line_and_no_line_adds_them_up(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    code, said, _ = run(rules=[MINOR, LARGE], actions=COSTLY)
    assert code == 0
    lines = said.splitlines()
    for words in (
        "would be others",
        "known from outcomes that were seen",
        "  what ran shows all outcomes",
        "  exploration or an audit shows a random part",
        "guessed: only a score speaks of them",
        "not known to anybody",
    ):
        assert any(line.startswith(words) or words in line for line in lines), (words, said)
    assert "total" not in said.lower() and "all together" not in said
    assert any(line.startswith("sex (protected)") for line in lines)


@pytest.mark.slow
def test_json_says_the_same_to_a_program(run: Callable[..., tuple[int, str, str]]) -> None:
    code, said, _ = run("--json", rules=[])
    made = json.loads(said)
    assert code == 0 and made["problem"] == "small"
    parts = {p["support"]: p for p in made["parts"]}
    assert parts["unknown"]["grounds"] == {"rule": made["changed"]}
    assert parts["unknown"]["known"]["value"] is None
    assert made["moves"] == [{"before": "decline", "after": "approve", "count": made["changed"]}]


def test_an_unknown_action_is_one_sentence_and_exit_2(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    half = {"reveals": True, "same_outcome_as": "approve", "if_event": "-1", "if_no_event": "1"}
    code, said, wrong = run(actions={"approve": SAME, "half": half})
    assert (code, said) == (2, "")
    assert wrong.count("\n") == 1 and 'action "half" was never open' in wrong
    assert '[[exploration]] action = "half"' in wrong
