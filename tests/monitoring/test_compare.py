"""A model is compared on a log only where neither it nor the one that decided was fitted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.errors import LogError
from truerisk.features.definitions import definition
from truerisk.lake.lake import Lake
from truerisk.models.calibration import Calibration
from truerisk.models.fitted_keys import pack
from truerisk.models.package import Model, save
from truerisk.models.prior import PriorModel
from truerisk.monitoring.compare import Comparison

N = 900
AS_OF = pd.date_range("2025-01-01", periods=N, freq="6h", tz="UTC")


@pytest.fixture
def world(lake: Lake, make_problem: Callable[..., Any]) -> tuple[Any, Lake, pd.DataFrame]:
    """900 applications by 450 subjects, each applying twice, 450 rows apart."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "application_id": np.arange(N),
            "customer_id": np.arange(N) % 450,
            "applied_at": AS_OF,
            "amount": rng.random(N),
        }
    )
    lake.append("applications", rows, "application_id")
    problem = make_problem()
    log = rows.assign(
        subject=rows["customer_id"],
        as_of=AS_OF,
        mature=True,
        score=rng.uniform(0.05, 0.4, N),
        p_reveal=1.0,
        revealed=True,
        event=(rng.random(N) < 0.2).astype(float),
        action="approve",
        p_approve=1.0,
        p_decline=0.0,
        value_approve_if_event=-1.0,
        value_approve_if_no_event=1.0,
        value_decline_if_event=0.0,
        value_decline_if_no_event=0.0,
    )
    return problem, lake, log


def kept(lake: Lake, problem: Any, keys: range | None, rate: float) -> str:
    """A model that was fitted on these applications; None for a package older than its hashes."""
    model = Model(
        name="prior",
        fitted=PriorModel(rate),
        calibration=Calibration(0, 1),
        features=["amount"],
        definition=definition(problem),
        fingerprint="f" * 64,
        fitted_keys=None if keys is None else pack(pd.Series(keys)),
    )
    return save(problem.name, lake, model, {"known_at": "2025-04-01T00:00:00+00:00"})


def counts(found: pd.DataFrame) -> dict[str, int]:
    rows = found[found["metric"].eq("auc_gain") & found["estimator"].eq("naive")]
    return dict(zip(rows["group"], rows["n"]))


@pytest.mark.slow
def test_neither_saw_the_rows_nor_their_subjects(world: tuple[Any, Lake, pd.DataFrame]) -> None:
    problem, lake, log = world
    old, new = kept(lake, problem, range(100), 0.1), kept(lake, problem, range(80, 300), 0.2)
    found = Comparison(problem, lake, new, log).with_champion(old, log, [])
    assert counts(found) == {"": 2 * 150, "known": 300}
    assert set(found["policy"]) == {new}


@pytest.mark.slow
def test_a_package_without_hashes_counts_as_fitted_on_all_that_had_matured(
    world: tuple[Any, Lake, pd.DataFrame],
) -> None:
    problem, lake, log = world
    old, new = kept(lake, problem, None, 0.1), kept(lake, problem, range(10), 0.2)
    matured = int((AS_OF + problem.outcome.horizon <= pd.Timestamp("2025-04-01", tz="UTC")).sum())
    found = Comparison(problem, lake, new, log).with_champion(old, log, [])
    assert counts(found) == {"": 2 * (450 - matured), "known": matured}


def test_nothing_left_to_compare_on_is_refused_with_counts(
    world: tuple[Any, Lake, pd.DataFrame],
) -> None:
    problem, lake, log = world
    old, new = kept(lake, problem, range(450), 0.1), kept(lake, problem, range(20), 0.2)
    with pytest.raises(LogError, match=r"of 900 mature decisions by .*, 450 are applications"):
        Comparison(problem, lake, new, log).with_champion(old, log, [])
