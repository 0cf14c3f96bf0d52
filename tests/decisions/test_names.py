"""What stands in a ledger under its own name never takes the name of one of ours."""

from collections.abc import Callable
from typing import Any

import pytest

from truerisk.errors import ProblemError
from truerisk.features.dataset import columns_read
from truerisk.lake.tables import DECISIONS_SCHEMA, is_ours

Make = Callable[..., Any]
OURS = [*DECISIONS_SCHEMA.names, "Batch", "arm", "status", "revealed", "p_approve", "__time"]


@pytest.mark.parametrize("name", OURS)
def test_a_key_or_segment_of_our_name_is_refused(lender: Make, name: str) -> None:
    sources = {"applications": {"key": name}, "outcomes": {"key": name}}
    for changes in ({"sources": sources}, {"training": {"segments": [name]}}):
        try:
            problem = lender(**changes)
        except ProblemError:
            continue  # the problem file refuses it already
        with pytest.raises(ProblemError, match=f'"{name}" is reserved; give it another name'):
            columns_read(problem)


def test_usual_names_are_free(lender: Make) -> None:
    assert not any(map(is_ours, ("application_id", "id", "purpose", "region", "market", "price")))
    columns_read(lender(training={"segments": ["region"]}))


def test_an_action_named_reveal_would_be_p_reveal(lender: Make) -> None:
    problem = lender()
    actions = {"reveal": problem.actions["approve"], "decline": problem.actions["decline"]}
    with pytest.raises(ProblemError, match="p_reveal"):
        columns_read(problem.model_copy(update={"actions": actions}))
