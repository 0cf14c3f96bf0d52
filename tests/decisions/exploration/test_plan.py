"""What the plan says before anything runs is what then happens."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.decisions.exploration import world
from truerisk.decisions.batch import Batch
from truerisk.decisions.decide import decide
from truerisk.decisions.exploration.budget import Spent
from truerisk.decisions.exploration.designs import DESIGNS
from truerisk.decisions.exploration.explorable import Z
from truerisk.decisions.exploration.plan import ENOUGH, Design, Outlook, outlook
from truerisk.errors import ProblemError, TrueriskError
from truerisk.measurement.estimate import LEAST_EXPLORED, effective
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
BUDGET = {"share_of_profit": 0.02, "floor": 0.01, "cap": 0.2}
HOPEFUL = 0.4


@pytest.fixture
def problem(lender: Make) -> Problem:
    return lender(BUDGET)  # type: ignore[no-any-return]


def planned(
    problem: Problem, scored: pd.DataFrame, calibration: Calibration, spent: Any = ()
) -> list[Outlook]:
    """As before the first decision, but for what was spent."""
    batch = Batch(
        id="", model_version="", features=[], spine=scored, calibration=calibration, spent=spent
    )
    return outlook(problem, scored, batch)


def of(found: Any, name: str) -> Design:
    return next(d for d in found.designs if d.design == name)


@pytest.mark.slow
def test_the_widths_it_promises_are_those_of_many_lenders(problem: Problem) -> None:
    """Estimates over 160 draws of applications, outcomes and exploration scatter as promised."""
    known = Calibration(HOPEFUL, 1.0)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in DESIGNS}
    for seed in range(160):
        drawn = world.draw(seed, 4_000, HOPEFUL)
        rows = world.seen_by(problem, drawn, known)
        for name, runs in found.items():
            runs.append(world.estimates(drawn, world.rates_of(problem, rows, name)))
    plans = [planned(problem, world.draw(s, 4_000, HOPEFUL).scored, known)[0] for s in range(8)]
    for name, runs in found.items():
        scatter = 2 * Z * pd.DataFrame(runs).std().to_numpy()
        made = [of(plan, name) for plan in plans]
        promised = [[d.width_event_rate, d.width_auc, d.width_profit] for d in made]
        np.testing.assert_allclose(np.mean(promised, axis=0), scatter, rtol=0.15)


def realised(problem: Problem, seed: int, calibration: Calibration) -> tuple[float, float, float]:
    """Predicted by the plan, committed by decide, and lost in truth, per its drawn rows."""
    drawn = world.draw(seed, hopeful=HOPEFUL)
    batch = Batch(
        id="b", model_version="m", features=[], spine=drawn.scored, calibration=calibration
    )
    made = decide(problem, drawn.scored, batch)
    plan = of(planned(problem, drawn.scored, calibration)[0], "neyman")
    by_key = made.set_index("application_id")
    value = (
        drawn.y * by_key["value_approve_if_event"]
        + (1 - drawn.y) * by_key["value_approve_if_no_event"]
    )
    committed = made["exploration_rate"] @ made["exploration_cost"]
    return plan.cost, float(committed), float(-(value * by_key["explored"]).sum())


@pytest.fixture
def costs(problem: Problem) -> Callable[[Calibration], np.ndarray]:
    def costs_(calibration: Calibration) -> np.ndarray:
        return np.sum([realised(problem, s, calibration) for s in range(10)], axis=0)

    return costs_


@pytest.mark.slow
def test_predicted_is_committed_and_within_a_quarter_of_realised(
    costs: Callable[[Calibration], np.ndarray],
) -> None:
    predicted, committed, lost = costs(Calibration(HOPEFUL, 1.0))
    assert committed == pytest.approx(predicted, rel=1e-9)
    assert lost == pytest.approx(predicted, rel=0.25)


@pytest.mark.slow
def test_priced_with_a_hopeful_score_it_costs_far_more_than_predicted(
    costs: Callable[[Calibration], np.ndarray],
) -> None:
    predicted, _, lost = costs(world.AS_SCORED)
    assert lost > 1.4 * predicted


def test_it_counts_what_decide_will_log(problem: Problem) -> None:
    drawn = world.draw(0)
    found = planned(problem, drawn.scored, world.AS_SCORED)[0]
    plan = of(found, "neyman")
    made = decide(
        problem, drawn.scored, Batch(id="b", model_version="m", features=[], spine=drawn.scored)
    )
    rate = made["exploration_rate"]
    assert plan.labels == pytest.approx(rate.sum())
    assert plan.cost <= 0.03 * found.profit
    assert plan.share_of_profit == pytest.approx(0.02)
    assert plan.largest_weight == pytest.approx(1 / rate[rate > 0].min())
    assert found.explorable == (made["exploration_cost"] > 0).sum()
    assert found.chosen == "neyman"
    assert [d.design for d in found.designs] == list(DESIGNS)


def test_effective_labels_are_those_that_measuring_will_count(problem: Problem) -> None:
    """Kish's number of the weights actually drawn, on average over draws."""
    assert ENOUGH == LEAST_EXPLORED
    drawn = world.draw(1)
    rows = world.seen_by(problem, drawn)
    pi = world.rates_of(problem, rows, "neyman")[rows.open]
    rng = np.random.default_rng(0)
    counted = [effective(1 / pi[rng.random(len(pi)) < pi]) for _ in range(200)]
    plan = of(planned(problem, drawn.scored, world.AS_SCORED)[0], "neyman")
    assert plan.effective_labels == pytest.approx(np.mean(counted), rel=0.05)


