"""Spark gives DuckDB's numbers bit for bit, wherever the rows lie."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.errors import ProblemError, SourceError
from truerisk.features.build import build_features
from truerisk.features.engines import with_engine
from truerisk.lake.lake import Lake
from truerisk.problem.spec import Problem

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("spark")]  # one Java process
COMPILED = {
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.sql.adaptive.enabled": "true",
}
START = np.datetime64("2024-03-01", "us")
EXACT = ["count", "count where kind = 'a'", "sum(amount)", "mean(amount)", "sum(days)"]
EXACT += ["share where kind = 'b' or score > 1"]
OTHER = ["std(score)", "std(days)", "sum(score)", "mean(score)", "min(score)", "max(amount)"]
OTHER += ["sum(score) where days > 3", "std(amount) where kind in ('a', 'c')", "min(days)"]
OTHER += ["distinct(kind)", "distinct(kind) where score > 0", "distinct(days)", "since_last"]
OTHER += ["since_first", "since_first where kind like '_' and not late", "mean(single)"]
OVER = ["36h", "30d"]
LATEST = [
    {"columns": ["score", "kind", "late", "days", "amount"]},
    {"columns": ["single"], "max_age": "12h"},
]


def events(rows: int = 400, seed: int = 5) -> pd.DataFrame:
    """Two customers' events at half days: ties, nulls, huge and negative money, awkward floats."""
    rng = np.random.default_rng(seed)

    def mostly(values: Any) -> pd.Series:
        return pd.Series(values).mask(rng.random(rows) < 1 / 6)

    half_days = rng.integers(0, 80, rows) * np.timedelta64(12, "h")
    ticks = rng.choice([0, 0, 0, -1, 1], rows) * np.timedelta64(1, "us")
    at = pd.Series(START + half_days + ticks).dt.tz_localize("UTC")
    cents = rng.choice([1, -1, 10**13, -(10**15), 333, 0], rows) * rng.integers(0, 9, rows)
    half_cents = rng.choice([0.0, 0.005, -0.005, 0.0049999], rows)
    return pd.DataFrame(
        {
            "event_id": rng.permutation(rows),
            "customer_id": mostly(rng.choice([1, 2, 2**60 + 1], rows)).astype("Int64"),
            "happened_at": mostly(at),
            "loaded_at": mostly(at + pd.Timedelta("7h")),
            "amount": mostly(cents / 100 + half_cents),
            "score": mostly(rng.choice([0.1, 0.2, 0.3, -1e9, 1e-9, 7.0, -0.0], rows)),
            "single": mostly(rng.normal(size=rows)).astype("float32"),
            "days": mostly(rng.integers(-5, 9, rows)).astype("Int32"),
            "kind": mostly(rng.choice(["a", "b", "c", "é", ""], rows)).astype("str"),
            "late": mostly(rng.random(rows) < 0.5).astype("boolean"),
        }
    )


