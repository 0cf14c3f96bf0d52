"""What is protected is measured by, and can reach neither the model nor the dollars."""

from collections.abc import Callable
from typing import Any

import pytest

from truerisk.errors import ProblemError
from truerisk.problem.load import as_config, problem_from
from truerisk.problem.spec import Problem

HISTORY = {"source": "bureau", "by": "customer_id"}
BUREAU = {"sources": {"bureau": {"table": "bureau", "key": "k", "time": "t"}}}

# How a protected "gender" comes in all the same → the place that the sentence must name.
WAYS_IN: dict[str, tuple[dict[str, Any], str]] = {
    "a column": ({"features": {"columns": ["amount", "gender"]}}, "features.columns"),
    "another case": ({"features": {"columns": ["amount", "Gender"]}}, "features.columns"),
    "derived": (
        {"features": {"derived": {"coded": "case when gender = 'f' then 1 else 0 end"}}},
        "features.derived.coded",
    ),
    "derived under its name": (
        {"features": {"derived": {"gender": "amount"}}},
        "features.derived.gender",
    ),
    "a history's column": (
        {**BUREAU, "features": {"latest": [{**HISTORY, "columns": ["gender"]}]}},
        "features.latest[0]",
    ),
    "a window's condition": (
        {
            **BUREAU,
            "features": {
                "window": [{**HISTORY, "over": ["30d"], "compute": ["count where gender = 'f'"]}]
            },
        },
        "features.window[0]",
    ),
    "a window matched by it": (
        {
            **BUREAU,
            "features": {
                "window": [
                    {"source": "bureau", "by": "gender", "over": ["30d"], "compute": ["count"]}
                ]
            },
        },
        "features.window[0]",
    ),
    "money": (
        {"actions": {"approve": {"if_event": "case gender when 'f' then -1 else -2 end"}}},
        "actions.approve.if_event",
    ),
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_protected_attribute_is_refused_wherever_it_could_decide(
    way: str, make_problem: Callable[..., Problem]
) -> None:
    changes, place = WAYS_IN[way]
    with pytest.raises(ProblemError) as refused:
        make_problem(**changes, training={"protected": ["gender"]})
    said = str(refused.value)
    assert said.startswith(f"small.toml: {place} reads ")
    assert "training.protected names" in said
    make_problem(**changes)  # it is the protection that refuses, nothing else


def test_a_rule_may_read_it_and_nothing_else_may_name_it_twice(
    make_problem: Callable[..., Problem],
) -> None:
    minor = [{"when": "age < 18", "action": "decline", "reason": "minor", "absolute": True}]
    problem = make_problem(rules=minor, training={"protected": ["age", "gender"]})
    assert problem_from(as_config(problem)).training.protected == ["age", "gender"]
    for training, said in [
        ({"protected": ["age"], "segments": ["age"]}, "training.segments names too"),
        ({"protected": ["customer_id"]}, "the subject of an application"),
        ({"protected": ["application_id"]}, "the key of an application"),
    ]:
        with pytest.raises(ProblemError, match=said):
            make_problem(training=training)
