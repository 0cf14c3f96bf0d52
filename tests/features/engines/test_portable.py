"""What is let through outside DuckDB means on Spark what it means on DuckDB, value by value."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from truerisk.errors import ProblemError
from truerisk.features.engines.portable import SAME, check_portable
from truerisk.features.engines.render import render, sqlglot

ROWS = 48
MONEY = [Decimal(x) for x in ("0.00", "0.01", "-12.35", "100.00", "9999.99", "0.10")]
NOON = datetime(2024, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
WORDS = ["", "a", "B", "Éa", "a%", "a_b", "a\\", "10", " a ", "ß", "İ", "🙂a", "A"]
COLUMNS: dict[str, tuple[list[Any], pa.DataType, str]] = {
    "i": ([0, 0, 1, -1, 2, -7, 100], pa.int32(), "INTEGER"),
    "b": ([0, 1, -3, 10**6], pa.int64(), "BIGINT"),
    "x": ([0.0, -0.0, 0.1, -2.5, 7.0, 1 / 3, 1e300], pa.float64(), "DOUBLE"),
    "m": (MONEY, pa.decimal128(18, 2), "DECIMAL(18,2)"),
    "n": (MONEY, pa.decimal128(18, 2), "DECIMAL(18,2)"),
    "k": (WORDS, pa.string(), "VARCHAR"),
    "j": (WORDS, pa.string(), "VARCHAR"),
    "f": ([True, False], pa.bool_(), "BOOLEAN"),
    "d": ([date(2024, 1, 1), date(1969, 12, 31)], pa.date32(), "DATE"),
    "t": ([NOON, datetime(2024, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"), "TIMESTAMP"),
}
TYPES = {name: kind for name, (_, _, kind) in COLUMNS.items()}

# Where the two were seen to differ, and what the refusal says of each.
DIFFERENT = {
    "10 / i > 1": "division by i, which can be 0",
    "i % b > 0": "modulo by b, which can be 0",
    "x / (i - 1) > 0": "which can be 0",
    "1 / nullif(i, 1) > 0": "which can be 0",
    "m / 12 >= 8.3333333": "division of a DECIMAL",
    "m / 3.0 > 1": "division of a DECIMAL",
    "i / 3.0 > 1": "division of a DECIMAL",
    "m / nullif(n, 0) > 3": "division of a DECIMAL",
    "m * n * 1.5 > 5": "the product of several DECIMALs",
    "i": "an integer used as a truth value",
    "not x": "a double used as a truth value",
    "m or f": "a decimal used as a truth value",
    "k and f": "a text used as a truth value",
    "if(i, true, false)": "used as a truth value",
    "case when b then f end": "used as a truth value",
    "i is true": "an integer used as a truth value",
    "f = 1": "a boolean beside an integer",
    "k = 10": "a text beside an integer",
    "i in ('1', '2')": "an integer beside a text",
    "coalesce(k, 0) = 0": "a text beside an integer",
    "t > '2024-01-01'": "a time beside a text",
    "i || 'x' = '1x'": "an integer used as a text",
    "k like 'a\\%'": "a backslash in LIKE",
    "k like '%\\'": "a backslash in LIKE",
    "k like j": "a pattern that is not written out",
    "upper(k) = 'SS'": r"upper\(\)",
    "lower(k) = 'i'": r"lower\(\)",
    "b > 9223372036854775808": "the whole number",
    "null": "a null used as a truth value",
    "k + 1 > 2": "a text used as a number",
    "length(i) = 1": "an integer used as a text",
    "round(x) = 0": r"round\(\)",
    "i // 2 = 1": "IntDiv",
    "k ilike 'A%'": "ILike",
    "k ~ 'a'": "need not mean the same",
    "k collate nocase = 'a'": "need not mean the same",
}


def allowed(where: str) -> bool:
    try:
        check_portable(where, "spark", "here", TYPES)
    except ProblemError:
        return False
    return True


@pytest.mark.parametrize("where", DIFFERENT)
def test_what_was_seen_to_differ_is_refused(where: str) -> None:
    for dialect in ("spark", "snowflake"):  # the others are only rendered, and read as Spark reads
        with pytest.raises(ProblemError, match=DIFFERENT[where]) as refused:
            check_portable(where, dialect, "here", TYPES)
        assert len(str(refused.value)) <= 400
    check_portable(where, "duckdb", "here", TYPES)


def test_columns_of_kinds_that_engines_do_not_share_are_refused() -> None:
    for held in ("FLOAT", "HUGEINT", "UBIGINT", "BLOB", "TIME", "INTERVAL", "VARCHAR[]", "UUID"):
        with pytest.raises(ProblemError, match="need not mean the same"):
            check_portable("odd is not null", "spark", "here", {"odd": held})
        check_portable("odd is not null", "spark", "here", {})  # nobody knows: not held against it


class Writer:
    """Filters at random, mostly of the kinds that are let through."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def truth(self, depth: int) -> str:
        one, two = self.number, self.number
        forms: list[Callable[[], str]] = [
            lambda: f"{one(depth)} {self.sign()} {two(depth)}",
            lambda: f"{self.text(depth)} {self.sign()} {self.text(depth)}",
            lambda: f"{self.time()} {self.sign()} {self.time()}",
            lambda: f"{one(depth)} in ({two(0)}, {two(0)}, null)",
            lambda: f"{self.text(depth)} not in ('a', {self.text(0)})",
            lambda: f"{one(depth)} between {two(0)} and {one(0)}",
            lambda: f"{self.text(depth)} {self.pick('like', 'not like')} {self.pattern()}",
            lambda: f"{self.pick(*COLUMNS)} is {self.pick('null', 'not null')}",
            lambda: f"f is {self.pick('true', 'not true', 'false', 'distinct from true')}",
            lambda: self.pick("f", "not f", "true", "f = false"),
        ]
        if depth:
            forms += [
                lambda: f"({self.truth(depth - 1)}) and ({self.truth(depth - 1)})",
                lambda: f"({self.truth(depth - 1)}) or ({self.truth(depth - 1)})",
                lambda: f"not ({self.truth(depth - 1)})",
                lambda: f"case when {self.truth(depth - 1)} then f else {self.truth(0)} end",
            ]
        return self.rng.choice(forms)()

    def number(self, depth: int) -> str:
        if depth == 0:
            return self.pick("i", "b", "x", "m", "n", "0", "1", "-3", "0.5", "1.10", "1e0", "100")
        one, two = self.number(depth - 1), self.number(depth - 1)
        return self.pick(
            *(f"({one} {sign} {two})" for sign in "+-*"),
            f"({one} / nullif({two}, 0))",
            f"({one} % nullif({two}, 0))",
            f"({one} / {self.pick('4', '3e0', '2.5', 'i')})",
            f"({one} % {self.pick('7', '-3', '0.7', 'b')})",
            f"abs({one})",
            f"(-{one})",
            f"coalesce({one}, {two})",
            f"nullif({one}, {two})",
            f"length({self.text(depth - 1)})",
            f"case when f then {one} else {two} end",
            f"case i when 0 then {one} when 1 then {two} end",
            f"if({self.truth(0)}, {one}, {two})",
        )

    def text(self, depth: int) -> str:
        if depth == 0:
            return self.pick("k", "j", "'a'", "''", "'é'", "' a '", "'it''s'")
        one, two = self.text(depth - 1), self.text(depth - 1)
        return self.pick(f"({one} || {two})", f"coalesce({one}, {two})", f"nullif({one}, {two})")

    def time(self) -> str:
        return self.pick(
            "d",
            "t",
            "date '2024-01-01'",
            "timestamp '2024-01-01 12:00:00'",
            "timestamptz '2024-01-01 12:00:00+02'",
        )

    def sign(self) -> str:
        plain = ("=", "<>", "<", "<=", ">", ">=")
        return self.pick(*plain, "is distinct from", "is not distinct from")

    def pattern(self) -> str:
        return self.pick("'a%'", "'_a'", "'%a%'", "'É_'", "''", "'%'", "'a\\%'", "'___'")

    def pick(self, *forms: str) -> str:
        return self.rng.choice(forms)