def test_it_says_by_when(problem: Problem) -> None:
    """Half of the labels take half the time, then a horizon of 30 days."""
    drawn = world.draw(0)
    found = planned(problem, drawn.scored, world.AS_SCORED)[0]
    days = (found.last - found.first) / pd.Timedelta(days=1)
    assert found.applications_per_day == pytest.approx(len(drawn.scored) / days)
    assert found.matured_on == found.last + pd.Timedelta(days=30)
    plan = of(found, "neyman")
    assert plan.enough_on is not None
    waits = (plan.enough_on - found.first) / pd.Timedelta(days=1) - 30
    assert waits == pytest.approx(days * 30 / plan.effective_labels, rel=1e-6)


def test_a_spent_budget_promises_nothing(lender: Make) -> None:
    problem = lender({"dollars_per_day": 100, "cap": 0.2, "applications_per_day": 5})
    scored = world.draw(0, 500).scored.assign(as_of=pd.Timestamp("2025-03-01", tz="UTC"))
    plan = of(planned(problem, scored, world.AS_SCORED, [{"2025-03-01": Spent(3.25)}])[0], "neyman")
    assert (plan.cost, plan.labels, plan.effective_labels) == (0, 0, 0)
    assert plan.without_chance > 100
    assert plan.enough_on is plan.width_auc is plan.largest_weight is plan.dollars_per_label is None


def test_a_lender_that_loses_money_has_no_share_to_report(problem: Problem) -> None:
    scored = world.draw(0, 200).scored.assign(score=0.9)
    found = planned(problem, scored, world.AS_SCORED)[0]
    assert all(d.share_of_profit is None and d.cost == 0 for d in found.designs)


def test_a_batch_that_only_rules_decide_is_no_trouble(problem: Problem) -> None:
    scored = world.draw(0, 50).scored.assign(age=16.0)
    plan = of(planned(problem, scored, world.AS_SCORED)[0], "neyman")
    assert (plan.labels, plan.width_event_rate) == (0, None)


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("score", [0.05, 0.5])
def test_a_batch_of_a_few_is_planned_and_decided_as_one_of_many(
    lender: Make, n: int, score: float
) -> None:
    problem = lender({"dollars_per_day": 50, "cap": 0.2})
    scored = world.draw(0, n).scored.assign(score=score)
    made = decide(problem, scored, Batch(id="b", model_version="m", features=[], spine=scored))
    assert made["exploration_rate"].between(0, 0.2).all()
    assert (made["exploration_rate"] > 0).all() == (score == 0.5)
    plan = of(planned(problem, scored, world.AS_SCORED)[0], "neyman")
    assert plan.labels == pytest.approx(made["exploration_rate"].sum())


def test_without_exploration_or_applications_it_says_so(problem: Problem, lender: Make) -> None:
    scored = world.draw(0, 50).scored
    with pytest.raises(ProblemError, match=r"has no \[\[exploration\]\]"):
        planned(lender({}), scored, world.AS_SCORED)
    with pytest.raises(TrueriskError, match="no application to plan"):
        planned(problem, scored.head(0), world.AS_SCORED)


def test_recalibration_moves_prices_and_chances_and_never_the_decision(problem: Problem) -> None:
    drawn = world.draw(2)
    batch = Batch(id="b", model_version="m", features=[], spine=drawn.scored)
    one = decide(problem, drawn.scored, batch)
    other = decide(problem, drawn.scored, replace(batch, calibration=Calibration(0.5, 1.1)))
    own = [made["action"].mask(made["explored"], "decline") for made in (one, other)]
    assert (own[0] == own[1]).all()
    could = one["exploration_cost"] > 0
    assert (other["exploration_cost"] > one["exploration_cost"])[could].mean() > 0.99
    assert (other["exploration_rate"] != one["exploration_rate"])[could].mean() > 0.5
    still = ~one["explored"] & ~other["explored"]
    assert (other["expected_value"][still] == one["expected_value"][still]).all()
