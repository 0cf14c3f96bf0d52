"""Problem files that went wrong in any way: a problem, or one short sentence; never a traceback."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from truerisk.errors import ProblemError
from truerisk.problem.load import load_problem, problem_from, read_text

HERE = Path(__file__)
FILES = [HERE.parent / "complete.toml", *sorted((HERE.parents[2] / "problems").glob("*.toml"))]
VALUES: list[Any] = [None, True, False, 0, -1, 1, 10**40, 0.5, -0.0, float("nan"), float("inf")]
VALUES += ["", " ", "x", "x" * 5_000, "a\nb", "\x00", "\x1b[31m", "\u202e", "é", "\ud800", "🙂"]
VALUES += ["0d", "30d", "1e9d", "9" * 5_000, "../x", "s3://b/x", "gs://b/x", "${HOME}", "${X", "*"]
VALUES += [
    "now()",
    "1/0",
    "(select 1)",
    "x; drop table y",
    "'",
    '"',
    "--",
    "count(",
    "sum(x)",
    "/*",
]
VALUES += ["share where", "sum(a) where b as C", "SELECT", "SELECT * FROM t LIMIT 1", "* * * * *"]
VALUES += [[], {}, [[]], [None], {"": 1}, {"a\nb": {}}, [{"a": 1}] * 3, {"x" * 400: {"y": 1}}]
CHARACTERS = "\"'=[]{}.,#\n\\ \t0aé\x01\x7f\ufeff"


def texts(seed: int) -> Iterator[str]:
    """A file with characters and lines taken out, doubled, moved and put in."""
    rng = random.Random(seed)
    while True:
        text = rng.choice(FILES).read_text()
        for _ in range(rng.randint(1, 4)):
            text = _mutated(text, rng) or "x"
        yield text


def _mutated(text: str, rng: random.Random) -> str:
    lines, at = text.splitlines(keepends=True), rng.randrange(len(text))
    line = rng.randrange(len(lines))
    return rng.choice(
        [
            text[:at] + rng.choice(CHARACTERS) + text[at:],
            text[:at] + text[at + rng.randint(1, 9) :],
            text[:at],
            text.replace(lines[line].strip(), rng.choice(lines).strip(), 1),
            "".join(lines[:line] + lines[line + 1 :]),
            "".join([*lines[:line], lines[line], *lines[line:]]),
            "".join(rng.sample(lines, len(lines))),
        ]
    )


def trees(seed: int) -> Iterator[dict[str, Any]]:
    """The settings of a file with one to three values replaced, taken out or moved elsewhere."""
    rng = random.Random(seed)
    while True:
        raw = read_text(rng.choice(FILES).read_text())
        for _ in range(rng.randint(1, 3)):
            places = list(_places(raw))
            part, key = rng.choice(places)
            kind = rng.randrange(4)
            if kind == 0:
                del part[key]
            elif kind == 1 and isinstance(part, dict):
                part[str(rng.choice(VALUES))] = part.pop(key)
            elif kind == 2:
                above, other = rng.choice(places)
                part[key] = copy.deepcopy(above[other])
            else:
                part[key] = copy.deepcopy(rng.choice(VALUES))
            if not raw:
                break
        yield raw


def _places(part: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(part) if isinstance(part, dict) else range(len(part)):
        yield part, key
        if isinstance(part[key], dict | list):
            yield from _places(part[key])


def said(raw: Any) -> str:
    """What the parser says of it, checked; nothing where it is a problem."""
    try:
        problem_from(read_text(raw, "mine.toml") if isinstance(raw, str) else raw, "mine.toml")
    except ProblemError as error:
        sentence = str(error)
        assert sentence.startswith("mine.toml: "), sentence
        assert sentence.endswith("."), sentence
        assert sentence.isprintable(), sentence
        assert len(sentence) <= 400, sentence
        return sentence
    return ""


def tried(count: int, seed: int) -> list[str]:
    found = []
    for _, text, raw in zip(range(count // 2), texts(seed), trees(seed)):
        found += [said(text), said(raw)]
    return found


@pytest.mark.slow
def test_some_mutated_files_are_problems_or_one_sentence() -> None:
    found = tried(150, seed=1)
    assert 20 < sum(map(bool, found)) < 150


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(2, 8))
def test_mutated_files_are_problems_or_one_sentence(seed: int) -> None:
    found = tried(1_000, seed)
    assert len(set(found)) > 300


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5_000,
        "{" + '"a": {' * 5_000,
        "a = " + "9" * 5_000,
        "[" * 400,
        "a." * 3_000 + "b = 1",
        "",
        "\ufeff",
        "[]",
        "{}",
        "[1",
        '{"name": "\\ud800"}',
        json.dumps({"sources": {"a": {"query": "x" * 100_000}}}),
    ],
    ids=range(12),
)
def test_texts_that_are_no_settings_are_one_sentence(text: str) -> None:
    assert said(text)


@pytest.mark.parametrize("path", ["a\0b", "x" * 5_000, ".", ""], ids=range(4))
def test_paths_that_are_no_file_are_one_sentence(path: str) -> None:
    with pytest.raises(ProblemError) as refused:
        load_problem(path)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) <= 400
