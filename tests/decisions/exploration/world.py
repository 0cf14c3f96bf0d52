"""A lender whose risks are known: what exploration designs learn, drawn again and again.

The true risk is σ(hopeful + logit score): a score learnt from the approved is too hopeful about
everyone, one that is calibrated for everyone has 0. Loans are of lognormal size; approving is worth
dollars where the score is below .1666….
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.decisions.exploration.explorable import Explorable, explorable
from truerisk.decisions.exploration.explore import design_rates
from truerisk.decisions.exploration.sensitivity import CHALLENGER
from truerisk.decisions.policy import Choice
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Problem
from truerisk.statistics import influence
from truerisk.statistics.logistic import logit, sigmoid

BASE, SLOPE = -2.4, 1.3
CUTOFF = 0.13 / 0.78
AS_SCORED = Calibration(0.0, 1.0)


@dataclass(frozen=True)
class World:
    """One draw of ``n`` applications; arrays (n,). ``risk`` and ``y`` no lender sees."""

    scored: pd.DataFrame
    risk: np.ndarray
    y: np.ndarray
    otherwise: np.ndarray  # where a challenger decides otherwise
    luck: np.ndarray


def draw(seed: int, n: int = 6_000, hopeful: float = 0.0) -> World:
    rng = np.random.default_rng(seed)
    x, u = rng.normal(size=n), rng.random((2, n))
    score = sigmoid(BASE + SLOPE * x)
    risk = sigmoid(hopeful + logit(score))
    scored = pd.DataFrame(
        {
            "application_id": np.arange(n),
            "subject": np.arange(n),
            "as_of": pd.Timestamp("2025-03-01", tz="UTC")
            + pd.to_timedelta(np.arange(n) * 90 // n, unit="D"),
            "score": score,
            "amount": np.clip(rng.lognormal(9, 0.6, n), 500, 35_000),
            "age": 40.0,
        }
    )
    moved = logit(score) + CHALLENGER * rng.logistic(size=n)
    cutoff = logit(np.array([CUTOFF]))
    otherwise = (moved < cutoff) != (logit(score) < cutoff)
    return World(scored, risk, (u[0] < risk).astype(float), otherwise, u[1])


def seen_by(problem: Problem, world: World, calibration: Calibration = AS_SCORED) -> Explorable:
    """The batch as decide() sees it, without its SQL; no rule applies to anyone here."""
    amount, score = world.scored["amount"].to_numpy(), world.scored["score"].to_numpy()
    nothing = np.zeros(len(amount))
    money = np.column_stack([-0.65 * amount, nothing]), np.column_stack([0.13 * amount, nothing])
    expected = score[:, None] * money[0] + (1 - score)[:, None] * money[1]
    rule = np.full(len(amount), None, dtype=object)
    choice = Choice(expected.argmax(axis=1), rule, nothing > 0, expected)
    return explorable(problem, world.scored, choice, money, calibration)[0]


def rates_of(problem: Problem, rows: Explorable, design: str) -> np.ndarray:
    """π for everyone, shape (n,): 1 where the policy reveals."""
    exploration = problem.exploration[0].model_copy(update={"design": design})
    pi = np.ones(len(rows.p))
    pi[rows.open] = design_rates(exploration, rows, {}).pi
    return pi


def values(world: World, weight_of_event: np.ndarray) -> dict[str, influence.Value]:
    """Event rate, AUC and a challenger's gain in dollars per application, for any ỹ (n,)."""
    a, amount = weight_of_event, world.scored["amount"].to_numpy()
    sign = np.where(world.scored["score"] < CUTOFF, -1.0, 1.0) * world.otherwise
    return {
        "event_rate": influence.event_rate(a, 1 - a),
        "auc": influence.auc(a, 1 - a, world.scored["score"].to_numpy()),
        "profit": influence.dollars(a, 1 - a, sign * -0.65 * amount, sign * 0.13 * amount),
    }


def estimates(world: World, pi: np.ndarray) -> dict[str, float]:
    """Doubly robust, with the score as the outcome model."""
    m = world.scored["score"].to_numpy()
    pseudo = m + (world.luck < pi) / pi * (world.y - m)
    return {name: value.theta for name, value in values(world, pseudo).items()}


def lost_to_exploration(world: World, pi: np.ndarray) -> dict[str, float]:
    """Each metric's variance given all outcomes: Σ h²(1/π − 1)·E(y − m)² / n², by the truth.

    h by metrics.py at the true risks, which no design sees.
    """
    m, n = world.scored["score"].to_numpy(), len(pi)
    spread = world.risk * (1 - world.risk) + (world.risk - m) ** 2
    slopes = {name: value.slope for name, value in values(world, world.risk).items()}
    mean = world.risk.mean()
    slopes["auc"] = slopes["auc"] / (mean * (1 - mean))
    return {
        name: float((slope**2 * spread * (1 / pi - 1)).sum() / n**2)
        for name, slope in slopes.items()
    }
