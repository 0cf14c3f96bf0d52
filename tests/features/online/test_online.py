"""The online store gives what the batch build gives, to the last bit, whatever happens to it."""

import math
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import truerisk as tr
from truerisk.cli import app
from truerisk.errors import LakeError, ProblemError, SourceError
from truerisk.features.online import sync
from truerisk.features.online.features_for import OnlineFeatures
from truerisk.lake.lake import Lake
from truerisk.problem.spec import Problem
from truerisk.simulator.credit import simulate

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
PLACE = {"source": "events", "by": "customer_id"}
EVERY = ["count", "since_last", "since_first", "share where whole > 1", "count where whole > 1"]
EVERY += ["distinct(shop)", "since_last where shop = 'a'"]
EVERY += ["distinct(shop) where paid > 0.2", "sum(score) where paid > 0.2 as late"]
EVERY += [
    f"{function}({column})"
    for function in ("sum", "mean", "min", "max", "std", "distinct")
    for column in ("paid", "score", "whole", "exact", "single")
]
WINDOW = {**PLACE, "over": ["1d", "36h", "3d"], "compute": EVERY}
LATEST = {**PLACE, "columns": ["score", "shop", "whole", "paid", "exact", "flag"]}
HOWS = [{}, {"delay": "1d"}, {"available_at": "loaded_at"}]


def at(*texts: str | None) -> pa.Array:
    stamps = pd.to_datetime(list(texts), utc=True, format="ISO8601").as_unit("us")
    return pa.array(stamps, pa.timestamp("us", tz="UTC"))


EDGES = pa.table(
    {
        # Keys out of the order of time; ties at one instant; an edge of every window, to the µs.
        "event_id": [7, 3, 9, 1, 8, 2, 6, 4, 5, 0],
        "customer_id": ["ann"] * 8 + ["bob", None],
        "happened_at": at(
            *("2024-03-07T12:00", "2024-03-07T12:00", "2024-03-08T23:59:59.999999"),
            *("2024-03-09", "2024-03-09", "2024-03-09T12:00", "2024-03-10", None),
            *("2024-03-09", "2024-03-09"),
        ),
        "loaded_at": at(
            *("2024-03-09", "2024-03-10", "2024-03-08T23:59:59.999999", "2024-03-09", None),
            *("2024-03-09T11:00", "2024-03-10", "2024-03-01", "2024-03-09", "2024-03-09"),
        ),
        "paid": [0.1, 0.2, 1e13, None, 0.015, -1e13, 0.3, 1.0, 0.30000000000000004, 1.0],
        "score": [0.1, 2.5, 1e16, -1e16, 0.2, None, 0.3, 1.0, -2.5, 1.0],
        "whole": pa.array([1, 2**62, 2**62, -5, None, 3, 2**62, 1, 2, 1]),
        "exact": [Decimal(n).scaleb(-3) for n in (-1, 1, 999, 5, 12345, 0, 7, 7, 7, 7)],
        "single": pa.array([0.1, 0.2, None, 0.3, 0.1, 7, 1, 1, 1, 1], pa.float32()),
        "shop": ["a", "b", None, "a", "c", "a", "b", "z", "a", "b"],
        "flag": [True, False, None, True, None, False, True, True, None, True],
    }
)
APPLICATIONS = [
    {"application_id": i, "customer_id": who, "applied_at": pd.Timestamp(when, tz="UTC")}
    for i, (who, when) in enumerate(
        (who, when)
        for who in ("ann", "bob", "eve", None)
        for when in (
            "2024-03-08T23:59:59.999999",
            "2024-03-09T00:00:00.000001",
            "2024-03-10T00:00:00",
            "2024-03-10T00:00:00.000001",
            "2024-03-11T12:00:00",
            "2024-06-01T00:00:00",
        )
    )
]


