"""Time and key as one number: the newest row is the same one as by sorting, whatever the ranges."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truerisk.features.sql.latest import from_where, latest
from truerisk.features.sql.rank import Rank, is_ranked, ranges, rank
from truerisk.problem.spec import Latest

SECOND, DAY = 10**6, 86_400 * 10**6
FAR = 4 * 10**18  # µs: over a hundred thousand years; ages still fit 64 bits
WIDEST = 2**63 - 1
WANTED = [
    Latest(source="rows", by="who", columns=["x"]),
    Latest(source="rows", by="who", columns=["y"], max_age="2d"),
]
# Few different times, so that ties and exact edges are common.
SECONDS = st.integers(-3, 3).map(lambda n: n * SECOND)
TICKS = st.builds(int.__add__, SECONDS, st.integers(-2, 2))
DAYS = st.integers(-3, 3).map(lambda n: n * DAY)
TIMES = [SECONDS, DAYS, TICKS, st.sampled_from([-FAR, 0, 1, FAR]) | TICKS]
KEYS = [
    st.integers(-5, 20),
    st.integers(0, 2**40),
    st.integers(WIDEST - 20, WIDEST),
    st.sampled_from([-WIDEST, WIDEST]) | st.integers(-5, 20),
]
ROWS = {"who": pa.string(), "__time_us": pa.int64(), "__key": pa.int64()}


@st.composite
def histories(draw: Any) -> tuple[list[tuple], list[tuple], int, int | None]:
    """Rows (who, time, key), a spine (who, as_of), the delay and what is known when (µs)."""
    times, keys = draw(st.sampled_from(TIMES)), draw(st.sampled_from(KEYS))
    who = st.sampled_from(["a", "a", "a", "b", None])
    row = st.tuples(who, st.none() | times, keys)
    rows = draw(st.lists(row, min_size=5, max_size=12, unique_by=lambda r: r[2]))
    near = st.builds(int.__add__, times, st.integers(-1, 1))
    spine = draw(st.lists(st.tuples(who, near | TICKS), min_size=1, max_size=6))
    known = draw(times) if draw(st.integers(0, 3)) == 0 else None
    return rows, spine, draw(st.sampled_from([0, 1, SECOND, DAY])), known


def newest(con: duckdb.DuckDBPyConnection, delay: int, known: int | None, found: Rank | None):
    """Row number → the features, by the SQL of one form."""
    query = latest("v", WANTED, delay, known, rank=found)
    return sorted(con.sql(query).fetchall())


def by_the_rules(rows: list, spine: list, delay: int, known: int | None) -> list[tuple]:
    made = []
    for n, (who, as_of) in enumerate(spine):
        seen = [
            (t, key)
            for whose, t, key in rows
            if whose == who is not None
            and t is not None
            and t + delay < as_of
            and (known is None or t + delay <= known)
        ]
        t, key = max(seen, default=(None, None))
        fresh = t is not None and as_of - t <= 2 * DAY
        made.append((n, key, key if fresh else None))
    return made


def show(con: duckdb.DuckDBPyConnection, rows: list[tuple], spine: list[tuple], delay: int) -> None:
    """Make the rows and the spine known to the connection."""
    columns = [pa.array([r[i] for r in rows], kind) for i, kind in enumerate(ROWS.values())]
    con.register("rows", pa.table(dict(zip(ROWS, columns))))
    con.execute(
        "CREATE OR REPLACE TEMP VIEW v AS SELECT *, __key AS x, __key AS y, "
        f"CAST(__time_us AS HUGEINT) + {delay} AS __available_us FROM rows"
    )
    who, at = pa.array([w for w, _ in spine], pa.string()), pa.array([t for _, t in spine])
    numbered = {"__row": pa.array(range(len(spine))), "who": who, "__as_of": at}
    con.register("__spine", pa.table(numbered))


def ranked(con: duckdb.DuckDBPyConnection, known: int | None) -> Rank | None:
    asked = con.sql(ranges(from_where("v", "who", known))).to_arrow_table().to_pylist()
    return rank(asked[0])


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as con:
        yield con


@pytest.mark.slow
def test_the_newest_row_by_one_number_is_that_of_the_rules(
    con: duckdb.DuckDBPyConnection,
) -> None:
    used: Counter[tuple[str, int] | None] = Counter()

    @settings(max_examples=80, derandomize=True, deadline=None, database=None)
    @given(history=histories())
    def compare(history: tuple[list[tuple], list[tuple], int, int | None]) -> None:
        rows, spine, delay, known = history
        show(con, rows, spine, delay)
        found = ranked(con, known)
        used[found and (found.type, found.unit)] += 1
        assert newest(con, delay, known, found) == by_the_rules(rows, spine, delay, known)

    compare()
    forms = [(kind, unit) for kind in ("BIGINT", "HUGEINT") for unit in (SECOND, 1)]
    assert all(used[form] > 1 for form in [*forms, None]), used


def test_an_edge_lies_above_every_row_before_it_and_below_the_rest(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The edge of a microsecond past a second is not that of the second."""
    rows, delay = [("a", 0, 1), ("a", SECOND, 0), ("a", SECOND, 2)], 0
    spine = [("a", t) for t in (-WIDEST, 0, 1, SECOND, SECOND + 1, WIDEST)]
    show(con, rows, spine, delay)
    found = ranked(con, None)
    assert found == Rank(type="BIGINT", first=0, last=SECOND, unit=SECOND, low=0, width=3)
    keys = [x for _, x, _ in newest(con, delay, None, found)]
    assert keys == [None, None, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("first", "last", "low", "high", "seconds", "kind"),
    [
        (0, 100 * 365 * DAY, 0, 2**28, True, "BIGINT"),
        (0, 100 * 365 * DAY, 0, 2**28, False, "HUGEINT"),
        (-FAR, FAR, -WIDEST, WIDEST, False, None),
        (0, 0, 2**127, 2**127, True, None),
        (0, DAY, 2**62, 2**62, True, "HUGEINT"),
    ],
)
def test_the_number_is_as_narrow_as_the_ranges_allow(
    first: int, last: int, low: int, high: int, seconds: bool, kind: str | None
) -> None:
    asked = {"first": first, "last": last, "low": low, "high": high, "seconds": seconds}
    found = rank(asked)
    assert (found and found.type) == kind


def test_keys_that_are_no_whole_numbers_are_sorted() -> None:
    assert is_ranked("UBIGINT") and is_ranked("HUGEINT")
    assert not any(map(is_ranked, ("VARCHAR", "DOUBLE", "DECIMAL(18,0)", "UUID")))
