"""What `truerisk features` says is what runs, and what it prints computes the features."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
from typer.testing import CliRunner

from truerisk.cli import app
from truerisk.errors import ProblemError
from truerisk.features.build import build_features
from truerisk.features.engines import with_engine
from truerisk.features.engines.render import DIALECTS
from truerisk.features.explain import explain
from truerisk.features.warehouse.statements import feature_sql, statements
from truerisk.lake.lake import Lake
from truerisk.problem.spec import Problem

ROWS = 300
OVER = ["2d", "20d"]


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Applications and events of four customers in March."""
    rng = np.random.default_rng(3)
    start = np.datetime64("2024-03-01", "us")
    at = pd.Series(start + rng.integers(0, 30 * 24, ROWS) * np.timedelta64(1, "h"))
    customers = rng.integers(0, 4, ROWS)
    applications = pd.DataFrame(
        {
            "application_id": range(40),
            "customer_id": customers[:40],
            "applied_at": at[:40].dt.tz_localize("UTC"),
            "amount": 1.0,
        }
    )
    events = pd.DataFrame(
        {
            "event_id": range(ROWS),
            "customer_id": customers,
            "happened_at": at.dt.tz_localize("UTC"),
            "loaded_at": at + pd.Timedelta("5h"),
            "amount": rng.integers(-999, 10**7, ROWS) / 100,
            "score": rng.normal(size=ROWS),
            "kind": rng.choice(["a", "b", None], ROWS),
        }
    )
    return applications, events


@pytest.fixture
def problem(lake: Lake, make_problem: Callable[..., Problem]) -> Problem:
    """Two lake tables; one source has a delay, another its own availability."""
    applications, events = frames()
    lake.append("applications", applications, "application_id")
    lake.append("events", events, "event_id")
    place = {"table": "events", "key": "event_id", "time": "happened_at"}
    by = {"by": "customer_id", "over": OVER}
    return make_problem(
        sources={
            "events": {**place, "delay": "1h", "contract": {"amount": {"type": "money"}}},
            "loads": {**place, "available_at": "loaded_at"},
            "kinds": {"query": "SELECT * FROM loads WHERE kind = 'a'", **place, "table": None},
        },
        features={
            "columns": ["amount"],
            "derived": {"twice": "2 * amount"},
            "latest": [{"source": "events", "by": "customer_id", "columns": ["kind"]}],
            "window": [
                {"source": "events", **by, "compute": ["count", "sum(amount)"]},
                {"source": "loads", **by, "compute": ["std(score)", "count where kind = 'b'"]},
                {"source": "kinds", **by, "compute": ["max(score)"]},
            ],
        },
    )


@pytest.mark.slow
def test_every_step_is_named_with_its_reason_its_features_and_its_sql(
    problem: Problem, lake: Lake
) -> None:
    text = explain(problem, lake)
    assert text.startswith("small.toml: features of 40 applications, computed by duckdb.")
    assert "Columns of the application: amount." in text
    assert "    twice = 2 * amount" in text
    assert '1. Source "events" by customer_id: ASOF join (one delay for all rows' in text
    assert (
        '2. Source "events" by customer_id: running totals (every aggregate is a count or an exact '
        "sum)\n    events__count__2d\n    events__sum_amount__2d" in text
    )
    assert "-- then in this process: running totals per entity" in text
    assert '"loads" by customer_id: bucketed (short windows on hot keys: ' in text
    assert '"loads" by customer_id: range join (windows too long for buckets)' in text
    assert text.count("SELECT\n") >= 4
    shorter = explain(problem, lake, sql=False)
    assert "SELECT" not in shorter
    assert [line for line in text.splitlines() if line[:1].isdigit()] == [
        line for line in shorter.splitlines() if line[:1].isdigit()
    ]


@pytest.mark.slow
def test_the_plan_is_that_of_the_rows_it_is_asked_for(problem: Problem, lake: Lake) -> None:
    some = frames()[0].head(3)
    assert "features of 3 applications" in explain(problem, lake, some)
    few = explain(problem, lake, sample=7)
    assert "features of 7 applications" in few
    assert '"loads" by customer_id: range join (every row has its own availability)' in few


