"""Names, texts, numbers and cron lines of a problem file: what they may be, refused at load."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from truerisk.errors import ProblemError
from truerisk.problem.cron import parse_cron
from truerisk.problem.load import problem_from, read_text

COMPLETE = (Path(__file__).parent / "complete.toml").read_text()


def put(raw: Any, place: str, value: Any) -> dict[str, Any]:
    """``raw`` with ``value`` at a dotted place; a last part ``=x`` renames what lies there."""
    *above, last = place.split(".")
    part = raw
    for step in above:
        part = part[int(step)] if step.isdigit() else part.setdefault(step, {})
    part[int(last) if last.isdigit() else last] = value
    return raw


def refusal(place: str, value: Any) -> str:
    with pytest.raises(ProblemError) as refused:
        problem_from(put(read_text(COMPLETE), place, value), "mine.toml")
    said = str(refused.value)
    assert said.isprintable()
    assert len(said) <= 400
    return said


NUMBERS: Mapping[str, list[Any]] = {
    "exploration.0.floor": [float("nan"), float("inf"), True, "0.1", -0.1],
    "exploration.0.cap": [float("nan"), float("-inf"), 0],
    "exploration.0.applications_per_day": [0, -5, 2.5, True, "50", 10**30],
    "exploration.0.widths.auc": [float("nan"), 0, -1],
    "candidates.boosting.depth": [True, 6.0, "6", 0, 10**40],
    "gate.max_calibration_error": [float("nan"), True, 0],
    "compute.cpu": [0, -1, True, 10**12],
    "compute.memory": [0, -1, float("inf")],
    "compute.shards": [0, True, 1e3],
    "features.window.0.version": [0, True, 1.5],
    "training.seed": [-1, True, 2**32],
    "sources.applications.contract.age.min": [float("nan"), True, "0", 200],
    "sources.applications.freshness": [0, "0d", True, "-1d"],
    "features.latest.0.max_age": ["0d", 1, "9" * 5_000 + "d"],
    "actions.approve.reveals": [1, "yes", "true"],
    "actions.approve.if_event": [True, [1], float("nan"), float("inf")],
    "rules.0.absolute": [1, "no"],
}


@pytest.mark.parametrize(
    ("place", "value"),
    [(place, value) for place, values in NUMBERS.items() for value in values],
    ids=lambda x: str(x)[:40],
)
def test_what_is_no_proper_number_is_refused(place: str, value: Any) -> None:
    assert place.split(".")[0] in refusal(place, value)


HOSTILE = ["a\nb", "a\x00b", "a\x1b[31mb", "a\u202eb", "a\u200bb", "\ud800"]
PLACES = ["name", "sources.bureau.table", "application.subject", "outcome.observed"]
PLACES += ["features.columns.0", "features.latest.0.by", "features.latest.0.columns.0"]
PLACES += ["training.segments", "rules.0.reason", "rules.0.action", "exploration.0.action"]
PLACES += [
    "sources.bureau.key",
    "sources.bureau.owner",
    "sources.bureau.path",
    "exploration.0.salt",
]
PLACES += ["features.window.0.compute.0", "features.derived.a", "rules.0.when"]


@pytest.mark.parametrize("place", PLACES)
def test_names_that_are_not_seen_as_they_are_are_refused(place: str) -> None:
    for value in HOSTILE:
        if place in ("features.derived.a", "rules.0.when") and "\n" in value:
            continue  # SQL may go over several lines
        refusal(place, [value] if place == "training.segments" else value)


@pytest.mark.parametrize(
    "value", ["", "A", "1a", "a b", "../a", "a/b", "decisions/credit", "a.b", "é", "x" * 64, "_a"]
)
def test_names_of_the_file_are_short_and_no_paths(value: str) -> None:
    for place in ("name", "sources.bureau.table"):
        assert "lower-case letters" in refusal(place, value)
    for place in ("sources", "actions", "features.derived"):
        part = {"table": "t"} if place == "sources" else "1"
        refusal(f"{place}.{value}" if "." not in value else place, part)


def test_a_generated_name_that_is_too_long_asks_for_one() -> None:
    where = " or ".join(f"days_late = {i}" for i in range(40))
    said = refusal("features.window.0.compute.0", f"count where {where}")
    assert "end it with a shorter one" in said
    problem_from(
        put(read_text(COMPLETE), "features.window.0.compute.0", f"count where {where} as often")
    )


@pytest.mark.parametrize(
    "line",
    ["0 6 1 * *", "*/15 * * * *", "0  7 * * mon-fri", "5,35 0-6/2 1,15 JAN *", "0 0 29 2 *"],
)
def test_plain_cron_lines_are_read(line: str) -> None:
    assert parse_cron(line).split() == line.split()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("99 * * * *", "out of range"),
        ("* 24 * * *", "out of range"),
        ("* * 0 * *", "out of range"),
        ("* * * 13 *", "out of range"),
        ("* * * * 8", "out of range"),
        ("*/0 * * * *", "step"),
        ("*/90 * * * *", "'\\*/90' for its minute"),
        ("R 6 * * *", "'R' for its minute"),  # croniter would draw the minute at random
        ("H 6 * * *", "'H' for its minute"),
        ("0 0 L * *", "'L' for its day of the month"),
        ("0 0 ? * *", "'\\?' for its day of the month"),
        ("0 0 * * 5#3", "'5#3' for its day of the week"),
        ("30-10 * * * *", "'30-10' for its minute"),
        ("1,,2 * * * *", "'1,,2' for its minute"),
        ("٣ * * * *", "for its minute"),
        ("a b c d e", "'a' for its minute"),
        ("0 0 31 2 *", "is no time that comes"),
        ("0 0 30 feb *", "is no time that comes"),
        ("0 0 jan * *", "is no time that comes"),
        ("@daily", "five fields"),
        ("0 0 * * * *", "five fields"),
        ("", "five fields"),
    ],
)
def test_what_is_no_cron_line_is_refused(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_cron(line)
