"""Random histories: the SQL gives what a plain loop over the rules gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

START = datetime(2024, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
WINDOWS = {"1d": DAY, "36h": 1.5 * DAY, "3d": 3 * DAY}
MAX_AGE = 2 * DAY
EXAMPLES = 80
COMPUTE = ["count", "since_last", "distinct(shop)", "sum(amount)", "mean(amount)"]
COMPUTE += [f"{function}(score)" for function in ("sum", "mean", "min", "max")]
FEATURES = {
    "latest": [
        {"source": "events", "by": "customer_id", "columns": ["score"]},
        {"source": "events", "by": "customer_id", "columns": ["shop"], "max_age": "2d"},
    ],
    "window": [
        {"source": "events", "by": "customer_id", "over": list(WINDOWS), "compute": COMPUTE}
    ],
}


@dataclass(frozen=True)
class Event:
    event_id: int
    customer_id: str | None
    happened_at: datetime | None
    loaded_at: datetime | None
    amount: float | None
    score: float | None
    shop: str | None


@dataclass(frozen=True)
class World:
    """Events, applications as (customer, as_of), and what the source says of availability."""

    events: list[Event]
    spine: list[tuple[str | None, datetime]]
    delay: timedelta | None  # None: every event has its own availability
    known_at: datetime | None


def mostly(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One null in six."""
    return st.integers(0, 5).flatmap(lambda die: values if die else st.none())


# Half days, and a microsecond to either side: ties and exact edges are common.
INSTANTS = st.builds(
    lambda half_days, ticks: START + half_days * DAY / 2 + ticks * TICK,
    st.integers(0, 9),
    st.sampled_from([0, 0, 0, -1, 1]),
)
CUSTOMERS = st.sampled_from(["ann", "ann", "ann", "bob", None])
EVENTS = st.builds(
    Event,
    event_id=st.just(0),
    customer_id=CUSTOMERS,
    happened_at=mostly(INSTANTS),
    loaded_at=mostly(INSTANTS),
    amount=mostly(st.integers(-(10**6), 10**12).map(lambda cents: cents / 100)),
    score=mostly(st.sampled_from([0.1, 0.2, 0.3, -1e9, 1e-9, 7.0])),
    shop=mostly(st.sampled_from(["a", "b", "c"])),
)


@st.composite
def worlds(draw: Any) -> World:
    events = draw(st.lists(EVENTS, min_size=5, max_size=15))
    keys = draw(st.permutations(range(len(events))))
    return World(
        [replace(event, event_id=key) for event, key in zip(events, keys)],
        draw(st.lists(st.tuples(CUSTOMERS, INSTANTS), min_size=3, max_size=8)),
        draw(st.sampled_from([timedelta(0), DAY, None])),
        draw(st.none() | INSTANTS),
    )


def oracle(world: World, wrong: str = "") -> Iterator[dict[str, Any]]:
    """Every feature by the rules, row by row; ``wrong`` breaks one rule."""

    def available(event: Event) -> datetime | None:
        if event.happened_at is None:
            return None
        if world.delay is None:
            return event.happened_at if wrong == "event time" else event.loaded_at
        return event.happened_at + (timedelta(0) if wrong == "event time" else world.delay)

    for customer, as_of in world.spine:
        seen = [
            (event.happened_at, event.event_id, event)
            for event in world.events
            if event.customer_id == customer is not None
            and (at := available(event)) is not None
            and (at < as_of or (wrong == "ties" and at == as_of))
            and (world.known_at is None or wrong == "known later" or at <= world.known_at)
        ]
        newest = max(seen, default=None, key=lambda s: s[:1] if wrong == "any of a tie" else s[:2])
        yield {
            "events__score": newest and newest[2].score,
            "events__shop": newest
            and (newest[2].shop if as_of - newest[0] <= MAX_AGE or wrong == "stale" else None),
        } | {
            f"events__{name}__{window}": value
            for window, length in WINDOWS.items()
            for name, value in aggregates(
                sorted(
                    row
                    for row in seen
                    if as_of - length <= row[0] < as_of + TICK * (wrong == "ties")
                    and not (wrong == "open" and row[0] == as_of - length)
                ),
                as_of,
                wrong,
            ).items()
        }


def aggregates(rows: list[Any], as_of: datetime, wrong: str) -> dict[str, Any]:
    def of(column: str) -> list[Any]:
        return [v for *_, event in rows if (v := getattr(event, column)) is not None]

    def mean(total: Any, n: int) -> float | None:
        return float(total) / n if n else None

    cents = [Decimal(f"{amount:.2f}") for amount in of("amount")]
    scores, shops = of("score"), of("shop")
    kinds = len(shops) if wrong == "repeats" else len(set(shops))
    return {
        "count": len(rows),
        "since_last": (as_of - rows[-1][0]) / DAY if rows else None,
        "distinct_shop": kinds if rows and (shops or wrong != "unknown") else None,
        "sum_amount": float(sum(cents)) if cents else None,
        "mean_amount": mean(sum(cents), len(cents)),
        "sum_score": sum(scores) if scores else None,
        "mean_score": mean(sum(scores), len(scores)),
        "min_score": min(scores, default=None),
        "max_score": max(scores, default=None),
    }


def built(world: World, build: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    events = pd.DataFrame(
        {
            "event_id": [e.event_id for e in world.events],
            "customer_id": pd.Series([e.customer_id for e in world.events], dtype="str"),
            "happened_at": moments([e.happened_at for e in world.events]),
            "loaded_at": moments([e.loaded_at for e in world.events]),
            "amount": pd.Series([e.amount for e in world.events], dtype="float64"),
            "score": pd.Series([e.score for e in world.events], dtype="float64"),
            "shop": pd.Series([e.shop for e in world.events], dtype="str"),
        }
    )
    spine = pd.DataFrame(
        {
            "application_id": range(len(world.spine)),
            "customer_id": pd.Series([customer for customer, _ in world.spine], dtype="str"),
            "applied_at": moments([as_of for _, as_of in world.spine]),
        }
    )
    how = {"available_at": "loaded_at"}
    if world.delay is not None:
        how = {"delay": f"{world.delay.days}d"}
    money = {"amount": {"type": "money"}}
    return build(events, spine, known_at=world.known_at, features=FEATURES, contract=money, **how)


def moments(values: list[datetime | None]) -> pd.Series:
    return pd.Series(values, dtype="datetime64[us, UTC]")


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(world=worlds())
def test_every_feature_is_what_the_rules_say(
    world: World, build: Callable[..., pd.DataFrame]
) -> None:
    frame = built(world, build).drop(columns="application_id")
    for row, expected in zip(frame.to_dict("records"), oracle(world), strict=True):
        assert row.keys() == expected.keys()
        for name, value in expected.items():
            came = None if pd.isna(row[name]) else row[name]
            if ("sum_score" in name or "mean_score" in name) and value is not None:
                # A sum of doubles: the same numbers, added in the same order.
                assert came == pytest.approx(value, rel=1e-12, abs=1e-18), name
            else:
                assert came == value, name


def test_the_random_histories_would_notice_each_broken_rule() -> None:
    wrong = ["ties", "event time", "known later", "open", "any of a tie", "stale", "repeats"]
    noticed = dict.fromkeys([*wrong, "unknown"], 0)

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None)
    @given(world=worlds())
    def compare(world: World) -> None:
        right = list(oracle(world))
        for rule in noticed:
            noticed[rule] += list(oracle(world, rule)) != right

    compare()
    assert min(noticed.values()) > 0, noticed
