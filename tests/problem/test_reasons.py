"""Every factor has its sentence, said once, and a file that forgets one is told the line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from truerisk.errors import ProblemError
from truerisk.problem.load import as_config, load_problem, problem_from
from truerisk.problem.reasons import factors, priced_columns, said_of
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
SHIPPED = sorted((Path(__file__).parents[2] / "problems").glob("*.toml"))
NOTICE = {"creditor": "A Bank", "address": "1 Main Street"}
DERIVED = {"burden": "amount / nullif(income, 0)", "heavy": "burden + age", "own": "visits * 2"}


@pytest.fixture
def problem(make_problem: Make) -> Callable[..., Problem]:
    def problem_(**more: Any) -> Problem:
        return make_problem(
            features={"columns": ["amount", "income", "age"], "derived": DERIVED},
            actions={"approve": {"if_event": "-0.65 * amount", "if_no_event": "price * amount"}},
            **more,
        )

    return problem_


def test_what_is_derived_from_factors_alone_moves_with_them_and_needs_no_sentence(
    problem: Make,
) -> None:
    made = problem()
    assert factors(made.features, priced_columns(made)) == {
        "amount": ["burden", "heavy"],
        "income": ["burden", "heavy"],
        "age": ["heavy"],
        "price": [],
        "own": [],
    }


def test_each_factor_has_a_sentence_or_the_line_to_write_is_said(problem: Make) -> None:
    said = {"amount": "A", "income": {"low": "B"}, "age": "C", "own": "D", "price": "E"}
    made = problem(reasons=said, notice=NOTICE)
    assert problem_from(as_config(made)) == made
    for name in said:
        rest = {k: v for k, v in said.items() if k != name}
        with pytest.raises(
            ProblemError, match=rf'no sentence for {name}; .* under \[reasons\] {name} = "Say'
        ):
            problem(reasons=rest)
    with pytest.raises(ProblemError, match="amount, income and age and so for 2 more"):
        problem(notice=NOTICE)
    assert not problem().reasons  # no letter, no sentence needed: reasons are named by their factor


def test_the_longest_beginning_speaks_for_a_factor_and_its_own_name_before_it(
    problem: Make,
) -> None:
    reasons = problem(
        reasons={
            **{f"{c}*": {"low": "A"} for c in "ipo"},
            "a*": {"low": "B"},
            "am*": {"low": "C"},
            "age": {"high": "D"},
        }
    ).reasons
    assert [said_of(reasons, f).low for f in ("price", "a", "amount", "amount2")] == list("ABCC")
    assert said_of(reasons, "age").at("low") is None
    assert said_of({}, "age") is None


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({}, "reasons.age needs a sentence"),
        (" ", "reasons.age.text is blank; write a sentence"),
        ("", "reasons.age.text is blank"),
        ("x" * 201, "reasons.age.text has 201 characters; 200 do"),
        (7, "reasons.age.text is 7"),
        ({"below": "x"}, "reasons.age.below is not a known key; allowed here: alone, high, low, m"),
        ({"low": "x", "alone": " "}, "reasons.age.alone is blank"),
        ({"alone": "x"}, "reasons.age needs a sentence"),
        ("a\nb", "line break"),
    ],
)
def test_a_sentence_is_a_sentence(problem: Make, said: Any, match: str) -> None:
    with pytest.raises(ProblemError, match=match):
        problem(reasons={**{f"{c}*": "A" for c in "aipo"}, "age": said})


def test_a_sentence_of_several_says_what_is_told_where_one_of_them_is_missing(
    problem: Make,
) -> None:
    both, rest = "Your income is low for the amount", {f"{c}*": "A" for c in "apo"}
    said = {**rest, "amount": {"high": both}, "income": {"low": both, "missing": "None given"}}
    with pytest.raises(
        ProblemError,
        match=r"reasons.amount shares a sentence with income, .* under \[reasons\] amount.alone = ",
    ):
        problem(reasons=said)
    for cured in (
        {**said, "amount": {"high": both, "alone": "You asked for much"}},
        {**said, "income": {"low": both, "missing": both}},  # it is true of the missing too
        {**said, "income": both},
    ):
        assert problem(reasons=cured)
    never = {"applications": {"contract": {"income": {"nullable": False}}}}
    assert problem(reasons=said, sources=never)


@pytest.mark.parametrize(
    ("notice", "match"),
    [
        ({"creditor": " "}, "notice.creditor is blank"),
        ({"address": "\n"}, "notice has a blank address"),
        ({"terms": ""}, "notice.terms is blank"),
        ({"late": "x" * 201}, "notice.late has 201 characters"),
        ({"before": "x" * 4_001}, "notice.before has 4,001 characters; 4,000 do"),
        ({"after": "\x07"}, "notice.after"),
    ],
)
def test_what_a_letter_needs_is_not_blank_and_no_book(
    problem: Make, notice: dict[str, str], match: str
) -> None:
    said = {f"{c}*": "A" for c in "aipo"}
    with pytest.raises(ProblemError, match=match):
        problem(reasons=said, notice={**NOTICE, **notice})
    rule = [{"when": "age < 18", "action": "decline", "reason": " "}]
    with pytest.raises(ProblemError, match=r"rules\[0\].reason is blank"):
        problem(reasons=said, notice=NOTICE, rules=rule)


def test_one_sentence_for_everything_is_none(problem: Make) -> None:
    with pytest.raises(ProblemError, match="tells nobody why"):
        problem(reasons={"*": "Our policy"})


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_problem_that_ships_tells_why_where_an_action_hides_the_outcome(file: Path) -> None:
    made = load_problem(file)
    assert bool(made.reasons) or all(action.reveals for action in made.actions.values())
