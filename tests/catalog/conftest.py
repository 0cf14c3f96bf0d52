"""A small lender whose every column is known: who reads it, and how many of it are null."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truerisk.catalog.catalog import Catalog, read_catalog
from truerisk.features.definitions import definition
from truerisk.lake.ingest.ingest import ingest
from truerisk.lake.ingest.new_files import find_new_files
from truerisk.lake.lake import Lake, open_lake
from truerisk.models.calibration import Calibration
from truerisk.models.package import Model, save, save_report
from truerisk.models.scorecard import ScorecardModel
from truerisk.problem.spec import Problem
from truerisk.registry.approval import approve, submit

AS_OF = "2026-03-03"
ROWS = 60
BAD = "<script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\">"
GATE = [{"name": "gain", "asked": "> 0", "seen": "+0.1", "passed": True}]
DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2026-01-01", tz="UTC")


@pytest.fixture(scope="session")
def problem(make_problem: Callable[..., Problem]) -> Problem:
    """Applications, payments and outcomes; ``device_id`` and ``memo`` are read by nobody."""
    return make_problem(
        description=BAD,
        sources={
            "applications": {
                "owner": "originations",
                "description": f"One row per application. {BAD}",
                "freshness": "2d",
                "contract": {"amount": {"type": "money", "nullable": False, "min": 0}},
            },
            "payments": {
                "table": "payments",
                "key": "payment_id",
                "time": "paid_at",
                "delay": "1d",
                "owner": "open banking",
                "description": "Payments on other credit, with the device that made them.",
            },
        },
        features={
            "columns": ["amount", "income"],
            "derived": {"burden": "amount / nullif(income, 0)", "squared": "burden * burden"},
            "window": [
                {
                    "source": "payments",
                    "by": "customer_id",
                    "over": ["30d"],
                    "compute": ["sum(paid) where late > 5 as late_paid", "count"],
                }
            ],
        },
        actions={"approve": {"if_event": "-fee", "if_no_event": "0.1 * amount"}},
        rules=[{"when": "age < 18", "action": "decline", "reason": "Too young"}],
        training={"segments": ["purpose"]},
    )


def applications() -> pd.DataFrame:
    """60 applications, one a day from 1 January 2026; every fifth income is null."""
    n = np.arange(ROWS)
    return pd.DataFrame(
        {
            "application_id": [f"A{i}" for i in n],
            "customer_id": [f"Jane-{i}" for i in n],
            "applied_at": pd.DatetimeIndex(START + n * DAY),
            "amount": 100.0 + n,
            "income": np.where(n % 5 == 0, np.nan, 1000.0),
            "age": 30 + n % 2,
            "fee": 1.0,
            "purpose": np.where(n % 3 == 0, "car", "home"),
            "device_id": [f"D{i}" for i in n],
        }
    )


def payments(first: int, rows: int, nulls: int) -> pd.DataFrame:
    n = np.arange(first, first + rows)
    return pd.DataFrame(
        {
            "payment_id": [f"P{i}" for i in n],
            "customer_id": [f"Jane-{i % ROWS}" for i in n],
            "paid_at": pd.DatetimeIndex(START + (n % 50) * DAY).strftime("%Y-%m-%d"),
            "paid": 10.0 + n % 7,
            "late": np.where(n < first + nulls, np.nan, n % 9),
            "memo": "rent",
        }
    )


@pytest.fixture(scope="session")
def world(problem: Problem, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake: two ingests of payments, the second with nulls in ``late``; a champion that gives
    all weight to ``burden`` and knows an older ``squared``; 40 decisions by it."""
    tmp_path: Path = tmp_path_factory.mktemp("world")
    lake = open_lake(tmp_path / "lake")
    lake.append("applications", applications(), "application_id")
    for i, (first, nulls) in enumerate([(0, 0), (400, 120)]):
        file = tmp_path / f"payments-{i}.csv"
        payments(first, 400, nulls).to_csv(file, index=False)
        found = find_new_files(problem, lake, {"payments": [str(file)]})
        ingest(problem, lake, [f for group in found.groups for f in group], "Ingest/1")
    outcomes = applications()[["application_id"]].assign(defaulted=0, observed_at=START + 90 * DAY)
    lake.append("outcomes", outcomes, "application_id")
    _champion(lake, problem)
    return lake


def _champion(lake: Lake, problem: Problem) -> None:
    older = problem.features.derived["squared"].model_copy(update={"sql": "burden * fee"})
    derived = {**problem.features.derived, "squared": older}
    then = problem.model_copy(
        update={"features": problem.features.model_copy(update={"derived": derived})}
    )
    card = {
        "burden": {"edges": [0.1], "points": [20, 0], "missing": 0},
        "squared": {"edges": [], "points": [0], "missing": 0},
    }
    model = Model(
        name="scorecard",
        fitted=ScorecardModel(0.0, 20, card),
        calibration=Calibration(0.0, 1.0),
        features=list(card),
        definition=definition(then),
        fingerprint="f" * 64,
    )
    about = {"known_at": "2026-02-01", "versions": {"applications": 1}, "run": "Train/7"}
    version = save("small", lake, model, about)
    payload = {"gate": GATE, "candidate": "scorecard", "auc": 0.8, "known_at": "2026-02-01"}
    digest = save_report("small", lake, version, "<html>the report</html>")
    submit("small", lake, version, "Train/7", digest, None, payload)
    approve("small", lake, version, "Ann", "it is better", digest)
    n = np.arange(40)
    decided = pd.DataFrame(
        {
            "application_id": [f"A{i}" for i in n],
            "as_of": pd.DatetimeIndex(START + n * DAY),
            "decided_at": START + 60 * DAY,
            "action": np.where(n < 30, "approve", "decline"),
            "model_version": version,
            "batch": "b1",
            "run": "Score/9",
            "source_versions": '{"applications": 1, "payments": 2}',
            "feature__burden": np.where(n < 10, np.nan, 0.1),
        }
    )
    lake.append("decisions/small", decided, "application_id")


@pytest.fixture(scope="session")
def catalog(world: Lake, problem: Problem) -> Catalog:
    return read_catalog([problem], world, AS_OF)
