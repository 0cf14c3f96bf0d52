"""Careless command lines: one sentence, exit code 2, nothing written, whatever was mistyped."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from truerisk import cli

LONG = "x" * 3_000
ODD = "a\nb\x1b[31m"
LINES = [
    ["nope"],
    ["--nope"],
    [ODD],
    ["score"],
    ["score", "--nope"],
    ["score", "extra"],
    ["score", "--problem"],
    ["score", "--problem", ""],
    ["score", "--problem", "nope"],
    ["score", "--problem", "nope.toml"],
    ["score", "--problem", "."],
    ["score", "--problem", "../credit"],
    ["score", "--problem", LONG],
    ["score", "--problem", f"{LONG}.toml"],
    ["score", "--problem", ODD],
    ["score", "--problem", f"{ODD}.toml"],
    ["score", "--problem", "credit", "--lake", "gs://bucket/lake"],
    ["score", "--problem", "credit", "--lake", "s3://"],
    ["train"],
    ["train", "credit"],
    ["ingest"],
    ["models"],
    ["models", "--problem", "nope"],
    ["models", "--problem", "credit", "--lake", "nope/lake", "--json=yes"],
    ["report"],
    ["report", "v1"],
    ["report", "v1", "--problem", "credit", "--lake", "nope"],
    ["report", ODD, "--problem", "credit", "--lake", "nope"],
    ["approve"],
    ["approve", "v1"],
    ["approve", "v1", "--problem", "credit", "--by", "", "--because", "x", "--report-hash", "y"],
    ["approve", LONG, "--problem", "credit", "--by", "A B", "--because", "x", "--report-hash", "y"],
    ["reject", "v1", "--problem", "credit", "--by", "A B", "--because", "x", "--lake", "nope"],
    ["rollback", "--problem", "nope", "--by", "A B", "--because", "x"],
    ["decisions"],
    ["decisions", "--problem", "credit", "--limit", "many"],
    ["decisions", "--problem", "credit", "--limit", "1.5"],
    ["decisions", "--problem", "credit", "--limit", "0"],
    ["decisions", "--problem", "credit", "--limit", "-1"],
    ["decisions", "7", "--problem", "nope"],
    ["verify", "--head"],
    ["features"],
    ["features", "nope"],
    ["features", "sql"],
    ["features", "sql", "credit", "--dialect", "oracle"],
    ["features", "sql", "credit", "--dialect", LONG],
    ["features", "sync", "nope"],
    ["features", "sync", "credit", "extra"],
    ["exploration"],
    ["exploration", "plan"],
    ["catalog", "--nope"],
    ["train", "--nope"],
    ["measure", "--nope"],
    ["ingest", "--nope"],
    ["models", "--nope"],
    ["decisions", "--nope"],
    ["verify", "--nope"],
    ["catalog", "--nope"],
    ["demo", "--nope"],
    ["demo", "--problem", "nope", "--yes"],
    ["reject", "--nope"],
    ["rollback", "--nope"],
    ["train", "--problem", ODD],
    ["train", "--problem", "nope.toml", "--lake", "nope"],
    ["measure", "--problem", ODD],
    ["measure", "--problem", "nope.toml", "--lake", "nope"],
    ["models", "--problem", ODD],
    ["models", "--problem", "nope.toml", "--lake", "nope"],
    ["decisions", "--problem", ODD],
    ["decisions", "--problem", "nope.toml", "--lake", "nope"],
]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to stand in, and a lake that is not there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUERISK_LAKE", str(tmp_path / "lake"))
    yield tmp_path
    assert list(tmp_path.iterdir()) == [], "a refused command wrote something"


@pytest.mark.parametrize("words", LINES, ids=lambda words: " ".join(words)[:40].encode().hex()[:60])
def test_a_bad_command_line_is_one_sentence(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["truerisk", *words])
    monkeypatch.setattr(os, "isatty", lambda _: False)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, said = capsys.readouterr()
    if words in (["features"], ["exploration"]):  # a group alone explains itself
        assert "Commands:" in out + said
        return
    assert ended.value.code == 2, (out, said)
    assert said.count("\n") == 1 and said.endswith(".\n"), said
    assert said.startswith("truerisk: ")
    assert said.strip().isprintable()
    assert len(said) <= 412
