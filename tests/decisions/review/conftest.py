"""A lender whose middling applications people review, explored from the declined too."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit
from truerisk.lake.lake import Lake
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
REVIEW = {
    "reveals": True,
    "same_outcome_as": "approve",
    "if_event": "-0.2 * amount",
    "if_no_event": "0.11 * amount",
    "within": "1d",
    "verdicts": {"pass": "approve", "decline": "decline"},
    "late": "decline",
    "audit": 0.25,
}


@pytest.fixture
def problem(make_problem: Make) -> Problem:
    return make_problem(
        actions={
            "approve": {"if_event": "-0.65 * amount", "if_no_event": "0.13 * amount"},
            "review": REVIEW,
        },
        exploration=[{"action": "review", "dollars_per_day": 1e9, "cap": 0.2}],
        contest={"answer_within": "30d"},
        features={"columns": ["amount", "age"]},
    )


@pytest.fixture
def decided(lake: Lake, problem: Problem, make_scored: Make, make_batch: Make) -> pd.DataFrame:
    scored = make_scored(800, seed=2)
    source = scored.drop(columns="score").rename(
        columns={"subject": "customer_id", "as_of": "applied_at"}
    )
    lake.append("applications", source, "application_id")
    bad = np.random.default_rng(0).random(len(source)) < scored["score"]
    followed = source[["application_id"]].assign(
        defaulted=bad.astype(int), observed_at=source["applied_at"] + pd.Timedelta("10D")
    )
    # Some events come after the horizon, and before anybody counts as mature.
    followed.loc[bad[bad].index[:10], "observed_at"] += problem.outcome.horizon - pd.Timedelta(
        "9.5D"
    )
    lake.append("outcomes", followed, "application_id")
    made = decide(problem, scored, make_batch(features=["amount", "age"]))
    commit(problem, lake, made)
    return made
