"""The eight rules of point-in-time features, one test or more for each, by small examples."""

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

import pandas as pd
import pytest

Build = Callable[..., pd.DataFrame]
Make = Callable[..., Any]


def events(at: pd.Series, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": 1, "happened_at": at, **columns})


def column(frame: pd.DataFrame, name: str) -> list[Any]:
    """Values with None in place of null."""
    return [None if pd.isna(value) else value for value in frame[f"events__{name}"]]


# 1. A row is available at time + delay, or at its own available_at; read strictly before as_of.


def test_1_only_rows_available_strictly_before_as_of_are_read(
    build: Build, times: Make, applied: Make
) -> None:
    seen = events(times("2024-03-10T12:00:00"))
    spine = applied("2024-03-10T12:00:00", "2024-03-10T12:00:00.000001")
    assert column(build(seen, spine, {"over": ["1d"], "compute": ["count"]}), "count__1d") == [0, 1]
    assert column(build(seen.assign(x=7), spine, latest={"columns": ["x"]}), "x") == [None, 7]


def test_1_a_delay_moves_availability_and_not_the_event(
    build: Build, times: Make, applied: Make
) -> None:
    seen = events(times("2024-03-10"), x=7)
    spine = applied("2024-03-11T00:00:00", "2024-03-11T00:00:00.000001", "2024-03-12T00:00:00")
    window = {"over": ["2d"], "compute": ["count", "since_last"]}
    built = build(seen, spine, window, {"columns": ["x"]}, delay="1d")
    assert column(built, "count__2d") == [0, 1, 1]
    assert column(built, "since_last__2d")[2] == 2.0
    assert column(built, "x") == [None, 7, 7]


def test_1_a_row_with_its_own_availability_is_read_from_then_on(
    build: Build, times: Make, applied: Make
) -> None:
    """A back-filled row: it happened in March and was loaded in May; another never was."""
    loaded = times("2024-05-01", None)
    seen = events(times("2024-03-10", "2024-03-10"), loaded_at=loaded, x=[7, 8])
    spine = applied("2024-05-01", "2024-05-02")
    window = {"over": ["365d"], "compute": ["count", "distinct(x)"]}
    built = build(seen, spine, window, {"columns": ["x"]}, available_at="loaded_at")
    assert column(built, "count__365d") == [0, 1]
    assert column(built, "distinct_x__365d") == [None, 1]
    assert column(built, "x") == [None, 7]


# 2. A window covers event times in [as_of − w, as_of).


def test_2_a_window_begins_inclusive_and_ends_exclusive(
    build: Build, times: Make, applied: Make
) -> None:
    at = ["2024-03-08T23:59:59.999999", "2024-03-09", "2024-03-09T23:59:59.999999", "2024-03-10"]
    spine = applied("2024-03-10")
    built = build(events(times(*at)), spine, {"over": ["1d", "90000s"], "compute": ["count"]})
    assert (column(built, "count__1d"), column(built, "count__25h")) == ([2], [3])


def test_2_a_window_is_seconds_whatever_the_calendar_does(
    build: Build, times: Make, applied: Make
) -> None:
    """Over the change to summer time in Europe, and with times written in its zone."""
    berlin = times("2024-03-30T12:00:00+01:00").dt.tz_convert("Europe/Berlin")
    spine = applied("2024-03-31T13:00:00+02:00", "2024-03-31T13:00:00.000001+02:00")
    built = build(events(berlin), spine, {"over": ["1d"], "compute": ["count"]})
    assert column(built, "count__1d") == [1, 0]


# 3. Empty windows: count is 0, the others are null. Null times and null categories never count.


ALL = ["count", "sum(x)", "mean(x)", "min(x)", "max(x)", "distinct(c)", "since_last"]


def test_3_an_empty_window_counts_zero_and_knows_nothing_else(
    build: Build, times: Make, applied: Make
) -> None:
    seen = events(times("2024-01-01"), x=1.0, c="a")
    built = build(seen, applied("2024-03-10"), {"over": ["7d"], "compute": ALL})
    assert built.filter(like="events").iloc[0].isna().tolist() == [False] + [True] * 6
    assert column(built, "count__7d") == [0]


def test_3_null_times_are_never_available(build: Build, times: Make, applied: Make) -> None:
    seen = events(times(None, "2024-03-09"), x=[5.0, 2.0], c=["a", "b"])
    built = build(seen, applied("2024-03-10"), {"over": ["7d"], "compute": ALL}, {"columns": ["x"]})
    assert built.filter(like="events").iloc[0].tolist() == [2.0, 1, 2.0, 2.0, 2.0, 2.0, 1, 1.0]


def test_3_distinct_is_null_only_for_a_window_without_rows(
    build: Build, times: Make, applied: Make
) -> None:
    seen = events(times("2024-03-01", "2024-03-05", "2024-03-05"), c=["a", None, None])
    built = build(
        seen, applied("2024-03-10"), {"over": ["2d", "7d", "30d"], "compute": ["distinct(c)"]}
    )
    assert column(built, "distinct_c__2d") == [None]
    assert column(built, "distinct_c__7d") == [0]
    assert column(built, "distinct_c__30d") == [1]


def test_3_distinct_counts_a_value_once_also_from_the_very_edge_of_the_window(
    build: Build, times: Make, applied: Make
) -> None:
    seen = events(times("2024-03-01", "2024-03-03", "2024-03-05", "2024-03-05"), c=["a"] * 4)
    built = build(seen, applied("2024-03-10"), {"over": ["7d", "5d"], "compute": ["distinct(c)"]})
    assert (column(built, "distinct_c__7d"), column(built, "distinct_c__5d")) == ([1], [1])


def test_3_distinct_does_not_look_past_rows_that_are_not_available_yet(
    build: Build, times: Make, applied: Make
) -> None:
    """The earlier of two equal values arrives late: until then the later one is the first."""
    loaded = times("2024-04-01", "2024-03-05")
    seen = events(times("2024-03-04", "2024-03-05"), c=["a", "a"], loaded_at=loaded)
    window = {"over": ["30d"], "compute": ["distinct(c)"]}
    built = build(seen, applied("2024-03-10", "2024-04-02"), window, available_at="loaded_at")
    assert column(built, "distinct_c__30d") == [1, 1]


def test_3_since_last_is_in_days(build: Build, times: Make, applied: Make) -> None:
    seen = events(times("2024-03-08", "2024-03-09T18:00:00"))
    built = build(seen, applied("2024-03-10"), {"over": ["7d"], "compute": ["since_last"]})
    assert column(built, "since_last__7d") == [0.25]


# 4. Money is summed exactly.


def test_4_money_is_summed_to_the_cent_where_floats_are_not(
    build: Build, times: Make, applied: Make
) -> None:
    amounts = [0.10] * 1000 + [1e13, 0.01, -1e13]
    at = pd.Series(pd.date_range("2024-03-01", periods=len(amounts), freq="1min", tz="UTC"))
    exact = float(sum((Decimal(f"{amount:.2f}") for amount in amounts), Decimal(0)))
    assert exact == 100.01
    one_by_one = reduce(add, amounts)  # from Python 3.12 on, sum() corrects for rounding
    assert one_by_one != exact, "this example would not tell the two apart"
    money = {"contract": {"amount": {"type": "money"}}}
    window = {"over": ["30d"], "compute": ["sum(amount)", "mean(amount)"]}
    built = build(events(at, amount=amounts), applied("2024-03-10"), window, **money)
    assert column(built, "sum_amount__30d") == [exact]
    assert column(built, "mean_amount__30d") == [exact / len(amounts)]
    plain = build(events(at, amount=amounts), applied("2024-03-10"), window)
    assert column(plain, "sum_amount__30d") != [exact]


@pytest.mark.slow
def test_4_sums_of_doubles_have_the_same_bits_whatever_the_order_of_the_rows(
    build: Build, times: Make, applied: Make
) -> None:
    n = 5_000
    noise = pd.Series(range(n)).mul(0.1).map(lambda v: v * (10.0 ** (int(v * 10) % 30)))
    at = pd.Series(pd.date_range("2024-03-01", periods=n // 2, freq="1s", tz="UTC")).repeat(2)
    seen = events(at.reset_index(drop=True), x=noise, event_id=range(n))
    window = {"over": ["30d"], "compute": ["sum(x)", "mean(x)"]}
    bits = {
        build(rows, applied("2024-03-10"), window).iloc[0, 1:].map(float.hex).str.cat(sep=" ")
        for rows in [seen, seen, seen.sample(frac=1, random_state=1), seen[::-1]]
    }
    assert len(bits) == 1


# 5. latest takes the greatest (event time, source key); exactly max_age is kept.


@pytest.mark.parametrize("own", [False, True], ids=["delay", "available_at"])
def test_5_latest_takes_the_greatest_time_then_the_greatest_key(
    own: bool, build: Build, times: Make, applied: Make
) -> None:
    at = times("2024-03-01", "2024-03-05", "2024-03-05", "2024-03-05", "2024-03-12")
    seen = events(at, x=[1, 2, 3, 4, 5], event_id=[9, 3, 8, 5, 1], loaded_at=at)
    how = {"available_at": "loaded_at"} if own else {}
    built = build(seen, applied("2024-03-10", "2024-03-04"), latest={"columns": ["x"]}, **how)
    assert column(built, "x") == [3, 1]


def test_5_latest_is_the_newest_event_and_not_the_newest_arrival(
    build: Build, times: Make, applied: Make
) -> None:
    loaded = times("2024-03-06", "2024-03-08")
    seen = events(times("2024-03-05", "2024-03-01"), x=[1, 2], loaded_at=loaded)
    built = build(seen, applied("2024-03-10"), latest={"columns": ["x"]}, available_at="loaded_at")
    assert column(built, "x") == [1]


def test_5_a_null_in_the_latest_row_stays_null(build: Build, times: Make, applied: Make) -> None:
    seen = events(times("2024-03-01", "2024-03-05"), x=[1.0, None], c=["a", None])
    built = build(seen, applied("2024-03-10"), latest={"columns": ["x", "c"]})
    assert (column(built, "x"), column(built, "c")) == ([None], [None])


@pytest.mark.parametrize("own", [False, True], ids=["delay", "available_at"])
def test_5_exactly_max_age_is_kept_and_older_is_null(
    own: bool, build: Build, times: Make, applied: Make
) -> None:
    at = times("2024-01-31")
    how = {"available_at": "loaded_at"} if own else {}
    spine = applied("2024-05-30", "2024-05-30T00:00:00.000001")
    latest = {"columns": ["x"], "max_age": "120d"}
    assert column(build(events(at, x=7, loaded_at=at), spine, latest=latest, **how), "x") == [
        7,
        None,
    ]


def test_5_a_value_too_old_does_not_hide_behind_an_older_one(
    build: Build, times: Make, applied: Make
) -> None:
    seen = events(times("2024-01-01", "2024-03-09"), x=[1.0, None])
    built = build(seen, applied("2024-03-10"), latest={"columns": ["x"], "max_age": "5d"})
    assert column(built, "x") == [None]


# 6. Exactly the spine's rows, in its order.


def test_6_rows_order_and_index_are_the_spines(build: Build, times: Make, applied: Make) -> None:
    spine = pd.concat(
        [applied("2024-03-10", "2024-03-01"), applied("2024-03-10", customer=404)]
    ).assign(application_id=[7, 3, 5])
    spine.index = pd.Index(["c", "a", "b"])
    seen = events(times("2024-03-05"), x=9)
    built = build(seen, spine, {"over": ["7d"], "compute": ["count"]}, {"columns": ["x"]})
    assert built["application_id"].tolist() == [7, 3, 5]
    assert built.index.tolist() == ["c", "a", "b"]
    assert column(built, "count__7d") == [1, 0, 0]
    assert column(built, "x") == [9, None, None]


def test_6_a_customer_without_an_id_has_no_events(build: Build, times: Make, applied: Make) -> None:
    seen = events(times("2024-03-05", "2024-03-06"), x=9).assign(customer_id=[None, 1.0])
    spine = applied("2024-03-10", "2024-03-10").assign(customer_id=[None, 1.0])
    built = build(seen, spine, {"over": ["7d"], "compute": ["count"]}, {"columns": ["x"]})
    assert column(built, "count__7d") == [0, 1]
    assert column(built, "x") == [None, 9]


# 7, what bounds features: known_at (labels are in test_dataset.py).


@pytest.mark.parametrize("own", [False, True], ids=["delay", "available_at"])
def test_7_known_at_bounds_what_is_available_inclusive(
    own: bool, build: Build, times: Make, applied: Make
) -> None:
    at = times("2024-03-01", "2024-03-05", "2024-03-06")
    seen = events(at, x=[1, 2, 3], loaded_at=at)
    how = {"available_at": "loaded_at"} if own else {"delay": "0d"}
    window = {"over": ["30d"], "compute": ["count", "distinct(x)"]}
    spine = applied("2024-03-10")
    for known_at, n in [("2024-03-05", 2), ("2024-03-04T23:59:59.999999", 1), (None, 3)]:
        built = build(seen, spine, window, {"columns": ["x"]}, known_at, **how)
        assert column(built, "count__30d") == [n]
        assert column(built, "distinct_x__30d") == [n]
        assert column(built, "x") == [n]


# 8. Names are deterministic (hashes are in test_definitions.py).


def test_8_columns_come_in_the_order_of_the_definitions(
    build: Build, times: Make, applied: Make
) -> None:
    seen = events(times("2024-03-05"), x=9.0, c="a")
    window = {"over": ["24h", "30d"], "compute": ["count", "sum(x)"]}
    built = build(seen, applied("2024-03-10"), window, {"columns": ["c"]})
    assert list(built) == [
        "application_id",
        "events__c",
        "events__count__1d",
        "events__sum_x__1d",
        "events__count__30d",
        "events__sum_x__30d",
    ]
