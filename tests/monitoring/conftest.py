"""A log as decision_log() gives it, of a lender whose truth is known, and an empty lake."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truerisk.lake.lake import open_lake
from truerisk.problem.load import load_problem

KNOWN_AT = pd.Timestamp("2026-01-01", tz="UTC")
HORIZON = pd.Timedelta(days=180)


@pytest.fixture(scope="session")
def problem():
    return load_problem(Path(__file__).parents[2] / "problems" / "credit.toml")


@pytest.fixture
def lake(tmp_path):
    return open_lake(f"{tmp_path}/lake")


@pytest.fixture(scope="session")
def log():
    """5,000 applications in nine months, the last three young; risk is twice what scores say.

    Scores above 0.2 are declined, three in ten of them explored; ``y`` is what no log holds.
    """
    rng = np.random.default_rng(3)
    n = 5_000
    first, last = KNOWN_AT - pd.Timedelta(days=275), KNOWN_AT - pd.Timedelta(days=2)
    at = pd.date_range(first, last, periods=n)
    score = rng.beta(1.2, 8, n)
    y = rng.random(n) < np.minimum(2 * score, 0.95)
    pi = np.where(score > 0.2, 0.3, 1.0)
    approved = rng.random(n) < pi
    mature = at + HORIZON <= KNOWN_AT
    amount = rng.integers(5, 40, n) * 500.0
    happened = at + pd.to_timedelta(rng.uniform(1, 179, n), unit="D")
    seen = approved & mature
    return pd.DataFrame(
        {
            "application_id": np.arange(n),
            "subject": np.arange(n) % 4_600,
            "as_of": at,
            "model_version": "abc123",
            "policy_version": "p1",
            "action": np.where(approved, "approve", "decline"),
            "rule": pd.Series([None] * n, dtype="str"),
            "score": score,
            "p_approve": pi,
            "p_decline": 1 - pi,
            "p_reveal": pi,
            "explored": approved & (pi < 1),
            "exploration_rate": np.where(pi < 1, pi, 0.0),
            "exploration_cost": 500.0,
            "value_approve_if_event": -0.65 * amount,
            "value_approve_if_no_event": 0.13 * amount,
            "value_decline_if_event": 0.0,
            "value_decline_if_no_event": 0.0,
            "mature": mature,
            "revealed": seen,
            "event": pd.Series(y.astype(float)).where(seen),
            "event_at": pd.Series(happened).where(approved & y & (happened <= KNOWN_AT)),
            "followed_until": pd.Series(happened)
            .where(y, pd.Series(at + HORIZON))
            .clip(upper=KNOWN_AT)
            .where(approved),
            "status": np.where(seen, "followed", np.where(approved, "pending", "not revealed")),
            "override": None,
            "feature__amount": amount,
            "feature__purpose": rng.choice(["car", "home"], n),
            "y": y,
        }
    )
