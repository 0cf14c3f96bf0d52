"""truerisk: whole builds as a user calls them, and single formulations of the same windows."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

import truerisk as tr
from truerisk.features.build import build_features
from truerisk.features.engines import engine
from truerisk.features.plan import Choice, plan, sizes, sizes_query
from truerisk.features.spine import application_columns, spine_table
from truerisk.features.sql.names import ROW
from truerisk.features.steps import groups
from truerisk.lake.sources.sources import Sources
from truerisk.problem.load import problem_from

VERSIONS = ("truerisk", "duckdb", "pandas")
NOTES: dict[str, str] = {}
ALL = {
    "count": "count",
    "sum": "sum(amount)",
    "mean": "mean(amount)",
    "max": "max(amount)",
    "distinct": "distinct(merchant)",
}
WINDOWS = ("1d", "7d", "30d", "90d", "365d")
Ready = Callable[[], Any]


def windows(folder: Path) -> Ready:
    """Everything from the version of the files to a frame in the order of the applications."""
    return _build(_windowed(folder, WINDOWS, ALL), folder, _names(WINDOWS, ALL))


def large(folder: Path) -> Ready:
    """The same within 4 GB."""
    problem = _windowed(folder, WINDOWS, ALL, compute={"memory_limit": "4GB"})
    choices = _choices(problem, folder)[1]
    NOTES["large"] = ", ".join(f"{c.formulation} in {c.chunks} chunks" for c in choices)
    return _build(problem, folder, _names(WINDOWS, ALL))


def latest(folder: Path) -> Ready:
    """The newest balance and grade of three sources."""
    views = ("accounts", "cards", "bureau")
    columns = ["balance", "grade"]
    sources = {v: {**_file(folder, v), "key": "snapshot_id", "time": "happened_at"} for v in views}
    wanted = [{"source": v, "by": "customer_id", "columns": columns} for v in views]
    names = [f"{c}_{v}" for v in views for c in columns]
    return _build(_problem(folder, sources, latest=wanted), folder, names)


def totals(folder: Path) -> Ready:
    """Counts, sums and means as running totals."""
    return _formulation(folder, WINDOWS, ("count", "sum", "mean"), "running totals")


def totals_joined(folder: Path) -> Ready:
    """The same by the range join."""
    return _formulation(folder, WINDOWS, ("count", "sum", "mean"), "range join")


def hot(folder: Path) -> Ready:
    """What the planner chooses for one day over a hot key."""
    return _formulation(folder, ("1d",), tuple(ALL))


def hot_joined(folder: Path) -> Ready:
    """The same by the range join."""
    return _formulation(folder, ("1d",), tuple(ALL), "range join")


def _build(problem: tr.Problem, folder: Path, names: list[str]) -> Ready:
    lake = tr.open_lake(tempfile.mkdtemp())

    def run() -> pd.DataFrame:
        spine = pd.read_parquet(folder / "applications.parquet")
        built = build_features(problem, spine, lake)
        return built.set_axis(["application_id", *names], axis="columns")

    return run


def _formulation(
    folder: Path, over: tuple[str, ...], kept: tuple[str, ...], forced: str = ""
) -> Ready:
    """The query alone; sources are open and checked already."""
    computed = {name: ALL[name] for name in kept}
    run, choices = _choices(_windowed(folder, over, computed), folder)
    if forced:
        choices = [Choice(choices[0].group, forced, "")]
    assert len(choices) == 1
    NOTES[f"hot{'_joined' * bool(forced)}"] = choices[0].formulation

    def compute() -> pd.DataFrame:
        rows = choices[0].run(run).sort_by(ROW).drop_columns(ROW).to_pandas()
        return rows.set_axis(_names(over, computed), axis="columns")

    return compute


def _choices(problem: tr.Problem, folder: Path) -> tuple[Callable[[str], pa.Table], list[Choice]]:
    """What runs a query over the opened sources, and the planner's choices for the windows."""
    spine = pd.read_parquet(folder / "applications.parquet")
    sources = Sources(problem, tr.open_lake(tempfile.mkdtemp()))
    runner = engine(sources)
    base = application_columns(sources, spine, ["customer_id"])
    runner.spine(spine_table(base, ["customer_id"]))
    group, _ = next(groups(sources, runner, None))
    seen = sizes(runner.run(sizes_query(group)).to_pandas())
    return runner.run, plan(group, seen, runner.memory)


def _windowed(
    folder: Path, over: tuple[str, ...], computed: dict[str, str], **more: Any
) -> tr.Problem:
    events = {**_file(folder, "events"), "key": "event_id", "time": "happened_at", "delay": "1h"}
    events["contract"] = {"amount": {"type": "money"}}
    wanted = {"source": "events", "by": "customer_id", "over": list(over)}
    window = [{**wanted, "compute": list(computed.values())}]
    return _problem(folder, {"events": events}, window=window, **more)


def _names(over: tuple[str, ...], computed: dict[str, str]) -> list[str]:
    return [f"{name}_{window}" for window in over for name in computed]


def _file(folder: Path, name: str) -> dict[str, Any]:
    return {"path": str(folder / f"{name}.parquet")}


def _problem(
    folder: Path, sources: dict, compute: dict | None = None, **features: Any
) -> tr.Problem:
    """A problem of which only the features matter."""
    applications = {**_file(folder, "applications"), "key": "application_id", "time": "applied_at"}
    outcomes = {"table": "outcomes", "key": "application_id", "time": "observed_at"}
    raw = {
        "name": "bench",
        "sources": {"applications": applications, "outcomes": outcomes, **sources},
        "application": {"source": "applications", "subject": "customer_id"},
        "outcome": {
            "source": "outcomes",
            "event": "defaulted",
            "observed": "observed_at",
            "horizon": "30d",
        },
        "features": {"columns": [], **features},
        "candidates": {"prior": {}},
        "actions": {
            "approve": {"reveals": True, "if_event": "-1", "if_no_event": "1"},
            "decline": {"reveals": False, "if_event": "0", "if_no_event": "0"},
        },
        "compute": compute or {},
    }
    return problem_from(raw, "benchmark.toml")
