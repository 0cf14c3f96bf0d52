"""A column that knows the outcome is found; one that only predicts it, or names people, is not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from truerisk.profiling.alone import alone

N = 4000


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(11)
    risk = rng.normal(size=N)
    event = (rng.random(N) < 1 / (1 + np.exp(2 - risk))).astype(float)
    frame = pd.DataFrame(
        {
            "risk": risk,
            "noise": rng.normal(size=N),
            "status": np.where(event == 1, "Charged Off", "Fully Paid"),
            "recovered": np.where(event == 1, rng.exponential(100, N), np.nan),
            "name": [f"person {i}" for i in range(N)],
            "inverse": 1 - event,
        }
    )
    return frame, event


def test_leaks_rank_too_well_and_honest_columns_do_not(world):
    frame, event = world
    found = {a.column: a for a in alone(frame, event, list(frame))}
    assert {c for c, a in found.items() if a.too_good} == {"status", "recovered", "inverse"}
    assert all(found[c].auc > 0.999 for c in ("status", "recovered", "inverse"))
    assert found["risk"].auc == pytest.approx(roc_auc_score(event, frame["risk"]), abs=0.015)
    assert abs(found["noise"].auc - 0.5) < 0.05
    assert abs(found["name"].auc - 0.5) < 0.05, "a name ranks nobody that it has not seen"


def test_too_few_events_say_nothing(world):
    frame, _ = world
    rare = np.zeros(N)
    rare[:9] = 1
    assert alone(frame, rare, list(frame)) == []
