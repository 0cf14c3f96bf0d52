"""Definitions are functions of their rows: no clock, no chance, no order that nobody stated."""

import re
from pathlib import Path

import duckdb
import pytest

from truerisk.problem.deterministic import CLASSES
from truerisk.problem.expression import columns_of, query_nodes, sandbox
from truerisk.problem.functions import CLOCKS, QUERY, ROW, TYPES

CATALOGUE = (
    "SELECT DISTINCT function_name, stability, function_type, parameter_types FROM "
    "duckdb_functions() WHERE schema_name = 'main'"
)
SYNTAX = {"if", "unnest", "json_exists"}  # of the grammar, or of an extension that is built in


def catalogue() -> list[tuple[str, str | None, str, list[str]]]:
    with duckdb.connect() as con:
        return con.execute(CATALOGUE).fetchall()


TOO_LONG = (
    "repeat(note, 1000000)",
    "repeat(repeat(note, 1000), 1000)",
    "replace(lpad(a, 1000, 'x'), 'x', rpad(b, 1000, 'y'))",
    "repeat(note, n)",
    "printf('%1000000d', n)",
    "format('{:1000000}', n)",
    "format(pattern, n)",
)


@pytest.mark.parametrize(
    "expression",
    [
        "-0.65 * amount",
        "amount / nullif(income, 0)",
        "case when age < 18 then 'young' when age is null then null else 'grown' end",
        "lpad(branch, 12, '0') = repeat('0', 4) or printf('%09.2f', amount) = x",
        "purpose like 'car%' and channel not in ('web', 'shop')",
        "coalesce(round(amount, 2), 0) between 1 and 2",
        "date_diff('day', opened_at, applied_at) > 30",
        "extract(year from applied_at) = 2024 and applied_at >= date '2024-01-01'",
        "applied_at - interval 30 day < opened_at at time zone 'UTC'",
        "try_cast(term as integer) + length(trim(purpose)) % 2",
        "greatest(a, b) // 2 + ln(c) ** 2 - abs(d)",
        "regexp_matches(purpose, '^c') or purpose ~ 'x' or purpose ilike '%y%'",
        "list_contains(kinds, 'a') or kinds[1] = 'b' or details['kind'] = 'c'",
        "age(applied_at, born_at) > interval 18 years",
        "strftime(applied_at, '%H') = '03' and isodow(applied_at) = 7",
        "late is not true and kind is distinct from 'x' and a is not null",
        "cast(amount as decimal(18, 2)) = 1.00::double",
        "if(late, 1, 2) + try(log(a))",
        "1e5",
    ],
)
def test_functions_of_one_row_are_let_through(expression: str) -> None:
    columns_of(expression)


def test_nothing_that_duckdb_calls_volatile_or_of_a_session_is_let_through() -> None:
    volatile = {
        name for name, stability, *_ in catalogue() if stability not in ("CONSISTENT", None)
    }
    assert {"now", "random", "uuid", "nextval", "today", "error"} <= volatile
    assert not volatile & QUERY
    for name in sorted(volatile):
        with pytest.raises(ValueError, match=rf"calls {name}\(\)|is not a SQL expression"):
            columns_of(f"{name}()")
        with pytest.raises(ValueError, match=rf"calls {name}\(\)|syntax error"):
            query_nodes(f"SELECT {name}() AS x FROM t")


def test_every_function_that_is_let_through_exists() -> None:
    known = {name for name, *_ in catalogue()}
    assert ROW - known - SYNTAX == set()
    assert QUERY - known - SYNTAX == set()


