"""Plain arithmetic online is the engine's, bit for bit, or left to the engine."""

import math
import struct
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truerisk.features.online.arithmetic import OtherwiseError, Part, compiled
from truerisk.problem.evaluate import evaluate
from truerisk.problem.frames import as_frame

TYPES = {"x": "DOUBLE", "y": "DOUBLE", "n": "BIGINT", "i": "INTEGER", "t": "VARCHAR"}
FLOAT, LONG = pa.float64(), pa.int64()
ARROW = {"DOUBLE": FLOAT, "BIGINT": LONG, "INTEGER": pa.int32(), "VARCHAR": pa.string()}
ODD = [0.0, -0.0, 5e-324, 1e308, -1e308, math.inf, -math.inf, 0.1, 1 / 3, 2.0**53, 2.675, None]
DOUBLES = st.sampled_from(ODD) | st.floats(allow_nan=False) | st.integers(-9, 9).map(float)
WHOLE = st.sampled_from([0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63), None]) | st.integers(-9, 9)
SMALL = st.none() | st.integers(-(2**31), 2**31 - 1)
ROW = st.tuples(DOUBLES, DOUBLES, WHOLE, SMALL, st.sampled_from(["a", None]))

COLUMN = st.sampled_from(["x", "x", "Y", "Y", "n", "i"])
LITERAL = st.sampled_from(["0", "1", "2", "0.0", "0.1", "2.675", "100", "-1", ".5", "3.", "0.30"])
LITERALS = LITERAL | st.sampled_from(["1e3", "9007199254740993", "0.12345678901234567"])


@st.composite
def expressions(draw: Any, depth: int = 2) -> str:
    """Arithmetic of columns and literals, at the top perhaps a comparison."""

    def number(left: int) -> str:
        form = draw(st.sampled_from("+-*/+-*/nm")) if left else draw(st.sampled_from("ccl"))
        if form == "c":
            return draw(COLUMN)
        if form == "l":
            return draw(LITERALS)
        one = number(left - draw(st.integers(1, left)))
        if form == "m":
            return f"-({one})"
        other = number(left - draw(st.integers(1, left)))
        return f"nullif({one}, {other})" if form == "n" else f"({one} {form} {other})"

    made = number(depth)
    if draw(st.integers(0, 3)):
        return made
    return f"{made} {draw(st.sampled_from(['=', '<>', '<', '<=', '>', '>=']))} {number(1)}"


def as_built(sql: str, rows: list[tuple]) -> list[Any] | None:
    """The batch build's values, None for null; None where it cannot compute the expression."""
    columns = {name: [row[i] for row in rows] for i, name in enumerate(TYPES)}
    table = pa.table({c: pa.array(columns[c], ARROW[kind]) for c, kind in TYPES.items()})
    try:
        made = evaluate(as_frame(table), {"made": sql})["made"]
    except ValueError:
        return None
    return [None if pd.isna(v) else v for v in made]


def bits(value: Any) -> Any:
    return struct.pack("d", value) if isinstance(value, float) else value


def online(part: Part, row: tuple) -> Any:
    return part.value(dict(zip(TYPES, row)))


@pytest.mark.slow
def test_what_is_compiled_is_what_the_build_computes_bit_for_bit() -> None:
    seen = {"compiled": 0, "otherwise": 0, "engine": 0}

    @settings(max_examples=150, derandomize=True, deadline=None, database=None)
    @given(sql=expressions(), rows=st.lists(ROW, min_size=8, max_size=8))
    def compare(sql: str, rows: list[tuple]) -> None:
        part = compiled(sql, TYPES)
        if part is None:
            seen["engine"] += 1
            return
        built = as_built(sql, rows)
        for i, row in enumerate(rows):
            try:
                value = online(part, row)
            except OtherwiseError:
                seen["otherwise"] += 1
                continue
            assert built is not None, sql
            seen["compiled"] += 1
            assert bits(value) == bits(built[i]), (sql, row)
            assert value is None or type(value) is (bool if part.kind == "BOOLEAN" else float)

    compare()
    assert min(seen.values()) > 50, seen


@pytest.mark.parametrize(
    "sql",
    [
        "n + i",  # whole numbers overflow
        "n * 2",
        "n * 0.5",  # a decimal
        "x * (1 / 3)",  # of literals alone
        "x * 0.1234567890123456789",  # more digits than a double
        "x + t",
        "x // 2",
        "x % 2",
        "coalesce(x, 0)",
        "x > 1 AND y > 1",
        "nullif(n, 0)",  # keeps the type of whole numbers
        "t = 'a'",
        "abs(x)",
        "x + z",
    ],
)
def test_all_else_is_left_to_the_engine(sql: str) -> None:
    assert compiled(sql, TYPES) is None


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("x / y", (1.0, 0.0)),
        ("x / y", (0.0, 0.0)),
        ("x * y", (1e308, 10.0)),
        ("x - y", (math.inf, math.inf)),
        ("nullif(x - y, 0) > 1", (math.inf, 1.0)),
    ],
)
def test_values_that_are_no_plain_numbers_are_left_to_the_engine(sql: str, row: tuple) -> None:
    part = compiled(sql, TYPES)
    assert part is not None
    with pytest.raises(OtherwiseError):
        online(part, row)


def test_minus_a_decimal_zero_has_no_sign() -> None:
    part = compiled("y * -0.0", TYPES)
    assert part is not None
    assert bits(online(part, (None, 1.0))) == bits(0.0)
