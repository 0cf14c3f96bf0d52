"""A scorecard is what is printed: whole points that a person can add up."""

import json
from collections.abc import Callable
from math import exp, log
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from truerisk.models.scorecard import ScorecardModel
from truerisk.problem.spec import Scorecard

CARD = ScorecardModel(
    base=1.5,
    points_to_double_odds=20,
    card={
        "late": {"edges": [1.0, 3.0], "points": [12, 0, -25], "missing": -4},
        "purpose": {"levels": {"car": 8, "home": 3}, "other": -6, "missing": 1},
    },
)


@pytest.fixture
def fitted(sample: Callable[..., Any]) -> ScorecardModel:
    return ScorecardModel.fit(*sample(4_000), Scorecard(bins=6), seed=0)


def row(late: float, purpose: str | None) -> pd.DataFrame:
    return pd.DataFrame({"late": [late], "purpose": pd.Series([purpose], dtype="str")})


@pytest.mark.parametrize(
    ("late", "points"),
    [(-9, 12), (1.0, 12), (1.0000001, 0), (3.0, 0), (3.0000001, -25), (99, -25), (np.nan, -4)],
)
def test_an_edge_belongs_to_the_bin_below_it_and_a_null_has_its_own(
    late: float, points: int
) -> None:
    assert CARD.points(row(late, "car"))["late"].tolist() == [points]


@pytest.mark.parametrize(("purpose", "points"), [("car", 8), ("home", 3), ("yacht", -6), (None, 1)])
def test_a_level_the_card_does_not_know_is_other(purpose: str | None, points: int) -> None:
    assert CARD.points(row(0, purpose))["purpose"].tolist() == [points]


def test_the_probability_can_be_computed_by_hand() -> None:
    """600 + 12 − 6 = 606 points; log-odds against: 1.5 + 6·ln 2/20."""
    scored = row(1, "yacht")
    assert CARD.total(scored).tolist() == [606]
    assert CARD.predict(scored)[0] == pytest.approx(1 / (1 + exp(1.5 + 6 * log(2) / 20)), abs=1e-15)


def test_twenty_points_double_the_odds_against_the_event() -> None:
    low, high = (CARD.predict(row(late, "car"))[0] for late in (99.0, 0.0))
    odds = [(1 - p) / p for p in (low, high)]
    assert odds[1] / odds[0] == pytest.approx(2 ** (37 / 20))


def test_the_printed_card_alone_gives_every_probability(
    fitted: ScorecardModel, sample: Callable[..., Any]
) -> None:
    """Read from its JSON and added up row by row, without this library."""
    printed = json.loads(fitted.to_bytes())
    X, _ = sample(300, seed=4)
    by_hand = []
    for person in X.to_dict("records"):
        total = 0
        for feature, entry in printed["card"].items():
            value = person[feature]
            if pd.isna(value):
                points = entry["missing"]
            elif "levels" in entry:
                points = entry["levels"].get(value, entry["other"])
            else:
                points = entry["points"][sum(value > edge for edge in entry["edges"])]
            assert isinstance(points, int)
            total += points
        against = printed["base"] + total * log(2) / printed["points_to_double_odds"]
        by_hand.append(1 / (1 + exp(against)))
    np.testing.assert_allclose(fitted.predict(X), by_hand, rtol=1e-12)


def test_more_points_mean_less_risk(fitted: ScorecardModel, sample: Callable[..., Any]) -> None:
    X, event = sample(8_000, seed=1)
    total = fitted.total(X)
    order = np.argsort(total)
    assert (np.diff(fitted.predict(X)[order]) <= 0).all()
    rate = pd.Series(event).groupby(pd.qcut(total, 5)).mean()
    assert rate.is_monotonic_decreasing
    assert rate.iloc[0] > 4 * rate.iloc[-1]


def test_points_follow_the_risk_of_their_bin(fitted: ScorecardModel) -> None:
    late, purpose = fitted.card["late"]["points"], fitted.card["purpose"]["levels"]
    assert late == sorted(late, reverse=True)
    assert late[0] > late[-1]
    assert purpose["business"] < min(purpose["car"], purpose["home"])


def test_whole_points_cost_no_accuracy(sample: Callable[..., Any]) -> None:
    """Against an unrounded logistic regression on dummies of the same bins."""
    X, event = sample(4_000)
    fitted = ScorecardModel.fit(X, event, Scorecard(bins=6), seed=0)
    points = fitted.points(X)
    dummies = pd.get_dummies(points.astype(str)).to_numpy(dtype=float)
    exact = LogisticRegression(C=1.0, max_iter=1_000).fit(dummies, event).predict_proba(dummies)
    assert np.corrcoef(exact[:, 1], fitted.predict(X))[0, 1] > 0.995
    assert np.abs(exact[:, 1] - fitted.predict(X)).mean() < 0.02


def test_the_number_of_bins_is_at_most_what_was_asked(sample: Callable[..., Any]) -> None:
    X, event = sample()
    for bins in (2, 8):
        card = ScorecardModel.fit(X, event, Scorecard(bins=bins), seed=0).card
        assert len(card["income"]["points"]) == bins
        assert len(card["late"]["points"]) <= bins


def test_a_rare_level_shares_a_bin_with_all_others(sample: Callable[..., Any]) -> None:
    X, event = sample()
    X.loc[X.index[:10], "purpose"] = "yacht"
    card = ScorecardModel.fit(X, event, Scorecard(), seed=0).card
    assert set(card["purpose"]["levels"]) == {"business", "car", "home"}


def test_importance_is_the_span_of_points() -> None:
    assert CARD.importance() == {"late": 37.0, "purpose": 14.0}
