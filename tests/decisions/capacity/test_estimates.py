"""What a changed policy would earn under a capacity, from the log of the one that ran.

The truth is known: days differ, seats are scarce, and the changed score is replayed over the logged
batches with its own prices. Its intervals are clustered by subject and day.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.policy import Choice
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes, Reading
from truerisk.monitoring.preview.seats import with_seats
from truerisk.problem.load import as_config, problem_from
from truerisk.problem.spec import Problem

DAYS, A_DAY, SEATS, PI = 60, 40, 6, 0.25
NAMES = ["approve", "call", "decline"]
IF_EVENT, IF_NO_EVENT = np.array([-650.0, -120.0, 0.0]), np.array([130.0, 105.0, 0.0])


@pytest.fixture(scope="module")
def limited(make_problem: Callable[..., Problem]) -> Problem:
    action = {"reveals": True, "if_event": "0", "if_no_event": "0"}
    call = {**action, "same_outcome_as": "approve", "capacity": SEATS}
    config = as_config(make_problem()) | {"exploration": []}
    return problem_from(
        config
        | {"actions": {"approve": action, "call": call, "decline": {**action, "reveals": False}}}
    )


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def taken(problem: Problem, log: pd.DataFrame, score: np.ndarray) -> np.ndarray:
    """What the policy takes by itself in each logged batch, by this score, (n,)."""
    expected = score[:, None] * IF_EVENT + (1 - score)[:, None] * IF_NO_EVENT
    none = np.full(len(log), None, dtype=object)
    choice = Choice(expected.argmax(axis=1), none, np.zeros(len(log), bool), expected)
    return with_seats(problem, log, log[["application_id", "as_of"]], choice)


def worlds(problem: Problem, count: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame, float]]:
    """A log, the changed policy of it and what that truly earns more, dollars per application."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        day = np.repeat(np.arange(DAYS), A_DAY)
        x, shock = rng.normal(size=len(day)), rng.normal(0, 0.7, DAYS)[day]
        p = logistic(x + shock - 1.5)
        start = pd.Timestamp("2025-03-01", tz="UTC").as_unit("us")
        at = start + pd.to_timedelta(day * 86_400 + rng.integers(0, 86_400, len(day)), unit="s")
        log = pd.DataFrame(
            {
                "application_id": [f"{seed}-{i}" for i in range(len(day))],
                "subject": np.arange(len(day)),
                "day": day,
                "as_of": at,
                "decided_at": start + pd.to_timedelta((day + 1) * 86_400, unit="s"),
                "batch": day,
                "score": logistic(0.6 * x + rng.normal(0, 0.8, len(day)) - 1.5),
                "mature": True,
                "explored": False,
                "action": "decline",
            }
        )
        old, new = (taken(problem, log, s) for s in (log["score"].to_numpy(), logistic(x - 1.5)))
        drawn = (old == 2) & (rng.random(len(day)) < PI)
        chance = np.eye(3)[old] * np.where(old == 2, 1 - PI, 1.0)[:, None]
        chance[old == 2, 0] = PI
        event = (rng.random(len(day)) < p).astype(float)
        shown = (old != 2) | drawn
        log = log.assign(
            action=np.array(NAMES)[np.where(drawn, 0, old)],
            explored=drawn,
            p_reveal=chance[:, :2].sum(axis=1),
            revealed=shown,
            event=np.where(shown, event, np.nan),
            m=log["score"],
            **{f"p_{a}": chance[:, i] for i, a in enumerate(NAMES)},
            **{f"value_{a}_if_event": IF_EVENT[i] for i, a in enumerate(NAMES)},
            **{f"value_{a}_if_no_event": IF_NO_EVENT[i] for i, a in enumerate(NAMES)},
        )
        moved = chance.copy()  # what exploration drew stays: its part of the old own action moves
        mass = chance[np.arange(len(day)), old]
        moved[np.arange(len(day)), old] -= mass
        moved[np.arange(len(day)), new] += mass
        worth = p[:, None] * IF_EVENT + (1 - p)[:, None] * IF_NO_EVENT
        yield (
            log,
            pd.DataFrame(moved, columns=NAMES),
            float(((moved - chance) * worth).sum(axis=1).mean()),
        )


def covered(problem: Problem, count: int, cluster: list[str]) -> float:
    """How often the interval of the changed policy's gain holds what it gains in all worlds."""
    found, truth = [], []
    for log, policy, gain in worlds(problem, count):
        made = measure(
            log,
            changes=Changes(policies={"changed": policy}),
            reading=Reading(same_outcome={"call": "approve"}, cluster=cluster),
        )
        one = made[
            (made["metric"] == "policy_gain")
            & (made["estimator"] == "dr")
            & (made["population"] == "all")
        ]
        found.append(one[["low", "high"]].to_numpy(float)[0])
        truth.append(gain)
    low, high = np.array(found).T
    return float(((low <= np.mean(truth)) & (np.mean(truth) <= high)).mean())


@pytest.mark.slow
def test_a_changed_score_is_measured_under_a_capacity(limited: Problem) -> None:
    assert covered(limited, 3, ["subject", "day"]) == 1


@pytest.mark.thorough
def test_its_intervals_cover(limited: Problem) -> None:
    assert 0.92 <= covered(limited, 120, ["subject", "day"]) <= 0.985
