"""Every formulation in every dialect: it parses there, and nothing of DuckDB's own is left."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from truerisk.errors import ProblemError
from truerisk.features.engines.portable import check_portable
from truerisk.features.engines.render import DIALECTS, render
from truerisk.features.plan import sizes_query
from truerisk.features.sql.bucketed import bucketed
from truerisk.features.sql.group import Group
from truerisk.features.sql.latest import latest
from truerisk.features.sql.range_join import range_join
from truerisk.features.sql.running_totals import entity_rows, spine_edges
from truerisk.problem.aggregate import aggregates
from truerisk.problem.spec import Latest

DAY = 86_400_000_000
COMPUTE = ["count", "count where late", "share where kind = 'it''s'", "sum(amount)"]
COMPUTE += [
    "mean(score)",
    "sum(score) where kind in ('a', 'b')",
    "std(score)",
    "std(amount)",
    "min(score)",
]
COMPUTE += ["max(days)", "distinct(kind)", "distinct(kind) where late", "since_last", "since_first"]
TYPES = {"order": "BIGINT", "kind": "VARCHAR", "score": "DOUBLE", "late": "BOOLEAN"}
TYPES |= {"amount": "DOUBLE", "days": "INTEGER"}
Write = Callable[[Group], str]
WINDOWS: dict[str, Write] = {
    "range join": range_join,
    "bucketed": bucketed,
    "entity rows": lambda group: entity_rows(replace(group, aggregates=group.aggregates[:4])),
    "spine edges": spine_edges,
    "sizes": sizes_query,
}


def group(delay: int | None, known_at: int | None = None) -> Group:
    """All aggregates over two windows by an entity whose name is a reserved word."""
    made = aggregates("events", [timedelta(days=1), timedelta(days=30)], COMPUTE)
    return Group(
        view='"source_events"',
        by="order",
        aggregates=tuple(made),
        types=TYPES,
        money=["amount"],
        delay=delay,
        known_at=known_at,
    )


@cache
def queries() -> dict[str, str]:
    """Every query that can run outside DuckDB, by what it is."""
    made = {}
    for delay in (0, DAY, None):
        for name, write in WINDOWS.items():
            made[f"{name}, delay {delay}"] = write(group(delay, known_at=7))
        wanted = Latest(source="events", by="order", columns=["kind"], max_age="2d")
        made[f"latest, delay {delay}"] = latest('"source_events"', [wanted], delay, 7, asof=False)
    return made


@cache
def names_given(name: str) -> list[str]:
    """What a query itself calls its columns; '' where it gives no name."""
    return [s.alias for s in sqlglot.parse_one(queries()[name], read="duckdb").selects]


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", queries())
def test_every_query_is_sql_of_the_dialect(name: str, dialect: str) -> None:
    text = render(queries()[name], dialect)
    tree = sqlglot.parse_one(text, read=dialect)
    assert isinstance(tree, exp.Select)
    assert not list(tree.find_all(exp.Qualify, exp.Command, exp.Interval))
    assert not any(join.args.get("method") for join in tree.find_all(exp.Join))
    assert not any(call.name.lower() == "hash" for call in tree.find_all(exp.Anonymous))
    ordered = [a for a in tree.find_all(exp.AggFunc) if isinstance(a.this, exp.Order)]
    assert bool(ordered) == (dialect == "duckdb" and "ORDER BY e.__t, e.__id" in queries()[name])
    assert [s.alias_or_name for s in tree.selects] == [
        g or s.alias_or_name for g, s in zip(names_given(name), tree.selects)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_and_texts_are_quoted_as_the_dialect_does(dialect: str) -> None:
    text = render(range_join(group(0)), dialect)
    mark = "`" if dialect in ("bigquery", "spark") else '"'
    assert f"{mark}order{mark}" in text
    assert "'it''s'" in text or "'it\\'s'" in text
    bare = {"athena", "snowflake", "trino"}
    assert (f"{mark}__time_us{mark}" in text) == (dialect in bare)


@pytest.mark.slow
def test_only_spark_takes_sums_of_doubles_in_their_order() -> None:
    query = range_join(group(0))
    assert query.count("ORDER BY e.__t, e.__id") == 8
    spark = render(query, "spark")
    assert spark.count("ARRAY_SORT") == 8
    assert "STDDEV_SAMP" not in spark
    for dialect in ("athena", "bigquery", "snowflake", "trino"):
        plain = render(query, dialect)
        assert "ARRAY_SORT" not in plain
        assert plain.count("STDDEV_SAMP") == 4


@pytest.mark.slow
def test_duckdbs_own_sql_is_the_same_query() -> None:
    """Laid out again, it gives the same rows."""
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE __spine AS SELECT i AS __row, i * 1e9::BIGINT AS __as_of, i % 3 AS "
        '"order" FROM range(40) t(i)'
    )
    con.execute("""CREATE TABLE source_events AS SELECT i AS __key, i * 7e8::BIGINT AS __time_us,
        i * 7e8::BIGINT AS __available_us, i % 3 AS "order", 'a' || i % 4 AS kind, i / 7 AS score,
        i % 2 = 0 AS late, i / 8 AS amount, i AS days FROM range(60) t(i)""")
    for name, query in queries().items():
        found, expected = con.sql(render(query, "duckdb")), con.sql(query)
        assert sorted(found.fetchall()) == sorted(expected.fetchall()), name


@pytest.mark.slow
def test_what_only_duckdb_runs_is_refused_elsewhere() -> None:
    wanted = Latest(source="events", by="order", columns=["kind"])
    asof = latest('"source_events"', [wanted], 0, None, asof=True)
    chunk = range_join(group(0).part(0, 2))
    assert "ASOF" in render(asof, "duckdb")
    for dialect in set(DIALECTS) - {"duckdb"}:
        with pytest.raises(ProblemError, match="has an ASOF join, which only DuckDB runs"):
            render(asof, dialect)
        with pytest.raises(ProblemError, match=r"has chunks by hash\(\), which only DuckDB runs"):
            render(chunk, dialect)


def test_an_unknown_dialect_lists_the_dialects() -> None:
    with pytest.raises(ProblemError, match="no dialect 'oracle'; the dialects are athena, bigq"):
        render("SELECT 1", "oracle")


def test_without_sqlglot_the_message_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(ProblemError, match=r'run pip install "truerisk\[spark\]"\.'):
        render("SELECT 1", "spark")


SAME = ["late", "not late and days > 3", "kind in ('a', 'b') or kind is null", "kind like 'a%'"]
SAME += ["days between 1 and 2", "amount / nullif(score, 0) > 0.5"]
SAME += ["happened_at >= date '2024-01-01'", "coalesce(days, 0) % 2 = 1", "kind <> 'a'"]
SAME += ["case when late then days else -days end > abs(score)", "kind is distinct from 'x'"]
OTHER = {
    "date_diff('day', happened_at, loaded_at) > 2": r"and date_diff\(\)",
    "cast(score as integer) = 2": "a cast",
    "strftime(happened_at, '%H') = '03'": r"and strftime\(\)",
    "list_contains(kinds, 'a')": r"\(\)",
    "single > 0.1": "number of single precision",
    "lower(kind) = 'a'": r"lower\(\)",
    "kind ~ 'a'": "and ",
}


@pytest.mark.parametrize("where", SAME)
def test_plain_filters_mean_the_same_everywhere(where: str) -> None:
    for dialect in DIALECTS:
        check_portable(where, dialect, "here", TYPES)
        sqlglot.parse_one(f"SELECT {render(f'SELECT {where}', dialect)[7:]}", read=dialect)


@pytest.mark.parametrize("where", OTHER)
def test_filters_that_need_not_mean_the_same_are_duckdbs_alone(where: str) -> None:
    check_portable(where, "duckdb", "here", {"single": "FLOAT"})
    with pytest.raises(ProblemError, match=f"^here is filtered by .*{OTHER[where]}"):
        check_portable(where, "spark", "here", {"single": "FLOAT"})
