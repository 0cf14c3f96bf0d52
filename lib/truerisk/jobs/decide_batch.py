"""Decide a batch and commit it; where another one took seats meanwhile, price it again."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from truerisk.decisions.batch import Batch, against_ledger
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit
from truerisk.errors import SeatError
from truerisk.lake.lake import Lake
from truerisk.problem.spec import Problem

ATTEMPTS = 50


@dataclass(frozen=True, kw_only=True)
class DecidedBatch:
    """``decided`` are the ledger's rows, ``new`` how many of them the ledger did not hold yet, and
    ``batch`` is what they were decided with in the end."""

    decided: pd.DataFrame
    new: int
    batch: Batch


def decide_and_commit(
    problem: Problem, lake: Lake, scored: Sequence[pd.DataFrame], batch: Batch, run: str = ""
) -> DecidedBatch:
    """What ``decide`` makes of the batch, in the ledger exactly once.

    Of batches that race for the same seats the first to commit has them; the others see what is
    left, and whom another batch has decided meanwhile. Raises SeatError where that never ends.
    """
    rows = pd.concat(scored)
    left = ATTEMPTS
    while True:
        decided, left = decide(problem, rows, batch, run), left - 1
        try:
            return DecidedBatch(decided=decided, new=commit(problem, lake, decided), batch=batch)
        except SeatError:
            if not left:
                raise
        batch = against_ledger(problem, lake, batch)
        rows = rows[rows[problem.key].isin(batch.spine[problem.key])]