def spine(rows: int = 60, seed: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    half_days = rng.integers(-2, 84, rows) * np.timedelta64(12, "h")
    return pd.DataFrame(
        {
            "application_id": range(rows),
            "customer_id": pd.Series(rng.choice([1, 2, 3], rows)).astype("Int64"),
            "applied_at": pd.Series(START + half_days).dt.tz_localize("UTC"),
            "amount": rng.normal(size=rows),
        }
    )


@pytest.fixture
def problem(
    tmp_path: Path, make_problem: Callable[..., Problem], spark_conf: dict[str, str]
) -> Callable[..., Problem]:
    """A problem over applications.parquet and a source ``events`` at a place of its own."""

    def made(
        compute: list[str], latest: Any = (), conf: Any = (), other: Any = (), **source: Any
    ) -> Problem:
        spine().to_parquet(tmp_path / "applications.parquet")
        source = {"key": "event_id", "time": "happened_at", **source}
        by = {"source": "events", "by": "customer_id"}
        return make_problem(
            sources={
                "applications": {"path": f"{tmp_path}/applications.parquet"},
                "events": {"contract": {"amount": {"type": "money"}}, **source},
                **dict(other),
            },
            features={
                "columns": [],
                "window": [{**by, "over": OVER, "compute": compute}],
                "latest": [{**by, **entry} for entry in latest],
            },
            compute={"spark": {**spark_conf, **dict(conf)}},
        )

    return made


@pytest.fixture
def same(lake: Lake) -> Callable[..., pd.DataFrame]:
    """Builds on both engines, asserts the same bits, and gives the frame."""

    def same_(problem: Problem, applications: Any = None, **how: Any) -> pd.DataFrame:
        rows = spine() if applications is None else applications
        expected = build_features(problem, rows, lake, **how)
        found = build_features(with_engine(problem, "spark"), rows, lake, **how)
        pd.testing.assert_frame_equal(bits(found), bits(expected))
        values = expected.drop(columns="application_id").notna().sum()
        assert values.min() > 0, "a feature without any value compares nothing"
        return expected

    return same_


def bits(frame: pd.DataFrame) -> pd.DataFrame:
    """Floats as their 64 bits, so that a last digit counts; null is a value of its own."""

    def of(column: pd.Series) -> pd.Series:
        if column.dtype != "float64":
            return column
        return pd.Series(column.to_numpy().view("int64")).mask(column.isna(), -1)

    return frame.reset_index(drop=True).apply(of)


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"delay": "0d"}, marks=pytest.mark.thorough),
        {"delay": "6h"},
        {"available_at": "loaded_at"},
    ],
)
def test_every_aggregate_over_parquet_is_duckdbs_to_the_last_bit(
    tmp_path: Path, problem: Any, same: Any, how: dict[str, str]
) -> None:
    events().to_parquet(tmp_path / "events.parquet")
    about = problem(EXACT + OTHER, LATEST, path=f"{tmp_path}/events.parquet", **how)
    frame = same(about)
    assert not same(about, known_at="2024-03-20").equals(frame)


@pytest.mark.slow
def test_running_totals_are_the_same_and_compiled_plans_are_too(
    tmp_path: Path, problem: Any, same: Any
) -> None:
    events().to_parquet(tmp_path / "events.parquet")
    place = {"path": f"{tmp_path}/events.parquet", "delay": "6h"}
    running = same(problem(EXACT, **place))
    assert running.equals(same(problem(EXACT, conf=COMPILED, **place)))
    same(problem(["std(score)", "sum(amount)", "sum(score)"], LATEST, conf=COMPILED, **place))


@pytest.mark.slow
def test_a_lake_table_of_many_appends_is_read_where_it_lies_as_pinned(
    lake: Lake, problem: Any, same: Any
) -> None:
    rows = events()
    lake.append("events", rows[:100].drop(columns="kind"), "event_id")
    lake.append("events", rows[100:250], "event_id")
    pinned = lake.version("events")
    about = problem([*EXACT, "sum(score)", "distinct(kind)"], LATEST, table="events")
    before = same(about)
    lake.append("events", rows[250:], "event_id")
    assert same(about, versions={"events": pinned}).equals(before)
    assert not same(about).equals(before)


@pytest.mark.slow
@pytest.mark.parametrize("offset", ["", "+02:00"])
def test_csv_and_queries_mean_what_they_mean_to_duckdb(
    tmp_path: Path, problem: Any, same: Any, offset: str
) -> None:
    rows = events()
    at = rows["happened_at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f")
    rows.assign(happened_at=at + offset).to_csv(tmp_path / "events.csv", index=False)
    compute = ["sum(amount)", "std(score)", "distinct(kind)", "count where late"]
    # Nineteen digits are a name to the reader, unless the contract says that they are a number.
    ids = {"customer_id": {"type": "integer"}}
    money = {"amount": {"type": "money"}}
    csv = same(problem(compute, LATEST, path=f"{tmp_path}/events.csv", contract=ids | money))
    query = "SELECT row_number() OVER () AS n, * FROM held"
    file = {"path": f"{tmp_path}/events.csv", "key": "event_id", "time": "happened_at"}
    held = {"held": {**file, "contract": ids}}
    assert same(problem(compute, LATEST, query=query, key="n", other=held)).shape == csv.shape


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["datetime64[ns, UTC]", "datetime64[ms]", "date", "text"])
def test_times_of_any_type_are_the_same_instants(
    tmp_path: Path, problem: Any, same: Any, kind: str
) -> None:
    rows = events().dropna(subset="happened_at")
    at = rows["happened_at"] + pd.Timedelta("1us")
    of = {"date": at.dt.date, "text": at.dt.strftime("%Y-%m-%d %H:%M:%S.%f")}
    moved = (
        of[kind]
        if kind in of
        else at.dt.as_unit("ns").astype(kind)
        if "UTC" in kind
        else (at.dt.tz_localize(None).astype(kind))
    )
    rows.assign(happened_at=moved).to_parquet(tmp_path / "events.parquet")
    same(problem(["count", "since_last", "since_first"], path=f"{tmp_path}/events.parquet"))


