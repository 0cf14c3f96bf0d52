"""A changed capacity is replayed over the logged batches, each with its own prices."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.columns import SIDES, value_of
from truerisk.decisions.batch import Batch
from truerisk.decisions.capacity.arrivals import PERIOD
from truerisk.decisions.capacity.calendar import moments
from truerisk.decisions.capacity.claims import claims
from truerisk.decisions.capacity.price import Arrivals
from truerisk.decisions.decide import decide
from truerisk.monitoring.preview.effects import queues
from truerisk.monitoring.preview.redecided import Redecided, redecide
from truerisk.problem.load import as_config, problem_from
from truerisk.problem.spec import Problem

DAYS, BATCHES, ROWS = 14, 2, 54  # batches a day, rows a batch
START = pd.Timestamp("2025-03-01", tz="UTC")  # a Saturday
NAMES = ["approve", "review", "decline"]
DECIDED = {"working": 20, "saturday": 8, "sunday": 0, "holiday": 0}


def expected(rows: pd.DataFrame) -> np.ndarray:
    one, zero = (rows[[value_of(a, side) for a in NAMES]].to_numpy() for side in SIDES)
    score = rows[["score"]].to_numpy()
    return score * one + (1 - score) * zero


@pytest.fixture(scope="module")
def limited(make_problem: Callable[..., Problem]) -> Callable[..., Problem]:
    """Approves, declines, or reviews what a day has seats for; a tenth of declines is approved."""

    def made(capacity: Any) -> Problem:
        review = {
            "reveals": True,
            "same_outcome_as": "approve",
            "if_event": "-0.1 * amount - 8",
            "if_no_event": "0.12 * amount - 8",
            "capacity": capacity,
        }
        approve = {"if_event": "-0.65 * amount", "if_no_event": "0.13 * amount"}
        decline = {"reveals": False, "if_event": "0", "if_no_event": "0"}
        entry = {"action": "approve", "from": ["decline"], "design": "uniform", "share": 0.1}
        problem = make_problem(exploration=[entry])
        actions = {"approve": {"reveals": True} | approve, "review": review, "decline": decline}
        return problem_from(as_config(problem) | {"actions": actions})

    return made


@pytest.fixture(scope="module")
def ledger(limited: Callable[..., Problem]) -> pd.DataFrame:
    """Two batches a day for a fortnight, as the score flow makes and commits them."""
    problem, rng = limited(DECIDED), np.random.default_rng(4)
    n = DAYS * BATCHES * ROWS
    at = START.as_unit("us") + pd.to_timedelta(np.arange(n) * DAYS * 86_400 // n, unit="s")
    scored = pd.DataFrame(
        {
            "application_id": [f"A{i:05d}" for i in range(n)],
            "subject": [f"C{i:05d}" for i in range(n)],
            "as_of": at,
            "score": rng.beta(1.2, 4, n),
            "amount": rng.integers(10, 400, n) * 100.0,
        }
    )
    done = pd.DataFrame()
    for k in range(0, n, ROWS):
        rows, before = scored.iloc[k : k + ROWS].reset_index(drop=True), None
        if len(done):
            at_ = moments(done["as_of"])
            near = at_.day >= moments(rows["as_of"]).day.max() - PERIOD
            worth, sent = expected(done)[near], np.full(int(near.sum()), -1)
            before = Arrivals(at=at_[near], worth=worth, sent=sent)
        batch = Batch(
            id=f"b{k:05d}",
            model_version="m1",
            features=["amount"],
            spine=rows,
            claims=claims(problem, done),
            arrivals=before,
        )
        made = decide(problem, rows, batch).assign(decided_at=START + pd.Timedelta(k, "s"))
        done = pd.concat([done, made], ignore_index=True)
    return done


def again(problem: Problem, by: Problem, ledger: pd.DataFrame) -> Redecided:
    shuffled = ledger.sample(frac=1, random_state=0).reset_index(drop=True)
    unknown = shuffled.assign(policy_version="another")  # so that nothing is taken as it ran
    return redecide(problem, by, None, unknown, {"m1": {"definition": {}}})  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_same_capacities_replay_every_batch_as_it_was(
    limited: Callable[..., Problem], ledger: pd.DataFrame
) -> None:
    made = again(limited(DECIDED), limited(DECIDED), ledger)
    assert (np.array(made.actions)[made.was] == "review").sum() > 200
    np.testing.assert_array_equal(made.now, made.was)


@pytest.mark.slow
def test_another_capacity_fills_its_own_seats_and_never_more(
    limited: Callable[..., Problem], ledger: pd.DataFrame
) -> None:
    twice = {kind: 2 * seats for kind, seats in DECIDED.items()}
    made = again(limited(twice), limited(DECIDED), ledger)
    day = made.log["as_of"].dt.floor("D")
    taken = pd.Series(made.now == made.actions.index("review")).groupby(day).sum()
    kinds = taken.index.day_of_week.map({5: 16, 6: 0}).fillna(40)
    assert (taken.to_numpy() <= kinds).all()
    assert taken.sum() >= 0.95 * kinds.to_numpy().sum()
    [queue] = queues(made, limited(twice), limited(DECIDED))
    assert (queue.action, queue.days, queue.most_before, queue.most_after) == ("review", 14, 20, 40)
    assert queue.mean_after > 1.8 * queue.mean_before


@pytest.mark.slow
def test_batches_all_at_once_would_know_what_was_still_to_come(
    limited: Callable[..., Problem], ledger: pd.DataFrame
) -> None:
    """The mutant: one batch of everything gets each day's exact cutoff, as nobody could."""
    one = again(limited(DECIDED), limited(DECIDED), ledger.assign(batch="b", decided_at=START))
    assert (one.now != one.was).sum() > 20
