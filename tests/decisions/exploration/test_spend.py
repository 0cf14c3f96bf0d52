"""Spend is what was committed, and what the drawn labels really cost."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.decisions.exploration import world
from truerisk.decisions.batch import Batch
from truerisk.decisions.decide import decide
from truerisk.decisions.exploration.spend import exploration_spend
from truerisk.models.calibration import Calibration


def log_of(lender: Callable[..., Any], seed: int = 0, hopeful: float = 0.4) -> pd.DataFrame:
    problem = lender({"share_of_profit": 0.03, "floor": 0.01, "cap": 0.2, "salt": f"s{seed}"})
    drawn = world.draw(seed, hopeful=hopeful)
    batch = Batch(
        id="b",
        model_version="m",
        features=[],
        spine=drawn.scored,
        calibration=Calibration(hopeful, 1.0),
    )
    made = decide(problem, drawn.scored, batch)
    y = drawn.y[made["application_id"]]
    revealed = made["action"] == "approve"
    return made.assign(mature=True, revealed=revealed, event=pd.Series(y).where(revealed))


def test_every_month_adds_up_by_hand(lender: Callable[..., Any]) -> None:
    log = log_of(lender)
    found = exploration_spend(log).set_index("month")
    assert found.index.tolist() == ["2025-03", "2025-04", "2025-05"]
    for month, part in log.groupby(log["as_of"].dt.strftime("%Y-%m")):
        drawn = part[part["explored"]]
        row = found.loc[month]
        value = np.where(
            drawn["event"] == 1, drawn["value_approve_if_event"], drawn["value_approve_if_no_event"]
        )
        assert row["committed"] == pytest.approx(
            (part["exploration_rate"] * part["exploration_cost"]).sum()
        )
        assert row["realised"] == pytest.approx(-value.sum())
        assert row["predicted"] == pytest.approx(drawn["exploration_cost"].sum())
        assert row["labels"] == row["explored"] == len(drawn)
        assert row["applications"] == len(part)


@pytest.mark.slow
def test_over_many_lenders_realised_is_as_predicted_and_its_error_is_stated(
    lender: Callable[..., Any],
) -> None:
    totals = pd.concat([exploration_spend(log_of(lender, seed)) for seed in range(8)])
    predicted, lost = totals["predicted"].sum(), totals["realised"].sum()
    se = np.sqrt((totals["realised_se"] ** 2).sum())
    assert abs(lost - predicted) < 2.5 * se < 0.5 * predicted
    assert totals["committed"].sum() == pytest.approx(predicted, rel=0.15)


def test_only_what_is_known_is_realised(lender: Callable[..., Any]) -> None:
    log = log_of(lender)
    young = log.assign(mature=log["as_of"] < pd.Timestamp("2025-04-01", tz="UTC"))
    found = exploration_spend(young).set_index("month")
    assert found.loc["2025-03", "labels"] > 0
    assert not found.loc["2025-04":, ["labels", "predicted", "realised", "realised_se"]].any(  # type: ignore[misc]
        axis=None
    )
    assert (found["committed"] > 0).all()


def test_dollars_that_were_really_earned_go_before_assumed_ones(
    lender: Callable[..., Any],
) -> None:
    log = log_of(lender)
    realised = np.where(log["explored"], -77.0, np.nan)
    found = exploration_spend(log.assign(realised_value=realised))
    assert found["realised"].sum() == pytest.approx(77 * log["explored"].sum())


def test_a_lender_that_does_not_explore_spends_nothing(lender: Callable[..., Any]) -> None:
    log = log_of(lender).assign(exploration_rate=0.0, exploration_cost=0.0, explored=False)
    found = exploration_spend(log)
    assert not found[["committed", "labels", "realised"]].any(axis=None)
