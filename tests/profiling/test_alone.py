"""A column that knows the outcome is found; one that only predicts it, or names people, is not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from truerisk.profiling.alone import Alone, alone, stand_out

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


def test_what_stands_out_among_the_rest_is_to_be_asked_after() -> None:
    """A call's duration at .82 beside columns of .6; not the best of columns that are alike."""

    def said(**aucs: float) -> str:
        return stand_out([Alone(name, auc, auc - 0.02) for name, auc in aucs.items()])

    assert said(duration=0.82, age=0.6, job=0.61, loan=0.55).startswith("duration (0.82): alone")
    assert said(score=0.7, income=0.68, age=0.66) == ""
    assert said(weak=0.6, weaker=0.5, weakest=0.5) == ""
    assert "y_again" not in said(y_again=1.0, duration=0.82, age=0.6, job=0.61, loan=0.55)
    assert stand_out([]) == ""
