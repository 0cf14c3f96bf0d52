"""What actions, reviews and exploration say of each other: every refusal has the line to write."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from truerisk.errors import ProblemError
from truerisk.problem.load import as_config, problem_from, read_text
from truerisk.problem.spec import Problem

COMPLETE = (Path(__file__).parent / "complete.toml").read_text()
DOLLARS = {"if_event": "-amount", "if_no_event": "0"}
REVIEW = {
    **DOLLARS,
    "reveals": True,
    "same_outcome_as": "pass",
    "capacity": {"working": 100, "saturday": 40, "sunday": 0, "holiday": 0},
    "within": "1d",
    "verdicts": {"pass": "pass", "decline": "decline"},
    "late": "decline",
    "audit": 0.05,
}


def raw() -> dict[str, Any]:
    """A verification queue: pass, review, decline; three entries of exploration."""
    made = read_text(COMPLETE)
    made["actions"] = {
        "pass": {**DOLLARS, "reveals": True},
        "review": json.loads(json.dumps(REVIEW)),
        "decline": {**DOLLARS, "reveals": False},
    }
    made["exploration"] = [
        {"action": "pass", "dollars_per_day": 100.0},
        {"action": "pass", "from": ["review"], "dollars_per_day": 10.0},
        {"action": "review", "share": 0.05, "design": "uniform"},
    ]
    made["calendar"] = {"zone": "Europe/Madrid", "holidays": [date(2026, 12, 25)]}
    return made


def refused(change: Callable[[dict[str, Any]], Any]) -> str:
    made = raw()
    change(made)
    with pytest.raises(ProblemError) as error:
        problem_from(made, "mine.toml")
    said = str(error.value)
    assert said.startswith("mine.toml: ")
    assert "\n" not in said
    return said


def put(place: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set a dotted place; None removes it."""

    def change(made: dict[str, Any]) -> None:
        *above, last = place.split(".")
        part: Any = made
        for step in above:
            part = part[int(step)] if step.isdigit() else part[step]
        if value is None:
            del part[last]
        else:
            part[last] = value

    return change


def test_it_reads_what_it_says() -> None:
    problem = problem_from(raw())
    assert problem.revealing == ("pass", "review")
    assert problem.offer == "pass"
    assert problem.outcomes == {"pass": ("pass", "review")}
    assert problem.reviews == problem.limited == ("review",)
    review = problem.actions["review"]
    assert review.within == timedelta(days=1)
    assert review.capacity == {"working": 100, "saturday": 40, "sunday": 0, "holiday": 0}
    from_ = [problem.explored_from(entry) for entry in problem.exploration]
    assert from_ == [("decline",), ("review",), ("decline",)]


def test_a_number_of_seats_is_that_of_every_kind_of_day() -> None:
    made = raw()
    put("actions.review.capacity", 7)(made)
    assert set(problem_from(made).actions["review"].capacity.values()) == {7}  # type: ignore[union-attr]


def test_a_flow_carries_it_whole() -> None:
    problem = problem_from(raw())
    assert problem_from(json.loads(json.dumps(as_config(problem)))) == problem


def test_a_single_table_is_a_list_of_one() -> None:
    made = raw()
    made["exploration"] = made["exploration"][0]
    (entry,) = problem_from(made).exploration
    assert entry.action == "pass"


def test_outcomes_of_their_own() -> None:
    made = raw()
    made["actions"] = {
        "contact": {**DOLLARS, "reveals": True, "own_outcome": True},
        "skip": {**DOLLARS, "reveals": True, "own_outcome": True},
    }
    made["rules"] = []
    hold_out = {"action": "skip", "from": ["contact"], "share": 0.05, "design": "uniform"}
    made["exploration"] = [hold_out]
    problem: Problem = problem_from(made)
    assert problem.outcomes == {"contact": ("contact",), "skip": ("skip",)}
    del made["actions"]["skip"]["own_outcome"]  # the other says it
    assert problem_from(made).outcomes == problem.outcomes


