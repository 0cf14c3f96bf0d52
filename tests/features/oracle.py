"""Random histories, and what the rules say of them: a plain loop, row by row, in plain Python."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import strategies as st

START = datetime(2024, 3, 30, tzinfo=UTC)  # Berlin's clocks change on the 31st
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
WINDOWS = {"1d": DAY, "36h": 1.5 * DAY, "3d": 3 * DAY}
MAX_AGE = 2 * DAY
PAID = "score > 0"  # null where the score is
EXACT = ["count", "share where score > 0", "sum(amount)", "mean(amount)", "sum(units)"]
EXACT += ["count where score > 0", "sum(amount) where score > 0 as paid"]
# With the exact ones, what rows sorted once give.
SORTED = ["since_last", "since_first", "distinct(shop)", "distinct(shop) where score > 0"]
SORTED += ["max(amount)", "min(units) where score > 0 as low", "distinct(units)"]
SORTED += ["since_last where score > 0 as paid_last", "since_first where score > 0 as paid_first"]
COMPUTE = [*EXACT, *SORTED]
COMPUTE += ["std(amount)", "std(score)", "mean(score) where shop = 'a' as in_a"]
COMPUTE += [f"{function}(score)" for function in ("sum", "mean", "min", "max")]
SOURCE = {"source": "events", "by": "customer_id"}
FEATURES = {
    "latest": [
        {**SOURCE, "columns": ["score"]},
        {**SOURCE, "columns": ["shop"], "max_age": "2d"},
    ],
    "window": [{**SOURCE, "over": list(WINDOWS), "compute": COMPUTE}],
}


@dataclass(frozen=True)
class Event:
    event_id: int
    customer_id: str | None
    happened_at: datetime | None
    loaded_at: datetime | None
    amount: float | None
    units: int
    score: float | None
    shop: str | None


@dataclass(frozen=True)
class World:
    """Events, applications as (customer, as_of), and what the source says of availability."""

    events: list[Event]
    spine: list[tuple[str | None, datetime]]
    delay: timedelta | None  # None: every event has its own availability
    known_at: datetime | None
    zone: str

    @property
    def source(self) -> dict[str, Any]:
        """What the problem file says of the source of events."""
        how = {"available_at": "loaded_at"}
        if self.delay is not None:
            how = {"delay": f"{self.delay.days}d"}
        return {**how, "contract": {"amount": {"type": "money"}}}

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The events and the spine as a lender would hold them, in the zone of its clocks."""
        events = pd.DataFrame([vars(e) for e in self.events])
        kinds = {"customer_id": "str", "shop": "str", "amount": "float64", "score": "float64"}
        for name in ("happened_at", "loaded_at"):
            events[name] = _moments([getattr(e, name) for e in self.events], self.zone)
        spine = pd.DataFrame(
            {
                "application_id": range(len(self.spine)),
                "customer_id": pd.Series([customer for customer, _ in self.spine], dtype="str"),
                "applied_at": _moments([as_of for _, as_of in self.spine], "UTC"),
            }
        )
        return events.astype(kinds), spine


