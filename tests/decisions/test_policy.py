"""Dollars choose, rules come first."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.policy import choose, dollars, policy_version, probabilities
from truerisk.errors import ProblemError, SourceError
from truerisk.problem.spec import Problem

Make = Callable[..., Problem]


def chosen(problem: Problem, frame: pd.DataFrame, score: list[float]) -> list[str]:
    choice = choose(problem, frame, np.array(score), dollars(problem, frame))
    return [list(problem.actions)[i] for i in choice.action]


@pytest.fixture
def three(make_problem: Make) -> Problem:
    """Approve, refer for a fee, or decline."""
    return make_problem(
        actions={
            "approve": {"reveals": True, "if_event": "-amount", "if_no_event": "0.2 * amount"},
            "refer": {"reveals": False, "if_event": "-5", "if_no_event": "0.1 * amount - 5"},
            "decline": {"reveals": False, "if_event": 0, "if_no_event": 0},
        }
    )


def test_the_action_with_the_most_expected_dollars_is_taken(three: Problem) -> None:
    """Against a row-by-row calculation with fractions of dollars."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"amount": rng.uniform(10, 500, 300)})
    score = rng.random(300) / 2
    by_hand = []
    for amount, p in zip(frame["amount"], score):
        worth = {
            "approve": -amount * p + 0.2 * amount * (1 - p),
            "decline": 0.0,
            "refer": -5 * p + (0.1 * amount - 5) * (1 - p),
        }
        by_hand.append(max(worth, key=worth.__getitem__))
    assert chosen(three, frame, list(score)) == by_hand
    assert set(by_hand) == {"approve", "refer", "decline"}


def test_dollars_are_those_of_each_action_and_side(three: Problem) -> None:
    if_event, if_no_event = dollars(three, pd.DataFrame({"amount": [100.0, 250.0]}))
    assert list(three.actions) == ["approve", "decline", "refer"]
    assert if_event.tolist() == [[-100, 0, -5], [-250, 0, -5]]
    assert if_no_event.tolist() == [[20, 0, 5], [50, 0, 20]]


def test_a_tie_goes_to_the_first_action_of_the_file(make_problem: Make) -> None:
    tied = pd.DataFrame({"amount": [1.0]})
    assert chosen(make_problem(), tied, [0.5]) == ["approve"]
    swapped = make_problem()
    actions = dict(reversed(swapped.actions.items()))
    assert chosen(swapped.model_copy(update={"actions": actions}), tied, [0.5]) == ["decline"]


def test_a_rule_goes_before_dollars_and_the_first_rule_before_the_others(lender: Make) -> None:
    frame = pd.DataFrame({"amount": [100.0, 100, 40_000, 40_000], "age": [30, 17, 30, 17]})
    problem = lender()
    choice = choose(problem, frame, np.zeros(4), dollars(problem, frame))
    assert chosen(problem, frame, [0, 0, 0, 0]) == ["approve", "decline", "decline", "decline"]
    assert choice.rule.tolist() == [None, "minor", "large", "minor"]
    assert choice.absolute.tolist() == [False, True, False, True]


def test_the_first_of_two_rules_decides_also_where_it_is_milder(lender: Make) -> None:
    problem = lender()
    turned = problem.model_copy(update={"rules": problem.rules[::-1]})
    frame = pd.DataFrame({"amount": [40_000.0], "age": [17.0]})
    choice = choose(turned, frame, np.zeros(1), dollars(turned, frame))
    assert (choice.rule[0], bool(choice.absolute[0])) == ("large", False)


def test_a_rule_that_is_null_for_a_row_does_not_apply(lender: Make) -> None:
    frame = pd.DataFrame({"amount": [100.0, 100.0], "age": [np.nan, 17.0]})
    assert chosen(lender(), frame, [0.0, 0.0]) == ["approve", "decline"]


def test_null_dollars_are_refused_with_their_count(lender: Make) -> None:
    frame = pd.DataFrame({"amount": [1.0, np.nan, np.nan], "age": 30.0})
    with pytest.raises(SourceError) as refused:
        dollars(lender(), frame)
    assert "actions.approve.if_event is null for 2 of 3 applications" in str(refused.value)
    assert "coalesce()" in str(refused.value)
    with pytest.raises(SourceError, match=r"if_event is infinite for 1 of 3 applications; .* nul"):
        dollars(lender(), frame.assign(amount=[1.0, np.inf, 2.0]))


def test_a_column_that_is_not_there_is_named(lender: Make) -> None:
    with pytest.raises(ProblemError, match=r"actions\.approve\.if_event: .*amount"):
        dollars(lender(), pd.DataFrame({"age": [30.0]}))


def test_the_policy_itself_is_certain(lender: Make, make_scored: Callable) -> None:
    problem, frame = lender(), make_scored(50)
    choice = choose(problem, frame, frame["score"].to_numpy(), dollars(problem, frame))
    p = probabilities(problem, choice)
    assert (p.sum(axis=1) == 1).all()
    assert (p.argmax(axis=1) == choice.action).all()
    assert set(np.unique(p)) == {0.0, 1.0}


def test_the_policy_version_names_what_decides_and_nothing_else(lender: Make) -> None:
    usual = policy_version(lender())
    assert policy_version(lender(training={"holdout": "10d"}, description="x")) == usual
    others = [
        lender(exploration={}),
        lender(exploration={"dollars_per_day": 5}),
        lender().model_copy(update={"rules": []}),
        lender().model_copy(update={"rules": lender().rules[::-1]}),
    ]
    assert len({usual, *map(policy_version, others)}) == 5