REFUSED = {
    "the machine's own zone": (put("calendar.zone", "localtime"), ["'localtime'", "Europe/Madrid"]),
    "a zone with leap seconds": (put("calendar.zone", "right/UTC"), ["'right/UTC'", '"UTC"']),
    "no relation": (
        put("actions.review.same_outcome_as", None),
        ['same_outcome_as = "pass"', "own_outcome = true"],
    ),
    "both relations": (put("actions.review.own_outcome", True), ["keep one"]),
    "the outcome of what hides": (put("actions.review.same_outcome_as", "decline"), ["pass"]),
    "an outcome where none shows": (put("actions.decline.own_outcome", True), ["reveals = false"]),
    "negative seats": (put("actions.review.capacity", -1), ["capacity is -1", "0 or more"]),
    "negative seats of a kind": (put("actions.review.capacity.saturday", -2), ["-2 on a saturday"]),
    "a kind without seats": (put("actions.review.capacity.sunday", None), ["sunday = 0"]),
    "an unknown kind": (put("actions.review.capacity.monday", 3), ["'monday'", "working"]),
    "half a seat": (put("actions.review.capacity", 1.5), ["100", "working = 100"]),
    "truth as seats": (put("actions.review.capacity", True), ["is true"]),
    "explore_seats without capacity": (put("actions.decline.explore_seats", 0.1), ["capacity"]),
    "an audit without review": (put("actions.pass.audit", 0.05), ["verdicts = {"]),
    "lateness without review": (put("actions.decline.late", "decline"), ["verdicts = {"]),
    "a review without lateness": (put("actions.review.late", None), ['late = "decline"']),
    "a verdict called as lateness is": (
        put("actions.review.verdicts", {"late": "pass", "decline": "decline"}),
        ['a verdict called "late"', "name it otherwise"],
    ),
    "a review without audit": (put("actions.review.audit", None), ["audit = 0.05"]),
    "a review without a time": (put("actions.review.within", None), ['within = "1d"']),
    "an unknown verdict": (put("actions.review.verdicts.pass", "let"), ["verdicts.pass", '"let"']),
    "a verdict that reviews again": (put("actions.review.late", "review"), ["decline or pass"]),
    "verdicts of one kind": (put("actions.review.verdicts", {"pass": "pass"}), ["pass and to"]),
    "a review that hides": (put("actions.review.reveals", False), ["review", "reveals = false"]),
    "a hold-out above half": (put("exploration.2.share", 0.6), ["0.6", "at most 0.5"]),
    "a hold-out with a cap": (put("exploration.2.cap", 0.1), ["leave cap out"]),
    "a hold-out by design": (put("exploration.2.design", "neyman"), ['design = "uniform"']),
    "two budgets": (put("exploration.0.share", 0.1), ["exactly one of"]),
    "more than half explored": (put("exploration.0.cap", 0.5), ["0.55", '"decline"']),
    "two salts": (put("exploration.1.salt", "x"), ["salt", "one draw"]),
    "from what is no action": (put("exploration.1.from", ["revue"]), ['"revue"', "review"]),
    "from itself": (put("exploration.0.from", ["pass"]), ["the action it explores"]),
    "twice the same": (put("exploration.1.from", ["decline"]), ["decline", "exploration[0]"]),
    "exploring by hiding": (put("exploration.0.action", "decline"), ["pass or review"]),
    "a misspelt key": (put("exploration.0.form", ["decline"]), ["from"]),
    "a zone on no map": (put("calendar.zone", "Mars"), ["'Mars'", "Europe/Madrid"]),
    "a day of no calendar": (put("calendar.holidays", ["25.12.2026"]), ["2026-12-25"]),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told"), REFUSED.values(), ids=REFUSED)
def test_each_refusal_says_where_and_what_to_write(
    change: Callable[[dict[str, Any]], None], told: list[str]
) -> None:
    said = refused(change)
    assert [word for word in told if word not in said] == []


def test_one_action_must_take_what_the_others_cannot() -> None:
    def limit(made: dict[str, Any]) -> None:
        for name in ("pass", "decline"):
            made["actions"][name]["capacity"] = 1

    assert "leave its capacity out" in refused(limit)