@dataclass(frozen=True)
class World:
    """A problem over files, its lake and its store."""

    problem: Problem
    lake: Lake
    store: str

    def sync(self) -> dict[str, str]:
        """What the sync did to each table."""
        done = tr.online.sync_online(self.problem, self.lake, self.store)
        return {table.name: table.what for table in done.tables}

    def online(self, application: Mapping[str, Any]) -> dict[str, float | str]:
        given = {k: v for k, v in application.items() if k != "application_id"}
        return tr.online.features_for(
            self.problem, given, application["applied_at"], store=self.store
        )

    def batch(self, application: Mapping[str, Any]) -> dict[str, Any]:
        built = tr.build_features(self.problem, pd.DataFrame([application]), self.lake)
        return built.drop(columns="application_id").iloc[0].to_dict()

    def assert_built(
        self, applications: list[dict[str, Any]], online: Iterable[Mapping[str, Any]]
    ) -> None:
        """One build of all of them gives what came from online."""
        built = tr.build_features(self.problem, pd.DataFrame(applications), self.lake)
        rows = built.drop(columns="application_id").astype(object).to_dict("records")
        for features, row in zip(online, rows, strict=True):
            assert_equal(features, row)

    def assert_same(self, applications: list[dict[str, Any]]) -> None:
        self.assert_built(applications, map(self.online, applications))

    def assert_same_one_by_one(self, applications: list[dict[str, Any]]) -> None:
        """Also of the types that a frame of one row gives its own columns."""
        for application in applications:
            assert_equal(self.online(application), self.batch(application))


def assert_equal(online: Mapping[str, Any], batch: Mapping[str, Any]) -> None:
    """Equal names in order, equal texts, equal bits."""
    assert list(online) == list(batch)
    for name, value in batch.items():
        assert bits(online[name]) == bits(value), (name, online[name], value)


