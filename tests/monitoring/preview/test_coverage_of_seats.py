"""Under a capacity the rows of a day hang together: the interval holds the truth all the same."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.monitoring.preview.conftest import START, sigmoid
from truerisk.monitoring.preview.identified import identified
from truerisk.monitoring.preview.redecided import Redecided
from truerisk.monitoring.preview.support import GROUNDS, Ground, grounds
from truerisk.problem.load import as_config, problem_from
from truerisk.problem.spec import Problem

DAYS, PI = 80, 0.4
ACTIONS = ("approve", "review", "decline")
SIDES = ("if_event", "if_no_event")


def reviewed(worth: np.ndarray, day: np.ndarray, seats: int) -> np.ndarray:
    """The action of each row: the day's ``seats`` go to those who gain most by them, (n,)."""
    other = worth[:, [0, 2]].max(axis=1)
    gain = worth[:, 1] - other
    order = np.lexsort((-gain, day))
    first = np.searchsorted(day[order], day[order])
    place = np.empty(len(day), dtype=int)
    place[order] = np.arange(len(day)) - first
    own = np.where(worth[:, 0] >= worth[:, 2], 0, 2)
    return np.where((gain > 0) & (place < seats), 1, own)


def drawn(seed: int, a_day: int = 50) -> tuple[Redecided, np.ndarray, np.ndarray]:
    """A world of 80 days whose risk has a shock of its own each (sd 1), the true risk, the days.

    Four seats a day, and by the change thirty; of the declined two in five are approved at random.
    """
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(DAYS), rng.poisson(a_day, DAYS))
    n = len(day)
    x, amount = rng.normal(size=n), rng.integers(10, 200, n) * 100.0
    score = sigmoid(-1.6 + 1.3 * x)
    risk = sigmoid(-1.5 + 1.3 * x + rng.normal(size=DAYS)[day])
    y = rng.random(n) < risk
    money = (
        np.column_stack([-0.65 * amount, -0.2 * amount - 8, np.zeros(n)]),
        np.column_stack([0.13 * amount, 0.11 * amount - 8, np.zeros(n)]),
    )
    worth = score[:, None] * money[0] + (1 - score[:, None]) * money[1]
    was, now = reviewed(worth, day, 4), reviewed(worth, day, 30)
    chance = np.eye(3)[was]
    chance[was == 2] = [PI, 0, 1 - PI]
    luck = rng.random(n)
    action = np.where((was == 2) & (luck < PI), 0, was)
    shown = action != 2
    log = pd.DataFrame(
        {
            "subject": np.arange(n),
            "as_of": START + pd.to_timedelta(day, unit="D"),
            "mature": True,
            "score": score,
            "m": score,
            "p_reveal": chance[:, :2].sum(axis=1),
            "revealed": shown,
            "event": np.where(shown, y, np.nan),
            "action": np.array(ACTIONS, dtype=object)[action],
            "rule": pd.Series([None] * n, dtype="str"),
            **{f"p_{a}": chance[:, i] for i, a in enumerate(ACTIONS)},
            **{
                f"value_{a}_{side}": money[k][:, i]
                for i, a in enumerate(ACTIONS)
                for k, side in enumerate(SIDES)
            },
        }
    )
    made = Redecided(
        log=log,
        actions=ACTIONS,
        was=was,
        now=now,
        chance=chance,
        logged=money,
        money=money,
        score=np.tile(score[:, None], 3),
    )
    return made, risk, day


@pytest.fixture(scope="module")
def problem(make_problem: Callable[..., Problem]) -> Problem:
    """Review has seats; that a person's verdict hides something is not what is looked at here."""
    actions = {
        "approve": {"reveals": True, "if_event": "-0.65 * amount", "if_no_event": "0.13 * amount"},
        "review": {
            "reveals": True,
            "same_outcome_as": "approve",
            "capacity": 4,
            "if_event": "-0.2 * amount - 8",
            "if_no_event": "0.11 * amount - 8",
        },
        "decline": {"reveals": False, "if_event": "0", "if_no_event": "0"},
    }
    return problem_from(as_config(make_problem()) | {"actions": actions, "exploration": []})


def covered(problem: Problem, worlds: int) -> tuple[float, float]:
    """How often the interval holds the truth, and how often it would by subjects alone."""
    free = problem.model_copy(
        update={"actions": {n: a.model_copy(update={"capacity": None})
                            for n, a in problem.actions.items()}}
    )  # fmt: skip
    truth, ends = [], []
    for seed in range(worlds):
        made, risk, _ = drawn(seed)
        ground = grounds(made, problem, set(), False)
        seen = [GROUNDS.index(g) for g in (Ground.RAN, Ground.EXPLORED)]
        assert set(ground[ground >= 0]) <= set(seen)
        gain = made.of(made.money[0], made.now) - made.of(made.money[0], made.was)
        none = made.of(made.money[1], made.now) - made.of(made.money[1], made.was)
        truth.append(float((made.mass * (risk * gain + (1 - risk) * none)).mean()))
        for by in (problem, free):
            found, _ = identified(made, ground, by, [], False)
            assert found.status == "ok", found
            ends.append([found.low / len(made), found.high / len(made)])
    low, high = np.array(ends).reshape(worlds, 2, 2).transpose(2, 0, 1)
    held = (low <= np.mean(truth)) & (np.mean(truth) <= high)
    return float(held[:, 0].mean()), float(held[:, 1].mean())


@pytest.mark.thorough
def test_a_changed_capacity_s_dollars_cover_with_days_and_not_without(problem: Problem) -> None:
    by_day, by_subject = covered(problem, 200)
    assert by_day >= 0.92
    assert by_subject < by_day - 0.02  # days that hang together make it too narrow
