"""The field's words, everywhere where people read: pages, messages, docstrings and docs."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What is not used, for which the field says: forecast or predict; immature; held.
NOT_USED = re.compile(r"\b(foresee|foreseen|foresaw|too young|holded)\b")


def test_the_fields_words_are_used() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    found = [
        f"{path.relative_to(ROOT)}: {used}"
        for path in [*pages, *(ROOT / "lib").rglob("*.py"), *(ROOT / "lib").rglob("*.html")]
        for used in NOT_USED.findall(path.read_text())
    ]
    assert found == []


def test_the_glossary_has_every_word_once() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| .+ \|$", page, re.M)[1:]
    words = [word.lower() for row in rows for word in row.split(", ")]
    assert len(rows) > 60 and len(set(words)) == len(words)