def bits(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return "null" if value is None or value != value else struct.pack("<d", value)


@pytest.fixture
def world(tmp_path: Path, lake: Lake, make_problem: Callable[..., Problem]) -> Callable[..., World]:
    """A problem over a table of events; keywords but ``features`` belong to their source."""

    def make(events: pa.Table, features: dict[str, Any], **source: Any) -> World:
        pq.write_table(events, tmp_path / "events.parquet")
        pd.DataFrame(APPLICATIONS).to_parquet(tmp_path / "applications.parquet")
        problem = make_problem(
            sources={
                "applications": {"path": f"{tmp_path}/applications.parquet"},
                "events": {
                    "path": f"{tmp_path}/events.parquet",
                    "key": "event_id",
                    "time": "happened_at",
                    "contract": {"paid": {"type": "money"}},
                    **source,
                },
            },
            features={"columns": [], **features},
        )
        return World(problem, lake, str(tmp_path / "store.sqlite"))

    return make


Make = Callable[..., World]


@pytest.mark.slow
@pytest.mark.parametrize("how", HOWS, ids=["at once", "delay", "available_at"])
def test_every_aggregate_is_the_builds_to_the_bit(world: Make, how: dict[str, str]) -> None:
    made = world(EDGES, {"window": [WINDOW], "latest": [{**LATEST, "max_age": "1d"}]}, **how)
    made.sync()
    made.assert_same(APPLICATIONS)


def test_the_edges_tell_wrong_rules_apart(world: Make) -> None:
    """A store that rounds, adds in another order or reads ties must fail the test above."""
    made = world(EDGES, {"window": [WINDOW]})
    made.sync()
    ann = {a["applied_at"].isoformat(): made.online(a) for a in APPLICATIONS[:6]}
    late, tie = ann["2024-03-10T00:00:00.000001+00:00"], ann["2024-03-10T00:00:00+00:00"]
    assert late["events__count__3d"] == tie["events__count__3d"] + 1
    assert late["events__sum_score__3d"] != math.fsum([0.1, 2.5, 1e16, -1e16, 0.2, 0.3])
    assert late["events__sum_paid__3d"] == 0.62  # 0.1 + 0.2 + 1e13 + 0.02 − 1e13 + 0.3, in cents
    assert late["events__sum_whole__3d"] > 2**63


SCORES = [math.nan, -0.0, math.nan, math.inf, 2.0, -math.inf, 0.5, 1.0, -0.0, 1.0]
EACH = [f"{f}(score)" for f in ("sum", "mean", "min", "max", "std", "distinct")]
OF_SCORES = {"window": [{**WINDOW, "compute": EACH}]}


def with_scores(scores: list[float | None]) -> pa.Table:
    score = pa.array(scores, pa.float64())
    return EDGES.set_column(EDGES.column_names.index("score"), "score", score)


def test_nan_is_null_and_signed_zeros_are_values_as_in_the_build(world: Make) -> None:
    nan = [None if math.isinf(s) else s for s in SCORES]
    made = world(with_scores(nan), OF_SCORES)
    made.sync()
    made.assert_same(APPLICATIONS)
    there = [made.online(a) for a in APPLICATIONS]
    null = [None if s is not None and math.isnan(s) else s for s in nan]
    plain = world(with_scores(null), OF_SCORES)
    plain.sync()
    for application, expected in zip(APPLICATIONS, there, strict=True):
        assert_equal(plain.online(application), expected)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    scores=st.lists(st.sampled_from([-0.0, 0.0, None, -5e-324, 1.0]), min_size=10, max_size=10),
    how=st.sampled_from(HOWS),
    max_age=st.sampled_from([None, "1d"]),
)
def test_zero_has_no_sign_in_the_build_or_online(
    world: Make, scores: list[float | None], how: dict[str, str], max_age: str | None
) -> None:
    """DuckDB's ASOF join drops the sign, its range join and SQLite keep it."""
    aged = {"max_age": max_age} if max_age else {}
    latest = [{**PLACE, "columns": ["score", "single"], **aged}]
    derived = {"said": "events__score::VARCHAR || 'x'"}
    made = world(with_scores(scores), {**OF_SCORES, "latest": latest, "derived": derived}, **how)
    made.sync()
    made.assert_same(APPLICATIONS[::2])
    built = tr.build_features(made.problem, pd.DataFrame(APPLICATIONS), made.lake)
    numbers = built.select_dtypes("float").to_numpy()
    assert not np.signbit(numbers[numbers == 0]).any()


def test_an_infinity_is_refused_by_build_and_sync_or_is_null_where_declared(world: Make) -> None:
    made = world(with_scores(SCORES), OF_SCORES)
    for way in (made.sync, lambda: made.batch(APPLICATIONS[0])):
        with pytest.raises(SourceError, match=r'"score" is infinite in 2 of 10 rows; write score'):
            way()
    with pytest.raises(LakeError, match="There is no online store"):
        made.online(APPLICATIONS[0])
    said = {"paid": {"type": "money"}, "score": {"infinite": "null"}}
    declared = world(with_scores(SCORES), OF_SCORES, contract=said)
    declared.sync()
    declared.assert_same(APPLICATIONS)
    null = [None if math.isinf(s) else s for s in SCORES]
    plain = world(with_scores(null), OF_SCORES)
    built = tr.build_features(plain.problem, pd.DataFrame(APPLICATIONS), plain.lake)
    rows = built.drop(columns="application_id").to_dict("records")
    for application, row in zip(APPLICATIONS, rows, strict=True):
        assert_equal(declared.online(application), row)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("held", "came"),
    [
        ([1, 2, 2**53, 2**53 + 1], [1, 2.0, 1.5, "2", " 2", True, 3, math.nan, None, 2**53 + 1]),
        (["1", "012", "12", "2"], ["12", 12, 1.0, 1.5, "none", None]),
        ([1.0, 2.5, -0.0], [1, 2.5, "2.5", 0, 0.0]),
        ([Decimal("1.50"), Decimal("12.00")], [1.5, Decimal("1.5"), 12, "12", 2]),
        ([True, False], [True, 0, "true", 2]),
    ],
)
def test_an_entity_is_brought_to_its_type_as_in_the_build(
    world: Make, held: list[Any], came: list[Any]
) -> None:
    events = EDGES.slice(0, len(held)).set_column(1, "customer_id", pa.array(held))
    compute = ["count", "sum(score)", "distinct(shop)", "max(whole)"]
    made = world(events, {"window": [{**WINDOW, "compute": compute}], "latest": [LATEST]})
    ours = pa.Table.from_pandas(pd.DataFrame(APPLICATIONS).drop(columns="customer_id"))
    ids = pa.array([held[0]] * len(APPLICATIONS), pa.array(held).type)
    path = made.problem.sources["applications"].path
    assert path
    pq.write_table(ours.append_column("customer_id", ids), path)
    made.sync()
    refused = 0
    for who in came:
        one = {**APPLICATIONS[4], "customer_id": who}
        try:
            built = made.batch(one)
        except SourceError:
            refused += 1
            with pytest.raises(SourceError, match=r'"customer_id" came as .* cannot be taken for'):
                made.online(one)
        else:
            assert_equal(made.online(one), built)
    assert refused <= len(came) / 2