def mostly(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One null in six."""
    return st.integers(0, 5).flatmap(lambda die: values if die else st.none())


# Half days, and a microsecond to either side: ties and exact edges are common.
def instants(first: int, last: int) -> st.SearchStrategy[datetime]:
    return st.builds(
        lambda half_days, ticks: START + half_days * DAY / 2 + ticks * TICK,
        st.integers(first, last),
        st.sampled_from([0, 0, 0, 0, -1, 1]),
    )


INSTANTS = instants(0, 5)
ANN = ["ann"] * 5  # is hot; eve has no event
CUSTOMERS = st.sampled_from([*ANN, "bob", None])
HUGE = 9 * 10**15  # cents: ninety trillion dollars, past what a double counts exactly
EVENTS = st.builds(
    Event,
    event_id=st.just(0),
    customer_id=CUSTOMERS,
    happened_at=mostly(INSTANTS),
    loaded_at=mostly(INSTANTS),
    amount=mostly(
        (st.integers(-(10**6), 10**12) | st.sampled_from([HUGE, -HUGE])).map(lambda c: c / 100)
    ),
    units=st.integers(-3, 10**9),
    score=mostly(st.sampled_from([0.1, 0.2, 0.3, -1e9, 1e-9, 7.0])),
    shop=mostly(st.sampled_from(["a", "b", "c"])),
)


@st.composite
def worlds(draw: Any) -> World:
    """Eight to nineteen events, some of them twice under another key, and a few applications."""
    events = draw(st.lists(EVENTS, min_size=8, max_size=16))
    events = events + events[: draw(st.integers(0, 3))]
    keys = draw(st.permutations(range(len(events))))
    customers = st.sampled_from([*ANN, "bob", "eve", None])
    return World(
        [replace(event, event_id=key) for event, key in zip(events, keys)],
        draw(st.lists(st.tuples(customers, instants(2, 8)), min_size=3, max_size=8)),
        draw(st.sampled_from([timedelta(0), DAY, 2 * DAY, None])),
        draw(st.none() | instants(3, 8)),
        draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])),
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
            for name, value in _aggregates(
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


def _aggregates(rows: list[Any], as_of: datetime, wrong: str) -> dict[str, Any]:
    events = [event for *_, event in rows]
    positive = [
        e for e in events if (e.score is None or e.score > 0 if wrong == "null" else _paid(e))
    ]
    paid_at = [row[0] for row in rows if row[2] in positive]
    in_a = [e.score for e in events if e.shop == "a" and e.score is not None]
    scores = [e.score for e in events if e.score is not None]
    cents = _cents(events)
    return {
        "count": len(rows),
        "share_where_score_gt_0": len(positive) / len(rows) if rows else None,
        "sum_amount": _dollars(cents),
        "mean_amount": _dollars(cents) / len(cents) if cents else None,
        "sum_units": float(sum(e.units for e in events)) if events else None,
        "count_where_score_gt_0": len(positive),
        "paid": _dollars(_cents(positive)),
        "since_last": (as_of - rows[-1][0]) / DAY if rows else None,
        "since_first": (as_of - rows[0][0]) / DAY if rows else None,
        "distinct_shop": _kinds(events, wrong),
        "distinct_shop_where_score_gt_0": _kinds(positive, wrong),
        "max_amount": max(cents) / 100 if cents else None,
        "low": float(min(e.units for e in positive)) if positive else None,
        "distinct_units": len({e.units for e in events}) if events else None,
        "paid_last": (as_of - paid_at[-1]) / DAY if paid_at else None,
        "paid_first": (as_of - paid_at[0]) / DAY if paid_at else None,
        "std_amount": _std([e.amount for e in events if e.amount is not None]),
        "std_score": _std(scores),
        "in_a": _in_order(in_a) / len(in_a) if in_a else None,
        "sum_score": _in_order(scores) if scores else None,
        "mean_score": _in_order(scores) / len(scores) if scores else None,
        "min_score": min(scores, default=None),
        "max_score": max(scores, default=None),
    }


def _paid(event: Event) -> bool:
    return event.score is not None and event.score > 0


def _cents(events: Iterable[Event]) -> list[int]:
    return [int(Decimal(f"{e.amount:.2f}") * 100) for e in events if e.amount is not None]


def _dollars(cents: list[int]) -> float | None:
    return sum(cents) / 100 if cents else None  # Python divides whole numbers correctly rounded


def _kinds(events: list[Event], wrong: str) -> int | None:
    shops = [e.shop for e in events if e.shop is not None]
    kinds = len(shops) if wrong == "repeats" else len(set(shops))
    return kinds if events and (shops or wrong != "unknown") else None


def _in_order(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value  # one by one: from 3.12 on, sum() would correct for rounding
    return total


def _std(values: list[float]) -> float | None:
    """Welford's running form, in order of time: what makes a last bit the same everywhere."""
    mean = m2 = 0.0
    for n, value in enumerate(values, 1):
        delta = value - mean
        mean += delta / n
        m2 += delta * (value - mean)
    return math.sqrt(m2 / (len(values) - 1)) if len(values) > 1 else None


def _moments(values: list[datetime | None], zone: str) -> pd.Series:
    at = [None if v is None else v.astimezone(ZoneInfo(zone)) for v in values]
    return pd.Series(pd.to_datetime(at, utc=True).astype("datetime64[us, UTC]")).dt.tz_convert(zone)