@pytest.mark.slow
def test_chunks_are_said(problem: Problem, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truerisk.features.plan.ROW_BYTES", 10**8)
    compute = problem.compute.model_copy(update={"memory_limit": "10GB"})
    text = explain(problem.model_copy(update={"compute": compute}), lake)
    assert "chunks by customer_id to stay within memory" in text
    assert "-- and the same for each of " in text


def run_on_duckdb(written: str, lake: Lake) -> pd.DataFrame:
    """The features that the printed text gives where the lake's tables are a warehouse's."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for table in lake.tables():
            lake.scan(con, table).create_view(table)
        found = []
        for statement in con.extract_statements(written):
            if statement.type == duckdb.StatementType.SELECT:
                rows = con.sql(statement.query).to_arrow_table()
                found.append(rows.to_pandas().set_index("__row"))
            else:
                con.execute(statement)
        order = con.sql("SELECT __row, application_id FROM __spine").to_arrow_table().to_pandas()
    return pd.concat([order.set_index("__row"), *found], axis=1)


@pytest.mark.slow
def test_the_printed_sql_computes_the_features(problem: Problem, lake: Lake) -> None:
    found = run_on_duckdb(feature_sql(problem, "duckdb", lake), lake).set_index("application_id")
    expected = build_features(problem, frames()[0], lake).set_index("application_id")
    queried = expected.drop(columns=["amount", "twice"])
    found = found.loc[queried.index, queried.columns]
    found = found.astype({c: d for c, d in queried.dtypes.items() if d == "float64"})
    pd.testing.assert_frame_equal(found, queried, check_exact=True, check_dtype=False)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_statement_is_sql_of_its_dialect(
    problem: Problem, lake: Lake, tmp_path: Path, dialect: str
) -> None:
    for root in (lake, Lake(str(tmp_path / "no lake"))):
        text = feature_sql(problem, dialect, root)
        parsed = [tree for tree in sqlglot.parse(text, read=dialect) if tree]
        kinds = [tree.key for tree in parsed if tree.key != "semicolon"]
        views = ["create"] * (len(kinds) - 4)
        assert kinds == [*views, *["select"] * 4]
        assert "__row (0, 1, 2, …), __as_of (microseconds) and customer_id." in text
        assert "-- twice = 2 * amount" in text
        assert "RANGE" not in text


@pytest.mark.slow
def test_a_warehouses_own_names_stay_bare_and_ours_exact(problem: Problem, lake: Lake) -> None:
    text = feature_sql(problem, "snowflake", lake)
    assert 'event_id AS "__key"' in text
    assert 'DATE_PART(EPOCH_MICROSECOND, happened_at) + 3600000000 AS "__available_us"' in text
    assert 'DATE_PART(EPOCH_MICROSECOND, loaded_at) AS "__available_us"' in text
    assert "CREATE VIEW loads AS\nSELECT * FROM events" in text
    assert "CREATE VIEW kinds AS\nSELECT" in text


@pytest.mark.slow
def test_a_filter_that_may_mean_something_else_is_refused_elsewhere(
    problem: Problem, lake: Lake
) -> None:
    window = problem.features.window[1].model_copy(
        update={"compute": ["count where date_diff('day', happened_at, loaded_at) > 0"]}
    )
    features = problem.features.model_copy(update={"window": [window]})
    other = problem.model_copy(update={"features": features})
    assert "DATE_DIFF" in feature_sql(other, "duckdb", lake)
    with pytest.raises(ProblemError, match=r"features.window\[0\].compute\[0\] is filtered by"):
        feature_sql(other, "trino", lake)


def test_an_engine_is_chosen_by_name(problem: Problem) -> None:
    chosen = with_engine(problem, "spark")
    assert (chosen.compute.engine, chosen.where) == ("spark", "small.toml")
    assert problem.compute.engine == "duckdb"


def invoke(*words: str) -> Any:
    return CliRunner().invoke(app, ["features", *words])


@pytest.mark.slow
def test_the_commands_print_the_same(tmp_path: Path) -> None:
    lake = f"{tmp_path}/lake"
    done = invoke("sql", "credit", "--dialect", "bigquery", "--lake", lake)
    assert done.exit_code == 0
    assert done.stdout.startswith("-- Features of credit, for bigquery.")
    as_json = invoke("sql", "credit", "--dialect", "bigquery", "--lake", lake, "--json")
    written = json.loads(as_json.stdout)
    assert [set(s) for s in written] == [{"about", "sql"}] * len(written)
    assert all(s["sql"] in done.stdout for s in written)
    wrong = invoke("sql", "credit", "--dialect", "oracle")
    assert "the dialects are athena, bigquery" in str(wrong.exception)
    assert "--no-sql" in invoke("explain", "--help").stdout


@pytest.mark.slow
def test_statements_come_in_the_order_in_which_they_run(problem: Problem, lake: Lake) -> None:
    written = statements(problem, "spark", lake)
    made = [s.sql.split(" AS")[0].split()[-1] for s in written if s.sql.startswith("CREATE")]
    assert made == [
        *("__source_applications", "__source_events", "loads", "__source_loads", "kinds"),
        *("__source_kinds", "__spine"),
    ]
    assert "Sums of doubles are taken in the order of time and key" in written[0].about


@pytest.mark.parametrize("verb", ["train", "score", "measure"])
@pytest.mark.parametrize(("words", "engine"), [([], "duckdb"), (["--engine", "spark"], "spark")])
def test_the_command_line_names_the_engine_of_a_flow(
    verb: str, words: list[str], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched = []
    monkeypatch.setattr(
        "truerisk.running.launch.launch",
        lambda flow, problem, *given, **parameters: (
            launched.append((flow, problem.compute.engine)) or []
        ),
    )
    done = CliRunner().invoke(app, [verb, "--problem", "credit", *words])
    assert done.exit_code == 0, done.output
    assert launched == [(verb, engine)]
