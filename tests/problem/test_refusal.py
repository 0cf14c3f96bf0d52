"""Values that no key takes: the sentence says which it takes, in the words of the file."""

from pathlib import Path
from typing import Any

import pytest

from truerisk.errors import ProblemError
from truerisk.problem.load import problem_from, read_text

FRAUD = (Path(__file__).parents[2] / "problems" / "fraud.toml").read_text()
WANTED = {  # place, values that it does not take, what the sentence says instead
    "actions.pass.reveals": ([None], "is missing; write reveals = true or reveals = false"),
    "actions.review.reveals": ([0, "yes"], "it must be true or false"),
    "actions.review.own_outcome": ([1, {}], "it must be true or false"),
    "actions.review.same_outcome_as": ([True, 3], 'in quotes; write same_outcome_as = "…"'),
    "actions.review.explore_seats": ([-1, 1.5, float("nan"), "x"], "of at least 0 and at most 1"),
    "actions.review.audit": ([0, -1, 2.0, True], "a number above 0 and at most 1"),
    "actions.review.late": ([False], 'write late = "…"'),
    "calendar.zone": ([5], 'write zone = "…"'),
    "calendar.holidays": ([True, {}], "it must be a list"),
    "exploration.0.dollars_per_day": ([0, float("inf"), "x"], "a number above 0"),
    "exploration.0.applications_per_day": ([0, 0.5], "a whole number of at least 1"),
    "exploration.0.from": (["decline"], "write from = ['decline']"),
    "training.seed": ([-1], "a whole number of at least 0 and below 4,294,967,296"),
}


@pytest.mark.parametrize("place", WANTED)
def test_a_value_of_another_kind_is_told_what_the_key_takes(place: str) -> None:
    values, told = WANTED[place]
    for value in values:
        raw: Any = read_text(FRAUD)
        *above, last = place.split(".")
        part = raw
        for step in above:
            part = part[int(step)] if step.isdigit() else part[step]
        if value is None:
            del part[last]
        else:
            part[last] = value
        with pytest.raises(ProblemError) as error:
            problem_from(raw, "mine.toml")
        said = str(error.value)
        assert told in said, said
        assert "input should" not in said
        assert last in said


def test_a_truth_is_shown_as_the_file_writes_it() -> None:
    raw = read_text(FRAUD)
    raw["calendar"]["zone"] = True
    with pytest.raises(ProblemError, match=r"calendar\.zone is true;"):
        problem_from(raw)


@pytest.mark.parametrize(
    ("gone", "line"),
    [
        ("late", 'write late = "refuse"'),
        ("verdicts", 'write verdicts = { pay = "pay", refuse = "refuse" }'),
        ("within", 'write within = "1d"'),
        ("audit", "write audit = 0.05"),
    ],
)
def test_the_line_to_write_names_the_actions_of_the_file(gone: str, line: str) -> None:
    """What it says to write must not be refused in turn."""
    text = FRAUD.replace('"pass"', '"pay"').replace("[actions.pass]", "[actions.pay]")
    text = text.replace('"decline"', '"refuse"').replace("[actions.decline]", "[actions.refuse]")
    raw = read_text(text)
    problem_from(raw)
    del raw["actions"]["review"][gone]
    with pytest.raises(ProblemError) as error:
        problem_from(raw, "mine.toml")
    assert line in str(error.value)
    written = str(error.value).split("write ")[1].split("; ")[0].split(", or ")[0].rstrip(".")
    raw["actions"]["review"] |= read_text(written)
    problem_from(raw)