@pytest.mark.slow
def test_every_bare_word_that_stands_for_a_function_is_refused() -> None:
    """A word without brackets that DuckDB takes for a function where no column has its name."""
    words = CLOCKS | {name for name, *_ in catalogue() if re.fullmatch(r"[a-z_]+", name)}
    made = set()
    with duckdb.connect() as con:
        for word in words:
            try:
                con.execute(f"SELECT {word}")
            except duckdb.Error:
                continue
            made.add(word)
    assert {"current_date", "localtime", "current_user"} <= made
    assert made - {"user"} <= CLOCKS  # a column may be called user, and the word is a constant
    for word in sorted(CLOCKS):
        with pytest.raises(ValueError, match=f"reads {word}, which no row holds"):
            columns_of(f"x > {word}")


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("age(born_at)", "counts from today; give it 2 times"),
        *((e, "a text of more than 100,000 characters") for e in TOO_LONG),
        ("current_localtimestamp() > x", r"calls current_localtimestamp\(\)"),
        ("ago(interval 1 day) > x", r"calls ago\(\)"),
        ("version() = 'v1'", r"calls version\(\)"),
        ("hash(x) % 2 = 0", r"calls hash\(\)"),  # differs from version to version
        ("#1 > 2", "a reference by position"),
        ("$1 > 2", "a parameter"),
        ("x > ?", "a parameter"),
        ("t.x > 2", "reads 't.x'; write a column's bare name"),
        ("main.now() > x", r"calls now\(\)"),
        ("main.abs(x) > 1", r"calls abs\(\)"),
        ("sum(x)", r"calls sum\(\)"),
        ("unnest([1, 2])", r"calls unnest\(\)"),
        ("roudn(x)", r"did you mean round\(\)\?"),
        ("today() > x", "alone; write what its rows say"),  # DuckDB's own is no misspelling
        ("random() < 0.5", "alone; write what its rows say"),
        ("x::uuid = y", "casts to 'uuid'"),
        ("x::my_type = y", "casts to 'my_type'"),
        ("list_transform(x, lambda y: y + random())", "list_transform|a lambda"),
        ("x collate nocase = 'a'", "a collation"),
        ("getenv('HOME') = x", r"calls getenv\(\)"),
        ("grouping(x)", "grouping function"),
        ("default", "default"),
        ("x + '" + "a" * 20_000 + "'", "characters"),
        ("(" * 5_000 + "x" + ")" * 5_000, "is not a SQL expression"),
        (" + ".join(["x"] * 4_000), "characters|nested|SQL expression"),
        ("x \0 y", "null character"),
    ],
)
def test_what_is_more_than_one_rows_own_value_is_refused(expression: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        columns_of(expression)
    assert len(str(refused.value)) <= 400
    assert str(refused.value).isprintable()


def test_types_that_are_let_through_are_types() -> None:
    with sandbox() as con:
        for name in sorted(TYPES - {"list"}):
            con.execute(f"SELECT CAST(NULL AS {name})")
    assert "STAR" not in CLASSES


@pytest.mark.parametrize(
    "query",
    [
        "SELECT row_number() OVER () AS loan_id, * FROM loans",
        "SELECT row_number() OVER () AS n, * FROM 'loans.csv'",
        "SELECT *, row_number() OVER (PARTITION BY a ORDER BY b) AS n FROM t JOIN u USING (a)",
        "SELECT a, sum(b), count(*), max(c), list(d ORDER BY e) FROM t GROUP BY ALL ORDER BY 1",
        "SELECT a, sum(b) OVER (PARTITION BY a) AS s FROM t",
        "SELECT a, avg(b) OVER (ORDER BY c ROWS 2 PRECEDING) AS s FROM t",
        "WITH x AS (SELECT a FROM t ORDER BY a LIMIT 5) SELECT * FROM x UNION ALL SELECT 2",
        "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b",
        "SELECT * EXCLUDE (a) REPLACE (lower(b) AS b) FROM read_csv('x.csv', header = true)",
        "SELECT t.a, columns('b.*') FROM t ASOF JOIN u ON t.k = u.k AND t.at >= u.at",
        "SELECT unnest(xs) AS x, (SELECT max(a) FROM u) AS m FROM t WHERE EXISTS (FROM u)",
        "SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY b DESC) = 1",
        "SELECT list_transform(xs, lambda x: x + 1) AS ys FROM t",
        "SELECT a FROM range(3) t(a)",
        "FROM t",
    ],
)
def test_queries_of_their_rows_alone_are_let_through(query: str) -> None:
    query_nodes(query)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT *, now() AS at FROM t", r"calls now\(\)"),
        ("SELECT * REPLACE (random() AS a) FROM t", r"calls random\(\)"),
        ("SELECT * FROM t WHERE a < current_date", "reads current_date"),
        ("SELECT * FROM (SELECT uuid() AS id FROM t)", r"calls uuid\(\)"),
        ("WITH x AS (SELECT today() AS d) SELECT * FROM x", r"calls today\(\)"),
        ("SELECT * FROM t JOIN u ON t.a = u.a AND u.b < now()", r"calls now\(\)"),
        ("SELECT * FROM t ORDER BY random()", r"calls random\(\)"),
        ("SELECT * FROM t LIMIT 10", "LIMIT or OFFSET in no stated order"),
        ("SELECT * FROM t OFFSET 10", "LIMIT or OFFSET in no stated order"),
        ("SELECT * FROM t LIMIT 10%", "LIMIT or OFFSET in no stated order"),
        ("SELECT * FROM (SELECT * FROM t LIMIT 3) ORDER BY a", "LIMIT or OFFSET"),
        ("SELECT a FROM t UNION SELECT b FROM u LIMIT 3", "LIMIT or OFFSET"),
        ("SELECT DISTINCT ON (a) a, b FROM t", "DISTINCT ON in no stated order"),
        ("SELECT * FROM t USING SAMPLE 10%", "takes a sample"),
        ("SELECT * FROM t TABLESAMPLE 5", "takes a sample"),
        ("SELECT * FROM t USING SAMPLE reservoir(50 ROWS) REPEATABLE (1)", "takes a sample"),
        ("SELECT row_number() OVER () FROM t JOIN u USING (a)", r"row_number\(\) OVER rows in no"),
        ("SELECT row_number() OVER (PARTITION BY a) FROM t", r"row_number\(\) OVER rows in no"),
        ("SELECT lag(a) OVER (PARTITION BY b) FROM t", r"lag\(\) OVER rows in no stated order"),
        ("SELECT lag(a) OVER w FROM t WINDOW w AS (PARTITION BY b)", r"lag\(\) OVER rows in no"),
        ("SELECT first(a) OVER (PARTITION BY b) FROM t", r"first_value\(\) OVER rows in no"),
        ("SELECT sum(a) OVER (ROWS 2 PRECEDING) FROM t", r"sum\(\) OVER rows in no"),
        ("SELECT first(a), b FROM t GROUP BY b", r"first\(\) in no stated order"),
        ("SELECT list(a) FROM t", r"list\(\) in no stated order"),
        ("SELECT any_value(a) FROM t", r"any_value\(\) in no stated order"),
        ("SELECT reservoir_quantile(a, 0.5) FROM t", r"calls reservoir_quantile\(\)"),
        ("SELECT #1 FROM t", "a reference by position"),
        ("SELECT * FROM t POSITIONAL JOIN u", "joins rows by their positions"),
        ("SUMMARIZE t", "describes a table"),
        ("SELECT age(born) FROM t", "counts from today"),
        ("SELECT list_transform(xs, lambda x: x + random()) FROM t", r"calls random\(\)"),
        ("SELECT a FROM t GROUP BY ALL HAVING max(b) < now()", r"calls now\(\)"),
    ],
)
def test_queries_of_more_than_their_rows_are_refused(query: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        query_nodes(query)
    assert len(str(refused.value)) <= 300


def test_queries_that_ship_are_let_through() -> None:
    for file in (Path(__file__).parents[2] / "problems").glob("*.toml"):
        for query in re.findall(r'query = (?:"""|")(.*?)(?:"""|"\n)', file.read_text(), re.DOTALL):
            query_nodes(query)
