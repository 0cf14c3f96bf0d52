"""A lender that approves where dollars say so, explores a little, and follows two rules."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.batch import Batch
from truerisk.problem.spec import Problem

START = pd.Timestamp("2025-03-01", tz="UTC")


@pytest.fixture
def lender(make_problem: Callable[..., Problem]) -> Callable[..., Problem]:
    """Declines minors absolutely and large amounts by a rule that may be explored.

    Approving is worth dollars where score < .1666…; ``exploration`` replaces the default budget,
    other keywords change the problem as ``make_problem`` does.
    """

    def lender_(exploration: dict[str, Any] | None = None, **changes: Any) -> Problem:
        explored = {"action": "approve", **(exploration or {"dollars_per_day": 1e9, "cap": 0.2})}
        return make_problem(
            actions={"approve": {"if_event": "-0.65 * amount", "if_no_event": "0.13 * amount"}},
            rules=[
                {"when": "age < 18", "action": "decline", "reason": "minor", "absolute": True},
                {"when": "amount > 35000", "action": "decline", "reason": "large"},
            ],
            exploration=[] if exploration == {} else [explored],
            **changes,
        )

    return lender_


@pytest.fixture
def make_scored() -> Callable[..., pd.DataFrame]:
    """``n`` scored applications of as many subjects, evenly over ``days`` from START."""

    def scored_(n: int = 2_000, days: float = 10, seed: int = 0) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        return pd.DataFrame(
            {
                "application_id": [f"A{i:05d}" for i in range(n)],
                "subject": [f"C{i:05d}" for i in range(n)],
                "as_of": START.as_unit("us")
                + pd.to_timedelta(np.arange(n) * days * 86_400 // n, unit="s"),
                "score": rng.beta(1.2, 4, n),
                "amount": rng.integers(10, 400, n) * 100.0,
                "age": rng.integers(17, 70, n).astype(float),
            }
        )

    return scored_


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    """What a batch pins, without a lake."""

    def batch_(**pinned: Any) -> Batch:
        given = {"id": "b1", "model_version": "m1", "features": ["amount"]}
        return Batch(**{**given, "spine": pd.DataFrame(), **pinned})

    return batch_
