"""Scores and dollars that are none are refused before they decide anything."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.decide import decide
from truerisk.errors import SourceError
from truerisk.problem.spec import Problem

Make = Callable[..., Any]


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf, -1e-9, 1.5])
def test_a_score_that_is_no_probability_decides_nothing(
    make_problem: Make, make_scored: Make, make_batch: Make, score: float
) -> None:
    scored = make_scored(20)
    scored.loc[3, "score"] = score
    with pytest.raises(SourceError, match="score is no probability for 1 of 20 applications"):
        decide(make_problem(), scored, make_batch())


def test_columns_and_zones_are_asked_for(
    make_problem: Make, make_scored: Make, make_batch: Make
) -> None:
    problem, scored = make_problem(), make_scored(5)
    with pytest.raises(SourceError, match="have no subject and score; decide takes what tr"):
        decide(problem, scored.drop(columns=["score", "subject"]), make_batch())
    naive = scored.assign(as_of=scored["as_of"].dt.tz_localize(None))
    with pytest.raises(SourceError, match=r"to_datetime\(as_of, utc=True\)"):
        decide(problem, naive, make_batch())


def test_ends_of_the_scale_and_nobody_are_fine(
    make_problem: Make, make_scored: Make, make_batch: Make
) -> None:
    scored = make_scored(3).assign(score=[0.0, 1.0, 0.5])
    assert len(decide(make_problem(), scored, make_batch())) == 3
    assert decide(make_problem(), scored.iloc[:0], make_batch()).empty


@pytest.mark.parametrize("amount", [1e300, -1e300])
def test_dollars_beyond_any_price_are_refused_with_their_place(
    make_problem: Make, make_scored: Make, make_batch: Make, amount: float
) -> None:
    seats = {"working": 1, "saturday": 1, "sunday": 1, "holiday": 1}
    problem: Problem = make_problem(
        actions={
            "approve": {"if_event": "-amount", "if_no_event": "amount", "capacity": seats},
        }
    )
    scored: pd.DataFrame = make_scored(5)
    scored.loc[2, "amount"] = amount
    with pytest.raises(SourceError, match=r"actions\.approve\.if_event is more than a trillion"):
        decide(problem, scored, make_batch())
    scored.loc[2, "amount"] = np.sign(amount) * 1e12
    assert len(decide(problem, scored, make_batch())) == 5