DERIVED = {
    "ratio": "amount / nullif(income, 0)",
    "twice": "2 * ratio + events__count__1d",
    "label": "coalesce(events__whole, 7)::VARCHAR || purpose",
    "hours": "date_diff('hour', applied_at, TIMESTAMP '2024-03-01')",
    "cents": "coalesce(events__paid, 0) * 1.50",
    "more": "cents + coalesce(events__exact, 0)",
    "is_car": "purpose = 'car'",
    "both": "is_car AND flag",
    "shop": "events__shop",
    "longest": "CAST(events__whole AS HUGEINT) * 4",
    "day": "CAST(applied_at AS DATE)",
    "weekday": "dayname(day)",
}


@pytest.mark.slow
def test_columns_and_derived_features_have_the_types_of_the_build(world: Make) -> None:
    derived = {k: v for k, v in DERIVED.items() if k not in ("day", "weekday")}
    derived["weekday"] = "dayname(applied_at)"
    features = {"columns": ["amount", "purpose"], "derived": derived, "latest": [LATEST]}
    made = world(EDGES, {**features, "window": [{**PLACE, "over": ["1d"], "compute": ["count"]}]})
    made.sync()
    rows = [
        {"amount": 10, "income": 3, "purpose": "car", "flag": True},
        {"amount": 0.1, "income": 0.3, "purpose": "it's", "flag": False},
        {"amount": None, "income": 0, "purpose": None, "flag": None},
        {"amount": math.nan, "income": -0.0, "purpose": "", "flag": True},
        {"amount": Decimal("1.10"), "income": Decimal("7"), "purpose": "car", "flag": None},
        {"amount": 1, "income": math.inf, "purpose": "nul\0l", "flag": False},
    ]
    for row in rows:  # alike in a frame, so that its columns have the types of that row's own
        made.assert_same([{**a, **row} for a in APPLICATIONS[::5]])
    made.assert_same_one_by_one([{**APPLICATIONS[0], **row} for row in rows])


def test_what_the_build_refuses_is_refused_in_the_same_words(world: Make) -> None:
    for derived, said in (
        ({"day": DERIVED["day"]}, "feature day is a time; derive a number"),
        ({"odd": "amount + purpose"}, "features.derived.odd: .* cannot be computed"),
    ):
        made = world(EDGES, {"derived": derived})
        made.sync()
        one = {**APPLICATIONS[0], "amount": 1, "purpose": "car"}
        for way in (made.batch, made.online):
            with pytest.raises(ProblemError, match=said):
                way(one)