def table(seed: int) -> pa.Table:
    """Rows of every edge, a sixth of them null."""
    rng = random.Random(seed)
    made = {"id": pa.array(range(ROWS), pa.int64())}
    for name, (values, kind, _) in COLUMNS.items():
        held = [None if rng.random() < 1 / 6 else rng.choice(values) for _ in range(ROWS)]
        made[name] = pa.array(held, kind)
    return pa.table(made)


def query(filters: list[str]) -> str:
    """What an aggregate's filter does with each: keeps a row, drops it, or knows not."""
    kept = ", ".join(
        f"CASE WHEN {w} THEN 1 WHEN NOT ({w}) THEN 0 END AS w{i}"
        for i, w in enumerate(f"({w})" for w in filters)
    )
    return f"SELECT id, {kept} FROM edges ORDER BY id"


def on_duckdb(rows: pa.Table, filters: list[str]) -> dict[str, list[int | None]] | None:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.register("edges", rows)
        try:
            return con.sql(query(filters)).to_arrow_table().to_pydict()
        except duckdb.Error:  # an overflow, in these rows
            return None


def agreeing(session: Any, filters: list[str], seed: int) -> int:
    """Asserts that Spark keeps the rows that DuckDB keeps; how many filters were compared."""
    rows = table(seed)
    filters = [w for w in filters if on_duckdb(rows, [w]) is not None]
    session.createDataFrame(rows).createOrReplaceTempView("edges")
    expected = on_duckdb(rows, filters)
    found = session.sql(render(query(filters), "spark")).toArrow().to_pydict()
    assert expected is not None
    wrong = [w for i, w in enumerate(filters) if found[f"w{i}"] != expected[f"w{i}"]]
    assert not wrong, wrong[:5]
    return len(filters)


