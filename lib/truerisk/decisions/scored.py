"""What ``decide`` takes: a row per application with its time and probabilities, or one sentence."""

import pandas as pd

from truerisk.columns import SCORE, score_of
from truerisk.errors import SourceError
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted
from truerisk.wording.lists import listed


def check_scored(problem: Problem, scored: pd.DataFrame) -> None:
    """Raises SourceError for columns that are not there, times in no zone, and scores that are no
    probabilities: they would decide all the same."""
    outcomes = list(problem.outcomes)
    several = len(outcomes) > 1
    scores = [score_of(outcome) for outcome in outcomes] if several else [SCORE]
    missing = [c for c in (problem.key, "subject", "as_of", *scores) if c not in scored]
    if missing:
        raise SourceError(
            f"{problem.where}: the scored applications have no {listed(missing)}; decide takes "
            "what tr.score makes."
        )
    if not isinstance(scored["as_of"].dtype, pd.DatetimeTZDtype) and len(scored):
        raise SourceError(
            f"{problem.where}: as_of of the scored applications is no time in a zone; write "
            "pd.to_datetime(as_of, utc=True)."
        )
    for name in scores:
        odd = int((~scored[name].between(0, 1)).sum())
        if odd:
            raise SourceError(
                f"{problem.where}: {name} is no probability for {odd:,} of "
                f"{counted(len(scored), 'application')} (null, infinite, below 0 or above 1); a "
                "model gives each a number from 0 to 1."
            )