@pytest.fixture(scope="module")
def credit(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The simulated lender of the demo, with a derived feature that reads histories."""
    folder = tmp_path_factory.mktemp("credit")
    lake, drawn = tr.open_lake(folder / "lake"), simulate(3_000, 12, seed=3)
    for name, key in (("bureau", "bureau_id"), ("payments", "payment_id")):
        lake.append(name, getattr(drawn, name), key)
    lake.append("applications", drawn.applications, "application_id")
    problem = tr.load_problem(ROOT / "problems" / "credit.toml")
    derived = {
        **{name: d.model_dump() for name, d in problem.features.derived.items()},
        "burden": "loan_to_income * payments__count__365d / nullif(bureau__bureau_score, 0)",
    }
    features = type(problem.features).model_validate(
        {**problem.features.model_dump(), "derived": derived}
    )
    problem = problem.model_copy(update={"features": features})
    return World(problem, lake, str(folder / "store.sqlite"))


@pytest.mark.slow
def test_every_application_of_a_simulated_lender_has_the_features_of_the_build(
    credit: World,
) -> None:
    credit.sync()
    applications = credit.lake.read("applications")
    built = tr.build_features(credit.problem, applications, credit.lake)
    batch = built.drop(columns="application_id").to_dict("records")
    for application, expected in zip(applications.to_dict("records"), batch, strict=True):
        assert_equal(credit.online(application), expected)
    assert built["payments__sum_amount__365d"].notna().mean() > 0.5
    assert built["burden"].notna().mean() > 0.5


@pytest.fixture
def in_lake(lake: Lake, tmp_path: Path, make_problem: Callable[..., Problem]) -> World:
    """Events in a lake table, with windows and a latest value over them."""
    lake.append("events", EDGES.slice(0, 5), "event_id")
    pd.DataFrame(APPLICATIONS).to_parquet(tmp_path / "applications.parquet")
    events = {"table": "events", "key": "event_id", "time": "happened_at"}
    problem = make_problem(
        sources={
            "applications": {"path": f"{tmp_path}/applications.parquet"},
            "events": {**events, "contract": {"paid": {"type": "money"}}},
        },
        features={"columns": [], "window": [WINDOW], "latest": [LATEST]},
    )
    return World(problem, lake, str(tmp_path / "store.sqlite"))


def with_features(world: World, **features: Any) -> World:
    made = type(world.problem.features).model_validate(
        {**world.problem.features.model_dump(), **features}
    )
    return replace(world, problem=world.problem.model_copy(update={"features": made}))


def with_events(world: World, **said: Any) -> World:
    events = world.problem.sources["events"].model_copy(update=said)
    sources = {**world.problem.sources, "events": events}
    return replace(world, problem=world.problem.model_copy(update={"sources": sources}))


TABLE = "events by customer_id"


@pytest.mark.slow
def test_a_sync_adds_what_a_lake_table_gained_and_does_nothing_otherwise(in_lake: World) -> None:
    assert in_lake.sync() == {TABLE: "built"}
    before = Path(in_lake.store).read_bytes()
    assert in_lake.sync() == {TABLE: "unchanged"}
    assert Path(in_lake.store).read_bytes() == before
    in_lake.assert_same(APPLICATIONS[::3])
    in_lake.lake.append("events", EDGES.slice(5), "event_id")
    done = tr.online.sync_online(in_lake.problem, in_lake.lake, in_lake.store).tables
    assert [(t.what, t.rows) for t in done] == [("extended", 3)]  # two lack a time or an entity
    in_lake.assert_same(APPLICATIONS)


@pytest.mark.slow
def test_another_table_in_its_place_is_read_from_the_start(in_lake: World, tmp_path: Path) -> None:
    in_lake.sync()
    other = replace(in_lake, lake=tr.open_lake(tmp_path / "other"))
    for part in (EDGES.slice(7), EDGES.slice(3, 4)):
        other.lake.append("events", part, "event_id")
    assert other.sync() == {TABLE: "built"}
    other.assert_same(APPLICATIONS[::3])
    with pytest.raises(LakeError, match=r"was kept from the lake table .*/other/events, not from"):
        tr.online.features_for(
            in_lake.problem, APPLICATIONS[0], "2024-03-10", in_lake.lake, other.store
        )


@pytest.mark.slow
def test_a_changed_file_is_read_from_the_start(world: Make) -> None:
    made = world(EDGES, {"window": [WINDOW]})
    made.sync()
    assert made.sync() == {TABLE: "unchanged"}
    changed = world(EDGES.slice(2, 6), {"window": [WINDOW]})
    assert changed.sync() == {TABLE: "built"}
    changed.assert_same(APPLICATIONS[::3])


@pytest.mark.slow
def test_a_changed_definition_is_refused_until_it_is_synced(in_lake: World) -> None:
    in_lake.sync()
    for changed in (
        with_features(in_lake, latest=[{**LATEST, "columns": ["event_id"]}]),
        with_features(
            in_lake, window=[{**PLACE, "over": ["1d"], "compute": ["count where whole > 2"]}]
        ),
        with_events(in_lake, delay=timedelta(days=1)),
        with_events(in_lake, version=2),
        with_events(in_lake, contract={}),
    ):
        with pytest.raises(LakeError, match=r"was not synced for .* features sync small"):
            changed.online(APPLICATIONS[0])
        assert changed.sync() == {TABLE: "built"}
        changed.assert_same(APPLICATIONS[::4])


@pytest.mark.slow
def test_another_window_needs_no_sync_and_two_models_share_a_store(in_lake: World) -> None:
    in_lake.sync()
    longer = {**WINDOW, "over": ["5d"], "compute": ["sum(paid)", "distinct(shop)"]}
    with_features(in_lake, window=[longer]).assert_same(APPLICATIONS[::4])
    challenger = with_features(in_lake, window=[], latest=[{**LATEST, "columns": ["event_id"]}])
    assert challenger.sync() == {TABLE: "built"}
    for model in (challenger, in_lake):
        assert model.sync() == {TABLE: "unchanged"}
        model.assert_same(APPLICATIONS[::4])


@pytest.mark.slow
def test_a_table_nobody_reads_is_kept_up_or_dropped_and_never_stale(in_lake: World) -> None:
    in_lake.sync()
    idle = with_features(in_lake, window=[], latest=[])
    in_lake.lake.append("events", EDGES.slice(5), "event_id")
    assert idle.sync() == {TABLE: "extended"}
    in_lake.assert_same(APPLICATIONS[::4])
    assert with_events(idle, version=2).sync() == {TABLE: "dropped"}
    with pytest.raises(LakeError, match="was not synced"):
        in_lake.online(APPLICATIONS[0])


@pytest.mark.slow
def test_readers_see_the_former_state_until_a_sync_is_done(
    in_lake: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_lake.sync()
    former = in_lake.online(APPLICATIONS[4])
    in_lake.lake.append("events", EDGES.slice(5), "event_id")
    seen: list[dict[str, Any]] = []

    def watched(*given: Any) -> Iterator[Any]:
        for row in rows_of(*given):
            yield row
            seen.append(in_lake.online(APPLICATIONS[4]))

    rows_of = sync.rows_of
    monkeypatch.setattr(sync, "rows_of", watched)
    changed = with_events(in_lake, version=2)
    for world, what in ((in_lake, "extended"), (changed, "built")):
        seen.clear()
        assert world.sync() == {TABLE: what}
        assert len(seen) > 1
        for features in seen:
            assert_equal(features, former)
        former = world.batch(APPLICATIONS[4])
        assert_equal(world.online(APPLICATIONS[4]), former)


def test_a_failed_sync_leaves_the_former_state(in_lake: World) -> None:
    in_lake.sync()
    former = in_lake.online(APPLICATIONS[4])
    broken = EDGES.slice(5).set_column(4, "paid", pa.array([1e17] * 5))
    in_lake.lake.append("events", broken, "event_id")
    with pytest.raises(SourceError, match=r"cannot be kept in the online store .*DECIMAL"):
        in_lake.sync()
    assert_equal(in_lake.online(APPLICATIONS[4]), former)


KILLED = """
import sys, time
import truerisk as tr
from tests.features.online.test_online import in_lake_again
from truerisk.features.online import sync

def slow(*given):
    for i, row in enumerate(rows_of(*given)):
        if i == 2:
            print("midway", flush=True)
            time.sleep(60)
        yield row

rows_of, sync.rows_of = sync.rows_of, slow
problem, lake = in_lake_again(sys.argv[1])
tr.online.sync_online(problem, lake, sys.argv[1] + "/store.sqlite")
"""


def in_lake_again(folder: str) -> tuple[Problem, Lake]:
    """What the killed process opens: the problem was written where both find it."""
    return tr.load_problem(f"{folder}/small.toml"), tr.open_lake(f"{folder}/lake")


@pytest.mark.slow
def test_a_killed_sync_leaves_the_former_state(tmp_path: Path, lake: Lake) -> None:
    from tests.conftest import SMALL

    features = "[features]\ncolumns = []\n[[features.window]]\nsource = 'events'\n"
    features += "by = 'customer_id'\nover = ['3d']\ncompute = ['count', 'sum(score)']\n"
    events = "[sources.events]\ntable = 'events'\nkey = 'event_id'\ntime = 'happened_at'\n"
    text = SMALL.replace('[features]\ncolumns = ["amount"]\n', features).replace(
        "[application]", f"{events}[application]", 1
    )
    (tmp_path / "small.toml").write_text(text)
    lake.append("applications", pd.DataFrame(APPLICATIONS), "application_id")
    lake.append("events", EDGES.slice(0, 3), "event_id")
    problem, _ = in_lake_again(str(tmp_path))
    world = World(problem, lake, str(tmp_path / "store.sqlite"))
    world.sync()
    former = world.online(APPLICATIONS[4])
    lake.append("events", EDGES.slice(3), "event_id")
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == "midway\n"
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    assert_equal(world.online(APPLICATIONS[4]), former)
    assert world.sync() == {TABLE: "extended"}
    world.assert_same(APPLICATIONS[::4])


def rows(table: pa.Table) -> list[dict[str, Any]]:
    return table.to_pylist()


@pytest.mark.slow
def test_an_added_event_is_seen_as_if_the_lake_had_it(in_lake: World) -> None:
    in_lake.sync()
    new = EDGES.slice(5)
    assert tr.online.add_events(in_lake.problem, "events", rows(new), in_lake.store) == 3
    assert tr.online.add_events(in_lake.problem, "events", rows(new), in_lake.store) == 0
    online = [in_lake.online(a) for a in APPLICATIONS]
    in_lake.lake.append("events", new, "event_id")
    in_lake.assert_built(APPLICATIONS, online)
    assert in_lake.sync() == {TABLE: "extended"}
    in_lake.assert_same(APPLICATIONS[::4])


@pytest.mark.slow
def test_the_lake_has_the_last_word_on_an_added_event(in_lake: World) -> None:
    in_lake.sync()
    new = EDGES.slice(5, 1)
    wrong = [{**rows(new)[0], "score": 99.0, "happened_at": "2024-03-09T13:00:00Z"}]
    tr.online.add_events(in_lake.problem, "events", pd.DataFrame(wrong), in_lake.store)
    in_lake.lake.append("events", new, "event_id")
    in_lake.sync()
    in_lake.assert_same(APPLICATIONS[::4])


@pytest.mark.slow
def test_an_added_event_outlives_a_file_that_does_not_have_it_yet(world: Make) -> None:
    made = world(EDGES.slice(0, 4), {"window": [WINDOW]})
    made.sync()
    tr.online.add_events(made.problem, "events", EDGES.slice(6, 1), made.store)
    changed = world(EDGES.slice(0, 6), {"window": [WINDOW]})
    assert changed.sync() == {TABLE: "built"}
    online = [changed.online(a) for a in APPLICATIONS[::3]]
    with_it = world(EDGES.slice(0, 7), {"window": [WINDOW]})
    with_it.assert_built(APPLICATIONS[::3], online)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shop": None, "event_id": None}, 'key "event_id" is null in 1 of 1 row'),
        ({"happened_at": "yesterday"}, '"happened_at" holds VARCHAR, .* 1 of 1 value cannot be'),
        ({"paid": -1.0}, 'column "paid" is below 0 in 1 of 1 row'),
        ({"score": "high"}, "the online store keeps DOUBLE, which 1 of 1 value cannot be"),
    ],
)
def test_an_event_that_breaks_the_contract_is_not_added(
    in_lake: World, change: dict[str, Any], said: str
) -> None:
    rule = in_lake.problem.sources["events"].contract["paid"].model_copy(update={"min": 0})
    changed = with_events(in_lake, contract={"paid": rule})
    changed.sync()
    former = changed.online(APPLICATIONS[4])
    with pytest.raises(SourceError, match=said):
        tr.online.add_events(
            changed.problem, "events", [{**rows(EDGES.slice(6, 1))[0], **change}], changed.store
        )
    assert_equal(changed.online(APPLICATIONS[4]), former)


def test_what_cannot_be_looked_up_says_why(in_lake: World, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"no online store at .*; `truerisk features sync small"):
        in_lake.online(APPLICATIONS[0])
    in_lake.sync()
    with pytest.raises(SourceError, match=r'application has no "customer_id".* customer_idd'):
        tr.online.features_for(
            in_lake.problem, {"customer_idd": 1}, "2024-03-10", store=in_lake.store
        )
    with pytest.raises(LakeError, match=r'keeps nothing of source "outcomes"; it keeps events'):
        tr.online.add_events(in_lake.problem, "outcomes", [], in_lake.store)
    lacking = rows(EDGES.slice(6, 1).drop_columns(["shop"]))
    with pytest.raises(SourceError, match=r'the new rows have no "shop"'):
        tr.online.add_events(in_lake.problem, "events", lacking, in_lake.store)
    (tmp_path / "text.sqlite").write_text("no database at all, and long enough to be read as one")
    with pytest.raises(LakeError, match=r"online store at .*text.sqlite cannot be"):
        tr.online.features_for(
            in_lake.problem, APPLICATIONS[0], "2024-03-10", store=tmp_path / "text.sqlite"
        )


def test_threads_may_share_one_store(in_lake: World) -> None:
    in_lake.sync()
    look_up = OnlineFeatures(in_lake.problem, in_lake.store)
    expected = [look_up(a, a["applied_at"]) for a in APPLICATIONS]
    wrong: list[str] = []

    def work() -> None:
        for application, features in zip(APPLICATIONS * 3, expected * 3):
            try:
                assert_equal(look_up(application, application["applied_at"]), features)
            except Exception as error:  # a thread's own error would be lost
                wrong.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    look_up.close()
    assert wrong == []


@pytest.mark.slow
def test_the_command_says_what_it_did(credit: World) -> None:
    store = f"{credit.store}.command"
    given = ["features", "sync", "credit", "--store", store, "--lake", credit.lake.root]
    said = [CliRunner().invoke(app, given).output for _ in range(2)]
    assert "payments by customer_id: built, " in said[0]
    assert "rows, because it is new." in said[0]
    assert "payments by customer_id: unchanged, because its source has not changed." in said[1]
    assert store in said[1].replace("\n", "")
