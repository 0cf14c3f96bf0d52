"""How many and how long, in words."""

import re
from datetime import timedelta
from pathlib import Path

import truerisk
from truerisk.wording.counted import counted, lasting

BARE = re.compile(
    r":,\w*\} (?:rows|files|applications|values|labels|decisions|events|columns|days|outcomes)\b"
)


def test_one_is_singular_and_all_else_is_not() -> None:
    assert [counted(n, "row") for n in (0, 1, 2, 1000)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "1,000 rows",
    ]
    assert counted(1.2, "day") == "1 day" and counted(0.4, "day") == "0 days"
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(2, "entry", "entries") == "2 entries"


def test_lengths_are_told_in_the_largest_whole_unit() -> None:
    said = [lasting(timedelta(hours=h)) for h in (1, 12, 24, 36, 720)]
    assert said == ["1 hour", "12 hours", "1 day", "36 hours", "30 days"]
    assert lasting(timedelta(seconds=90)) == "90 seconds"


def test_no_message_puts_a_plural_behind_a_count_of_its_own() -> None:
    """``{n:,} rows`` says "1 rows" one day."""
    for path in Path(truerisk.__file__).parent.rglob("*.py"):
        found = [line.strip() for line in path.read_text().splitlines() if BARE.search(line)]
        assert not found, f"{path}: {found}"
