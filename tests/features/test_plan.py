"""Which formulation the planner chooses, from what it is told of the data."""

from datetime import timedelta

import pytest

from truerisk.features.plan import Choice, Sizes, plan
from truerisk.features.sql.group import Group
from truerisk.problem.aggregate import aggregates

TYPES = {"customer_id": "BIGINT", "amount": "DOUBLE", "units": "INTEGER", "shop": "VARCHAR"}
MEMORY = 10**9
YEAR = 365 * 86_400_000_000
SMALL = Sizes(spine=1_000, events=10_000, pairs=50_000, span=YEAR)
HOT = Sizes(spine=1_000, events=10_000, pairs=5_000_000, span=YEAR)


def group(
    *compute: str, days: tuple[int, ...] = (1, 7, 90), delay: int | None = 0, money: bool = True
) -> Group:
    over = [timedelta(days=d) for d in days]
    made = tuple(aggregates("events", over, list(compute)))
    return Group(
        view="v",
        by="customer_id",
        aggregates=made,
        types=TYPES,
        money=["amount"] if money else [],
        delay=delay,
    )


def told(choices: list[Choice]) -> list[tuple[str, list[int], int]]:
    return [(c.formulation, [w.days for w in c.group.windows], c.chunks) for c in choices]


@pytest.mark.parametrize(
    ("wanted", "seen", "chosen"),
    [
        (group("count", "max(amount)"), SMALL, [("running totals", [1, 7, 90], 1)]),
        (group("distinct(shop)", "since_first"), SMALL, [("running totals", [1, 7, 90], 1)]),
        (group("std(amount)"), SMALL, [("range join", [1, 7, 90], 1)]),
        (group("max(amount)", money=False), SMALL, [("range join", [1, 7, 90], 1)]),
        (group("distinct(amount)"), SMALL, [("range join", [1, 7, 90], 1)]),
        (group("count", "sum(amount)"), SMALL, [("running totals", [1, 7, 90], 1)]),
        (
            group("share where units > 1", "mean(units)"),
            HOT,
            [("running totals", [1, 7, 90], 1)],
        ),
        (group("sum(amount)", money=False), SMALL, [("range join", [1, 7, 90], 1)]),
        (group("count", delay=None), SMALL, [("range join", [1, 7, 90], 1)]),
        (
            group("max(amount)"),
            HOT,
            [("bucketed", [1, 7], 1), ("running totals", [90], 1)],
        ),
        (group("max(amount)", days=(1,)), HOT, [("bucketed", [1], 1)]),
        (group("max(amount)", days=(1,), delay=None), HOT, [("bucketed", [1], 1)]),
        (group("max(amount)", days=(90,)), HOT, [("running totals", [90], 1)]),
        (group("std(amount)", days=(90,)), HOT, [("range join", [90], 1)]),
    ],
)
def test_the_choice_follows_from_aggregates_and_sizes(
    wanted: Group, seen: Sizes, chosen: list[tuple[str, list[int], int]]
) -> None:
    assert told(plan(wanted, seen, MEMORY)) == chosen


def test_what_exceeds_memory_is_taken_in_chunks_and_says_so() -> None:
    choice = plan(group("max(amount)"), SMALL, memory=10**5)[0]
    assert choice.chunks > 1
    assert f"{choice.chunks} chunks by customer_id to stay within memory" in choice.because
    assert len(set(choice.queries())) == choice.chunks
    assert plan(group("max(amount)"), SMALL, memory=10**6)[0].chunks < choice.chunks


def test_a_cluster_looks_after_its_own_memory_and_gets_sql_only() -> None:
    choices = plan(group("count"), SMALL, memory=None)
    assert told(choices) == [("range join", [1, 7, 90], 1)]
