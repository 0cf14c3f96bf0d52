"""One definition, one number: every formulation gives what a plain loop over the rules gives."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

import truerisk as tr
from tests.features.oracle import EXACT, FEATURES, SORTED, SOURCE, WINDOWS, World, oracle, worlds
from truerisk.features.build import application_columns, build_features
from truerisk.features.engines import engine
from truerisk.features.plan import FORMULATIONS, Choice
from truerisk.features.spine import spine_table
from truerisk.features.sql.running_totals import is_sorted
from truerisk.features.steps import groups
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.problem.spec import Compute, Problem

pytestmark = pytest.mark.slow

CHUNKS = 3
ANY = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
Make = Callable[..., Problem]


def problem_of(world: World, folder: Path, make: Make, **features: Any) -> Problem:
    """The problem over the world's two files."""
    events, spine = world.frames()
    # Parquet keeps NaN, which is null: pandas would have written nulls.
    table = pa.Table.from_pandas(events, preserve_index=False)
    score = pa.array(events["score"].to_numpy(), from_pandas=False)
    table = table.set_column(table.column_names.index("score"), "score", score)
    pq.write_table(table, folder / "events.parquet")
    spine.to_parquet(folder / "applications.parquet")
    place = {"path": f"{folder}/events.parquet", "key": "event_id", "time": "happened_at"}
    return make(
        sources={
            "applications": {"path": f"{folder}/applications.parquet"},
            "events": {**place, **world.source},
        },
        features={"columns": [], **(features or FEATURES)},
    )


def expected(world: World, names: list[str]) -> dict[str, np.ndarray]:
    rows = list(oracle(world))
    return {name: np.array([_plain(row[name]) for row in rows], dtype=object) for name in names}


def assert_same(frame: pd.DataFrame, world: World, names: list[str], what: str) -> None:
    """Equal to the last bit; null where the rules say that nothing is known."""
    for name, wanted in expected(world, names).items():
        came = [None if pd.isna(v) else v for v in frame[name]]
        assert came == list(wanted), f"{what}: {name}"


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, int) else value


@pytest.mark.slow
@ANY
@given(world=worlds())
def test_a_build_is_what_the_rules_say(
    world: World, tmp_path: Path, lake: Lake, make_problem: Make
) -> None:
    problem = problem_of(world, tmp_path, make_problem)
    frame = build_features(problem, world.frames()[1], lake, world.known_at)
    names = [name for name in frame if name != problem.key]
    assert names == list(next(oracle(world)))
    assert_same(frame, world, names, "build")


@pytest.mark.slow
@ANY
@given(world=worlds())
def test_the_online_store_is_what_the_rules_say(
    world: World, tmp_path: Path, lake: Lake, make_problem: Make
) -> None:
    now = replace(world, known_at=None)  # online knows what there is
    problem = problem_of(now, tmp_path, make_problem)
    store = tmp_path / "online.sqlite"
    tr.online.sync_online(problem, lake, store)
    rows = [
        tr.online.features_for(problem, {"customer_id": customer}, as_of, lake, store)
        for customer, as_of in now.spine
    ]
    frame = pd.DataFrame(rows)
    assert list(frame) == list(next(oracle(now)))
    assert_same(frame, now, list(frame), "online")


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.xdist_group("spark")
@settings(ANY, max_examples=3)
@given(world=worlds())
def test_spark_is_what_the_rules_say(
    world: World, tmp_path: Path, lake: Lake, make_problem: Make, spark_conf: dict[str, str]
) -> None:
    problem = problem_of(world, tmp_path, make_problem)
    compute = {"engine": "spark", "spark": spark_conf}
    problem = problem.model_copy(update={"compute": Compute.model_validate(compute)})
    frame = build_features(problem, world.frames()[1], lake, world.known_at)
    names = [name for name in frame if name != problem.key]
    assert names == list(next(oracle(world)))
    assert_same(frame, world, names, "spark")


def formulated(
    problem: Problem, world: World, lake: Lake
) -> Iterator[tuple[str, list[str], pd.DataFrame]]:
    """Each formulation that can compute the windows, whole and in chunks: its name and features."""
    with Sources(problem, lake) as sources:
        runner = engine(sources)
        known = None if world.known_at is None else pd.Timestamp(world.known_at)
        base = application_columns(sources, world.frames()[1], ["customer_id"], known)
        runner.spine(spine_table(base, ["customer_id"]))
        at = None if known is None else known.value // 1000
        for group, _ in groups(sources, runner, at):
            names = [a.name for a in group.aggregates]
            for name in FORMULATIONS:
                if name == "running totals" and not is_sorted(group):
                    continue
                for chunks in (1, CHUNKS):
                    found = Choice(group, name, "", chunks).run(runner.run).to_pandas()
                    rows = found.sort_values("__row", ignore_index=True)
                    assert rows["__row"].tolist() == list(range(len(world.spine)))
                    yield f"{name} in {chunks}", names, rows.astype(float)


@pytest.mark.slow
@pytest.mark.parametrize("some", [8, pytest.param(25, marks=pytest.mark.thorough)])
def test_every_formulation_is_what_the_rules_say(
    some: int, tmp_path: Path, lake: Lake, make_problem: Make
) -> None:
    rest = [c for c in FEATURES["window"][0]["compute"] if c not in (*EXACT, *SORTED)]

    @settings(ANY, max_examples=some)
    @given(world=worlds())
    def agree(world: World) -> None:
        for compute in (rest, EXACT, SORTED):
            window = [{**SOURCE, "over": list(WINDOWS), "compute": compute}]
            problem = problem_of(world, tmp_path, make_problem, window=window)
            for name, features, rows in formulated(problem, world, lake):
                assert_same(rows, world, features, name)

    agree()


@pytest.mark.slow
def test_the_random_histories_would_notice_each_broken_rule() -> None:
    wrong = ["ties", "event time", "known later", "open", "any of a tie", "stale", "repeats"]
    noticed = dict.fromkeys([*wrong, "unknown", "null"], 0)

    @ANY
    @given(world=worlds())
    def compare(world: World) -> None:
        right = list(oracle(world))
        for rule in noticed:
            noticed[rule] += list(oracle(world, rule)) != right

    compare()
    assert min(noticed.values()) > 0, noticed
