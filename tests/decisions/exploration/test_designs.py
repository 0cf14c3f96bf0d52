"""At equal cost Neyman tells more about the profit, as much about the rest; a taper ruins AUC."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from tests.decisions.exploration import world
from truerisk.decisions.exploration.designs import DESIGNS
from truerisk.decisions.exploration.explorable import Explorable, target_variances
from truerisk.decisions.exploration.explore import design_rates
from truerisk.models.calibration import Calibration
from truerisk.problem.exploration import Exploration
from truerisk.problem.spec import Problem
from truerisk.statistics.logistic import logit

METRICS = ("event_rate", "auc", "profit")
WORLDS = 8


@pytest.fixture
def problem(lender: Callable[..., Problem]) -> Problem:
    return lender({"share_of_profit": 0.02, "floor": 0.01, "cap": 0.2})


@pytest.fixture
def taper() -> Iterator[str]:
    """A mutant: π falls with the distance from the cutoff, as people do by hand."""

    def weights(exploration: Exploration, rows: Explorable) -> np.ndarray:
        beyond = logit(rows.p[rows.open]) - logit(np.array([world.CUTOFF]))
        return np.exp(-2 * np.maximum(beyond, 0))

    DESIGNS["taper"] = weights
    yield "taper"
    del DESIGNS["taper"]


def compared(
    problem: Problem, design: str, hopeful: float = 0.0
) -> tuple[dict[str, float], dict[str, float]]:
    """Variance that exploration adds, design ÷ uniform, by the truth; and what both cost."""
    lost = {d: dict.fromkeys(METRICS, 0.0) for d in (design, "uniform")}
    cost, labels, least = dict.fromkeys(lost, 0.0), dict.fromkeys(lost, 0.0), 1.0
    for seed in range(WORLDS):
        drawn = world.draw(seed, hopeful=hopeful)
        rows = world.seen_by(problem, drawn, Calibration(hopeful, 1.0))
        for d, sums in lost.items():
            pi = world.rates_of(problem, rows, d)
            cost[d] += pi @ rows.cost
            labels[d] += pi[rows.open].sum()
            for name, variance in world.lost_to_exploration(drawn, pi).items():
                sums[name] += variance
            least = min(least, pi.min()) if d == design else least
    ratio = {name: lost[design][name] / lost["uniform"][name] for name in METRICS}
    assert cost[design] == pytest.approx(cost["uniform"], rel=1e-9), "not at equal cost"
    return ratio, {"labels": labels[design] / labels["uniform"], "largest weight": 1 / least}


def test_at_equal_cost_neyman_is_worth_its_trouble(problem: Problem) -> None:
    ratio, about = compared(problem, "neyman")
    assert ratio["profit"] <= 0.45
    assert ratio["event_rate"] <= 0.85
    assert ratio["auc"] <= 1.05
    assert about["largest weight"] <= 100 + 1e-9
    assert about["labels"] > 1.5


def test_where_the_score_is_too_hopeful_less_is_free_and_neyman_gains_less(
    problem: Problem,
) -> None:
    """The cutoff then lies where approving loses money, and no label near it is cheap."""
    ratio, _ = compared(problem, "neyman", hopeful=0.4)
    assert ratio["profit"] <= 0.6
    assert ratio["event_rate"] <= 0.95
    assert ratio["auc"] <= 1.1


def test_a_score_taper_ruins_auc(problem: Problem, taper: str) -> None:
    bare = {"share_of_profit": 0.02, "floor": 0.0, "cap": 0.2}
    exploration = Exploration(action="approve", **bare)
    ratio, about = compared(problem.model_copy(update={"exploration": [exploration]}), taper)
    assert about["labels"] > 1.5, "a taper is the cheapest by label, that is its appeal"
    assert ratio["auc"] > 1.5
    assert ratio["event_rate"] > 1.05


def test_no_other_shares_of_the_same_cost_do_better(problem: Problem) -> None:
    """Neyman minimises Σ variance / V: any change that costs nothing makes it worse."""
    free = Exploration(action="approve", share_of_profit=0.002, floor=0.0, cap=1.0)
    problem = problem.model_copy(update={"exploration": [free]})
    rows = world.seen_by(problem, world.draw(0, 2_000))
    pi = world.rates_of(problem, rows, "neyman")
    assert pi[rows.open].max() < 1, "a bound holds: nothing to perturb"
    wanted = target_variances(free, rows)

    def loss(pi: np.ndarray) -> float:
        thin = rows.variance * (1 / pi - 1)
        return sum((m.squared * thin).sum() / wanted[n] for n, m in rows.metrics.items())

    rng, at = np.random.default_rng(0), np.flatnonzero(rows.open)
    for _ in range(50):
        other = pi.copy()
        other[at] *= np.exp(0.05 * rng.normal(size=len(at)))
        other[at] *= (pi @ rows.cost) / (other @ rows.cost)
        assert loss(other) > loss(pi)


@pytest.mark.parametrize("metric", METRICS)
def test_a_narrower_width_wanted_moves_labels_to_that_metric(problem: Problem, metric: str) -> None:
    drawn = world.draw(1)
    rows = world.seen_by(problem, drawn)
    lost: dict[float, float] = {}
    for factor in (1.0, 0.2):
        widths = {metric: getattr(problem.exploration[0].widths, metric) * factor}
        wanted = problem.exploration[0].widths.model_copy(update=widths)
        exploration = problem.exploration[0].model_copy(update={"widths": wanted})
        changed = problem.model_copy(update={"exploration": [exploration]})
        pi = world.rates_of(changed, rows, "neyman")
        lost[factor] = world.lost_to_exploration(drawn, pi)[metric]
    assert lost[0.2] < lost[1.0]


def test_only_the_ratios_of_the_widths_matter(problem: Problem) -> None:
    rows = world.seen_by(problem, world.draw(2))
    exploration = problem.exploration[0]
    doubled = {n: 2 * getattr(exploration.widths, n) for n in METRICS}
    wide = exploration.model_copy(update={"widths": exploration.widths.model_copy(update=doubled)})
    one = world.rates_of(problem, rows, "neyman")
    other = world.rates_of(problem.model_copy(update={"exploration": [wide]}), rows, "neyman")
    np.testing.assert_allclose(other, one, rtol=1e-9)


def test_a_dearer_label_of_the_same_use_is_taken_less_often(problem: Problem) -> None:
    """The same score twice, other amounts: what profit hangs on grows with the amount, too."""
    drawn = world.draw(3, 400)
    scored = drawn.scored.assign(score=0.6, amount=np.linspace(1_000, 30_000, 400))
    rows = world.seen_by(problem, world.World(scored, drawn.risk, drawn.y, drawn.luck, drawn.luck))
    pi = DESIGNS["neyman"](problem.exploration[0], rows)
    assert (np.diff(pi) < 0).all()


def test_the_dearer_a_label_the_rarer_all_else_alike(problem: Problem) -> None:
    about = Exploration(action="approve", share_of_profit=0.02, floor=0.001, cap=0.9)
    rows = world.seen_by(problem, world.draw(9, 600))
    before = design_rates(about, rows, {}).pi
    assert (design_rates(about, rows, {}).pi == before).all(), "same rows, same chances"
    for of, row in enumerate(np.flatnonzero(rows.open)):
        cost = rows.cost.copy()
        cost[row] *= 1.5
        after = design_rates(about, replace(rows, cost=cost), {}).pi
        assert after[of] < before[of] or after[of] in (0.001, 0.9)


def test_the_problem_file_may_name_every_design_and_no_other() -> None:
    allowed: Any = Exploration.model_fields["design"].annotation
    assert set(get_args(allowed)) == set(DESIGNS)
    assert Exploration(action="approve", dollars_per_day=1).design == "neyman"
