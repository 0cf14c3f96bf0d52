"""README and docs show what happens: their commands are run and their outputs compared."""

import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import truerisk as tr
from tests.flows.conftest import ROOT, Run
from truerisk.cli import app

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text()
RUN = {name: (ROOT / name).read_text() for name in ("README.md", "docs/catalog.md")}  # on the demo
LENDING_CLUB = (ROOT / "docs/lending_club.md").read_text()
LOANS = ROOT.parent / "shared" / "data" / "lending_club_2007_2011.parquet"
DEMO_LAKE = ".truerisk/demo/lake"
NUMBER = re.compile(r"(?<![\w.-])[+-]?\d[\d,]*(?:\.\d+)?")


def console(page: str) -> Iterator[tuple[str, str]]:
    """Every command of a page with the output it shows, '' where it shows none."""
    for block in re.findall(r"```console\n(.*?)```", page, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            yield command.strip(), output.strip()


def masked(text: str) -> tuple[str, list[float]]:
    """A text without what differs from run to run, and its numbers apart."""
    text = re.sub(r"\[\d+ s\]", "[s]", text)
    text = re.sub(r"\S*/(lake/|reports/|models/)\S*", "PATH", text)
    text = re.sub(r"\b(?=\w*\d)(?=\w*[a-f])[0-9a-f]{12,16}\b|TrainFlow/\d+", "ID", text)
    text = re.sub(r"--lake \S+", "--lake PATH", text)
    numbers = [float(n.replace(",", "")) for n in NUMBER.findall(text)]
    return re.sub(r"\s+", " ", NUMBER.sub("N", text)).strip(), numbers


def agree(shown: str, seen: str) -> None:
    """The same words, and numbers that differ by no more than another processor's rounding."""
    (words, numbers), (other, others) = masked(shown), masked(seen)
    assert words == other
    np.testing.assert_allclose(others, numbers, rtol=0.05, atol=0.01)


def test_the_pages_name_only_what_exists() -> None:
    commands = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    commands |= {group.name for group in app.registered_groups}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named: set[str] = set()
    made: set[str] = set()
    for path in PAGES:
        page = path.read_text()
        named |= {words.split()[1] for words, _ in console(page) if words.startswith("truerisk ")}
        named |= set(re.findall(r"`truerisk ([a-z]+)", page))
        made |= set(re.findall(r"(?:`|\$ )make ([a-z-]+)", page))
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", page):
            assert (path.parent / link).exists(), f"{path.name}: {link}"
    assert {"train", "score", "measure", "report", "approve", "decisions"} <= named <= commands
    assert {"demo", "test"} <= made <= targets


def test_the_files_that_the_pages_name_are_there() -> None:
    library = ROOT / "lib" / "truerisk"
    roots = (ROOT, library, library / "measurement")
    imagined = {"forest.py", "marketing.py", "test_marketing.py"}  # variants that are to be added
    for path in PAGES:
        for named in re.findall(r"`((?:\w+/)+\w+\.(?:py|toml|ipynb))`", path.read_text()):
            known = Path(named).name in imagined or any((r / named).exists() for r in roots)
            assert known, f"{path.name}: {named}"


def test_the_public_names_of_the_pages_exist() -> None:
    for path in PAGES:
        for name, inner in re.findall(r"\btr\.(\w+)(?:\.([a-z]\w*))?", path.read_text()):
            assert name in tr.__all__, f"{path.name}: tr.{name}"
            assert not inner or hasattr(getattr(tr, name), inner), f"{path.name}: tr.{name}.{inner}"


def test_the_readme_leads_to_every_page() -> None:
    named = set(re.findall(r"\]\(docs/([^)#]+\.md)\)", README))
    assert named == {path.name for path in (ROOT / "docs").glob("*.md")}


def test_the_readme_is_short_and_its_picture_small() -> None:
    pictures = re.findall(r"!\[[^]]{20,}\]\(([^)]+)\)", README)
    assert len(pictures) == 1 and (ROOT / pictures[0]).stat().st_size <= 200_000
    assert len(README.splitlines()) <= 130
    assert {command for command, output in console(README) if output} >= {"make demo"}


def test_every_command_is_documented_with_every_option() -> None:
    import typer.main

    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        assert command.help, name
        for option in command.params:
            assert option.name == "help" or getattr(option, "help", None), f"{name} {option.name}"


@pytest.mark.slow
def test_the_demo_prints_what_the_readme_shows(
    tmp_path: Path, truerisk: Callable[..., Run]
) -> None:
    shown_by = [line for page in RUN.values() for line in console(page)]
    [shown] = [output for command, output in shown_by if command == "make demo"]
    done = truerisk("demo", "--yes", "--lake", str(tmp_path / "demo" / "lake"))
    assert done.returncode == 0, done.stdout + done.stderr
    agree(shown, done.stdout)
    rate, auc = re.findall(r"([\d.]+)%? … ([\d.]+)%? +([\d.]+)%?$", done.stdout, re.M)[:2]
    for low, high, truth in (rate, auc):
        assert float(low) <= float(truth) <= float(high)
    asked = [(words, shown) for words, shown in shown_by if DEMO_LAKE in words]
    assert len(asked) >= 3
    for words, shown in asked:
        words = shlex.split(words.replace(DEMO_LAKE, str(tmp_path / "demo" / "lake")))
        again = truerisk(*words[1:])
        assert again.returncode == 0, again.stderr
        agree(shown, again.stdout)


@pytest.mark.slow
def test_the_lending_club_steps_print_what_their_page_shows(
    tmp_path: Path, quick: Callable[..., Run]
) -> None:
    if not LOANS.exists():
        pytest.skip(f"the public loan file is not at {LOANS}")
    here = {"LENDING_CLUB": str(LOANS), "TRUERISK_LAKE": str(tmp_path / "lake")}
    digest, version, ran = "", {}, 0
    for command, shown in console(LENDING_CLUB):
        words = re.findall(r'"[^"]*"|\S+', command)
        if words[0] != "truerisk":
            assert words[0] == "export", command
            continue
        # Another processor may sum in another order, and then the model is another version.
        words = [version.get(word, word) for word in (w.strip('"') for w in words[1:])]
        if "--report-hash" in words:
            words[words.index("--report-hash") + 1] = digest
        done = quick(*words, env=here, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        agree(shown, done.stdout)
        found = re.search(r"Its hash: (\w+)", done.stdout)
        digest, ran = (found[1] if found else digest), ran + 1
        named = [re.search(r"Submitted (\w+)", text) for text in (shown, done.stdout)]
        if all(named):
            version[named[0][1]] = named[1][1]
    assert ran >= 6


@pytest.mark.slow
def test_the_demo_refuses_to_approve_by_itself(
    tmp_path: Path, truerisk: Callable[..., Run]
) -> None:
    done = truerisk("demo", "--lake", str(tmp_path / "lake"))
    assert done.returncode == 2
    assert "run it at a terminal or pass --yes" in done.stderr
    assert not os.listdir(tmp_path) and shutil.which("make")