@pytest.mark.slow
def test_velocity_over_the_applications_themselves(
    tmp_path: Path, make_problem: Any, same: Any, spark_conf: dict[str, str]
) -> None:
    spine().to_parquet(tmp_path / "applications.parquet")
    compute = ["count", "mean(amount)", "since_last", "distinct(amount)"]
    velocity = {"source": "applications", "by": "customer_id", "over": OVER, "compute": compute}
    same(
        make_problem(
            sources={"applications": {"path": f"{tmp_path}/applications.parquet"}},
            features={"columns": [], "window": [velocity]},
            compute={"spark": spark_conf},
        )
    )


@pytest.mark.slow
def test_folders_with_names_that_are_patterns(tmp_path: Path, problem: Any, same: Any) -> None:
    folder = tmp_path / "a [1] {b}"
    folder.mkdir()
    rows = events()
    rows[:200].to_parquet(folder / "1.parquet")
    rows[200:].drop(columns="late").to_parquet(folder / "2.parquet")
    escaped = str(folder).replace("[", "[[]")
    same(problem(["count", "count where late"], path=f"{escaped}/*.parquet"))


@pytest.mark.slow
def test_a_partition_in_the_name_of_a_folder_is_a_column(
    tmp_path: Path, problem: Any, same: Any
) -> None:
    for late, rows in events().dropna(subset="late").groupby("late"):
        folder = tmp_path / f"late={late}"
        folder.mkdir()
        rows.drop(columns="late").to_parquet(folder / "1.parquet")
    same(problem(["count where late"], path=f"{tmp_path}/*/*.parquet"))


@pytest.mark.slow
def test_the_checks_of_a_source_run_on_spark_too(tmp_path: Path, problem: Any, lake: Lake) -> None:
    broken = {
        'key "event_id" repeats in 399 of 400 rows': {"event_id": 1},
        'column "days" is above 5 in': {},
    }
    for message, change in broken.items():
        events().assign(**change).to_parquet(tmp_path / "events.parquet")
        contract = {"days": {"max": 5}, "kind": {"regex": "[a-cé]?"}}
        about = problem(["count"], path=f"{tmp_path}/events.parquet", contract=contract)
        said = []
        for name in ("duckdb", "spark"):
            with pytest.raises(SourceError, match=message) as caught:
                build_features(with_engine(about, name), spine(), lake)
            said.append(str(caught.value))
        assert said[0] == said[1]


@pytest.mark.slow
def test_what_spark_cannot_do_the_same_way_is_one_sentence(
    tmp_path: Path, problem: Any, lake: Lake
) -> None:
    events().to_parquet(tmp_path / "events.parquet")
    place = {"path": f"{tmp_path}/events.parquet"}

    def build(compute: list[str], rows: pd.DataFrame, **more: Any) -> None:
        build_features(with_engine(problem(compute, **{**place, **more}), "spark"), rows, lake)

    with pytest.raises(ProblemError, match=r"compute\[0\] is filtered by .* date_?diff.*on spark"):
        build(["count where date_diff('day', happened_at, loaded_at) > 1"], spine())
    with pytest.raises(ProblemError, match="single precision"):
        build(["count where single > 0.1"], spine())
    texts = spine().assign(customer_id="c" + spine()["customer_id"].astype("str"))
    with pytest.raises(SourceError, match=r'"customer_id" holds VARCHAR, and .* BIGINT, which'):
        build(["count"], texts)
    with pytest.raises(SourceError, match=r"cannot be computed \(.*(OUT_OF_RANGE|OVERFLOW)"):
        events().assign(amount=1e17).to_parquet(tmp_path / "events.parquet")
        build(["sum(amount)"], spine())
    with pytest.raises(ProblemError, match="already runs in this process"):
        build(["count"], spine(), conf={"spark.master": "local[7]"})
    with pytest.raises(ProblemError, match="leave it out"):
        build(["count"], spine(), conf={"spark.sql.ansi.enabled": "false"})
    with pytest.raises(ProblemError, match="There is no engine 'flink'; the engines are duckdb"):
        with_engine(problem(["count"], **place), "flink")
