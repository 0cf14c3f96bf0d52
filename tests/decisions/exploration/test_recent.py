"""What the ledger gives back is what the batch saw: rules, draws and all."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.decide import decide
from truerisk.decisions.exploration.explorable import Explorable, explorable
from truerisk.decisions.exploration.recent import PERIOD, Recent, recent
from truerisk.decisions.policy import choose, dollars
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
KNOWN = Calibration(0.3, 1.1)


@pytest.fixture
def problem(lender: Make) -> Problem:
    return lender({"share_of_profit": 0.3, "cap": 0.5})  # type: ignore[no-any-return]


def seen(problem: Problem, scored: pd.DataFrame, before: Recent | None = None) -> Explorable:
    money = dollars(problem, scored)
    choice = choose(problem, scored, scored["score"].to_numpy(), money)
    return explorable(problem, scored, choice, money, KNOWN, before)[0]


def test_a_batch_after_recent_decisions_is_seen_as_both_together(
    problem: Problem, make_scored: Make, make_batch: Make
) -> None:
    scored = make_scored(600)
    old, new = scored.iloc[:400], scored.iloc[400:]
    ledger = decide(problem, old, make_batch(calibration=KNOWN))
    assert ledger["explored"].sum() > 10, "no draw hides what the policy would have done"
    assert ledger["rule"].nunique() == 2
    found = recent(problem, ledger, new["as_of"].max(), "m1", KNOWN)
    assert found is not None
    assert found.committed[0] == pytest.approx(
        ledger["exploration_rate"] @ ledger["exploration_cost"]
    )
    both, whole = seen(problem, new, found), seen(problem, scored)
    for name in ("open", "eligible", "day", "p", "variance", "own", "cost", "stake"):
        np.testing.assert_array_equal(getattr(both, name), getattr(whole, name), err_msg=name)
    for name, metric in whole.metrics.items():
        np.testing.assert_array_equal(both.metrics[name].squared, metric.squared)
    assert both.days == whole.days == pytest.approx(10)
    assert both.now.tolist() == [False] * 400 + [True] * 200
    part, alone = both.batch(), seen(problem, new)
    np.testing.assert_array_equal(part.cost, alone.cost)
    assert len(part.metrics["auc"].squared) == 200
    assert not np.allclose(part.metrics["auc"].squared, alone.metrics["auc"].squared)


def test_only_thirty_days_count(problem: Problem, make_scored: Make, make_batch: Make) -> None:
    ledger = decide(problem, make_scored(400, days=40), make_batch())
    last = ledger["as_of"].iloc[-20]
    found = recent(problem, ledger, last, "m1", KNOWN)
    assert found is not None
    assert found.as_of.min() > last - PERIOD
    assert found.as_of.max() == last
    assert len(found.score) == 300
    assert recent(problem, ledger, last + 2 * PERIOD, "m1", KNOWN) is None
    assert recent(problem, ledger, pd.NaT, "m1", KNOWN) is None  # type: ignore[arg-type]


def test_another_models_rows_keep_the_probability_they_were_priced_with(
    problem: Problem, make_scored: Make, make_batch: Make
) -> None:
    ledger = decide(problem, make_scored(100), make_batch(calibration=Calibration(-0.5, 1.0)))
    same, other = (
        recent(problem, ledger, ledger["as_of"].max(), model, KNOWN) for model in ("m1", "m2")
    )
    assert same is not None
    assert other is not None
    np.testing.assert_allclose(same.p[:, 0], KNOWN.apply(ledger["score"].to_numpy()))
    np.testing.assert_array_equal(other.p[:, 1], ledger["exploration_p"])


def test_decisions_without_todays_actions_are_left_out(
    problem: Problem, make_scored: Make, make_batch: Make
) -> None:
    ledger, last = decide(problem, make_scored(100), make_batch()), make_scored(100)["as_of"].max()
    assert recent(problem, ledger.drop(columns="p_decline"), last, "m1", KNOWN) is None
    ledger.loc[:29, "value_approve_if_event"] = np.nan
    ledger.loc[30:39, "action"] = "review"
    found = recent(problem, ledger, last, "m1", KNOWN)
    assert found is not None
    assert len(found.score) == 60


@pytest.mark.parametrize(
    ("hours", "days"),
    [([0], 1), ([0, 0], 1), ([0, 24, 48], 3), ([0, 6, 12, 18], 1), ([0, 24 * 90], 2)],
)
def test_times_stand_for_the_days_between_them_and_one_gap_more(
    problem: Problem, make_scored: Make, hours: list[int], days: float
) -> None:
    """A stray application of long ago, or a pause, brings no budget."""
    scored = make_scored(len(hours))
    scored["as_of"] = scored["as_of"].iloc[0] + pd.to_timedelta(hours, unit="h")
    assert seen(problem, scored).days == pytest.approx(days)
