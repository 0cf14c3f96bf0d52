"""A lender with hidden risk, its ledger in a lake, and the same as arrays for many worlds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.batch import Batch
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit
from truerisk.features.definitions import definition
from truerisk.lake.lake import Lake, open_lake
from truerisk.models.calibration import Calibration
from truerisk.models.package import Model, save
from truerisk.models.prior import PriorModel
from truerisk.problem.spec import Problem

N, DAYS = 4_000, 100
START = pd.Timestamp("2025-01-01", tz="UTC")
KNOWN_AT = "2025-03-20"
MINOR = {"when": "age < 18", "action": "decline", "reason": "minor", "absolute": True}
SAME = {"if_event": "-0.65 * amount", "if_no_event": "0.13 * amount"}


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def applied(seed: int = 0) -> pd.DataFrame:
    """Applications with their scores, ``y``, the outcome that approving them shows, and risk."""
    rng = np.random.default_rng(seed)
    x, u = rng.normal(size=(2, N))
    risk = sigmoid(-1.8 + 1.2 * x + 0.5 * u)
    at = START + pd.to_timedelta(np.arange(N) * 86_400 * DAYS // N, unit="s")
    return pd.DataFrame(
        {
            "application_id": np.arange(N),
            "customer_id": np.arange(N) % (N // 2),
            "applied_at": at.astype("datetime64[us, UTC]"),
            "amount": rng.integers(10, 400, N) * 100.0,
            "age": rng.integers(17, 70, N).astype(float),
            "region": rng.choice(["north", "south"], N),
            "sex": rng.choice(["f", "m"], N),
            "score": sigmoid(-1.8 + 1.2 * x),
            "risk": risk,
            "y": (rng.random(N) < risk).astype(float),
        }
    )


@dataclass(frozen=True)
class Lender:
    """What decided, where, and what no ledger holds."""

    problem: Problem
    lake: Lake
    applied: pd.DataFrame
    model: str


@pytest.fixture(scope="session")
def file(make_problem: Callable[..., Problem]) -> Callable[..., Problem]:
    """The lender's problem file, changed as ``make_problem`` does."""

    def made(**changes: Any) -> Problem:
        given: dict[str, Any] = {
            "actions": {"approve": SAME},
            "rules": [MINOR],
            "exploration": {
                "action": "approve",
                "design": "uniform",
                "dollars_per_day": 1e7,
                "floor": 0.2,
                "cap": 0.2,
            },
            "training": {"segments": ["region"], "protected": ["sex"]},
        }
        return make_problem(**given | changes)

    return made


@pytest.fixture(scope="session")
def lender(file: Callable[..., Problem], tmp_path_factory: pytest.TempPathFactory) -> Lender:
    """A ledger of 4,000 decisions in 100 days, made and kept as any batch's."""
    problem, rows = file(), applied()
    lake = open_lake(tmp_path_factory.mktemp("preview") / "lake")
    told = rows.drop(columns=["score", "risk", "y"])
    lake.append("applications", told, "application_id")
    model = Model(
        name="prior",
        fitted=PriorModel(0.15),
        calibration=Calibration(0.0, 1.0),
        features=["amount"],
        definition=definition(problem),
        fingerprint="f",
    )
    version = save(problem.name, lake, model, {})
    scored = rows.assign(subject=rows["customer_id"], as_of=rows["applied_at"])
    batch = Batch(id="b", model_version=version, features=["amount"], spine=scored)
    decided = decide(problem, scored, batch)
    commit(problem, lake, decided)
    shown = decided[decided["action"].eq("approve")]
    seen = rows.set_index("application_id")["y"].loc[shown["application_id"]]
    outcomes = pd.DataFrame(
        {
            "application_id": shown["application_id"].to_numpy(),
            "defaulted": seen.to_numpy(),
            "observed_at": (shown["as_of"] + pd.Timedelta(20, "D")).to_numpy(),
        }
    )
    lake.append("outcomes", outcomes, "application_id")
    return Lender(problem, lake, rows, version)