@pytest.fixture
def session(spark_conf: dict[str, str]) -> Any:
    from truerisk.features.engines.spark_session import spark_session

    return spark_session(spark_conf, "here")


def filters(seed: int, count: int) -> list[str]:
    writer = Writer(seed)
    return [writer.truth(depth % 3) for depth in range(count)]


@pytest.mark.slow
def test_the_filters_at_random_are_of_every_part_that_is_let_through() -> None:
    exp = sqlglot().exp
    made = [w for w in filters(1, 1_200) if allowed(w)]
    seen = {type(n).__name__ for w in made for n in exp.maybe_parse(w, dialect="duckdb").walk()}
    assert set(SAME.split()) <= seen
    assert len(made) > 400


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_what_is_let_through_means_the_same_on_spark(session: Any) -> None:
    made = [w for w in filters(1, 50) if allowed(w)]
    assert agreeing(session, made, 1) > 12


@pytest.mark.thorough
@pytest.mark.xdist_group("spark")
@pytest.mark.parametrize("seed", range(2, 8))
def test_thousands_that_are_let_through_mean_the_same_on_spark(session: Any, seed: int) -> None:
    made = [w for w in filters(seed, 1_200) if allowed(w)]
    assert (
        sum(agreeing(session, made[at : at + 200], seed) for at in range(0, len(made), 200)) > 300
    )


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_without_the_check_of_kinds_spark_would_differ_in_silence(session: Any) -> None:
    """The suite has power: what is refused is seen to differ, without an error on either side."""
    quiet = ["k like 'a\\%'", "upper(k) = 'SS'", "b > 9223372036854775808"]
    for where in quiet:
        assert not allowed(where)
        with pytest.raises(AssertionError, match="assert not"):
            agreeing(session, [where], 1)
