"""In worlds whose truth is known, intervals of dollars hold it; a naive and a blind one fail."""

import dataclasses
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.measurement import worlds
from truerisk.measurement.worth import at_recall
from truerisk.measurement.worth.action_values import ActionValues, action_values
from truerisk.measurement.worth.auc_point import value_of_auc_point
from truerisk.measurement.worth.emp import emp
from truerisk.measurement.worth.perfect import perfect_model
from truerisk.measurement.worth.review_curve import review_curve
from truerisk.measurement.worth.shadow_price import shadow_price
from truerisk.statistics.interval import clustered_se

pytestmark = pytest.mark.slow
COUNT, FEW, RECALL, CAPACITY = 40, 20, 0.6, 20


def dated(log: pd.DataFrame) -> pd.DataFrame:
    when = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(log.index // 100, "D")
    return log.assign(as_of=when)


def figures(s: ActionValues) -> pd.DataFrame:
    found = [
        review_curve(s, recalls=(RECALL,), capacity_per_day=CAPACITY),
        shadow_price(s, CAPACITY),
        perfect_model(s),
        value_of_auc_point(s),
        emp(s),
    ]
    return pd.concat(found).set_index("figure")


@cache
def truth(hidden: float) -> pd.Series:
    """Of everyone who might apply, 100 a day, from their risks; no outcome is drawn."""
    log = dated(worlds.draw(999, n=200_000, hidden=hidden))
    s = action_values(log)
    p = log["p"].to_numpy()[np.argsort(-log["score"].to_numpy(), kind="stable")]
    known = np.ones(len(p))
    rows = dataclasses.replace(s.rows, pi=known, seen=known > 0, unseen=known < 1)
    told = dataclasses.replace(s, a=p, b=1 - p, rows=rows)
    return figures(told)["value"].astype(float)


def held(
    count: int,
    hidden: float,
    change: Callable[[pd.DataFrame], pd.DataFrame] = lambda log: log,
    **world: object,
) -> pd.Series:
    """How often each figure's interval held the truth over ``count`` worlds."""
    rows = []
    for seed in range(count):
        found = figures(
            action_values(change(dated(worlds.draw(seed, 6_000, hidden=hidden, **world))))
        )  # type: ignore[arg-type]
        assert found["status"].str.match("ok|modelled").all()
        found = found.dropna(subset="low")
        true = truth(hidden)[found.index]
        rows.append((found["low"] <= true) & (true <= found["high"]))
    return pd.concat(rows, axis=1).sum(axis=1).drop("flagged_at_capacity")


LOW, HIGH = stats.binom.ppf(1e-7, FEW, 0.95), stats.binom.ppf(0.002, COUNT, 0.95)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("m", "hidden"),
    [
        ("true", 0.0),
        pytest.param("overfit", 0.8, marks=pytest.mark.thorough),
    ],
)
def test_intervals_hold_the_truth(m: str, hidden: float) -> None:
    seen = held(COUNT, hidden, m=m)
    assert (seen >= HIGH).all(), seen.to_dict()


@pytest.mark.slow
def test_the_approved_read_as_everyone_fail() -> None:
    def approved(log: pd.DataFrame) -> pd.DataFrame:
        seen = log[log["revealed"]].reset_index(drop=True)
        sure = seen.assign(p_reveal=1.0, p_approve=1.0, p_decline=0.0)
        return worlds.reveal(sure, np.ones(len(seen), dtype=bool))

    seen = held(FEW, 0.0, approved)
    for figure in ("threshold", "precision", "false_positives_at_capacity", "emp", "perfect_gain"):
        assert seen[figure] < LOW, (figure, seen[figure])


@pytest.mark.slow
def test_a_cutoff_taken_as_given_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its own error the number flagged at a recall would seem certain."""
    monkeypatch.setattr(
        at_recall.AtRecall, "per", lambda self, a, each, whole: (each * self.f + whole, 0.0)
    )
    seen = held(FEW, 0.0)
    assert seen["flagged_a_day"] < LOW


@pytest.mark.slow
def test_days_that_differ_need_their_own_clusters() -> None:
    """Some days bring three times the risk of others: rows alone do not know it."""

    def uneven(log: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        day = log.index.to_numpy() // 100
        extra = rng.normal(size=60)[day]
        p = worlds.sigmoid(np.log(log["p"] / (1 - log["p"])) + extra)
        y = (rng.random(len(log)) < p).astype(float)
        shown = log.assign(y=y, p=p, p_reveal=1.0, p_approve=1.0, p_decline=0.0)
        return worlds.reveal(shown, np.ones(len(log), dtype=bool))

    values, told, alone = [], [], []
    for seed in range(COUNT):
        rng = np.random.default_rng(seed)
        s = action_values(uneven(dated(worlds.draw(seed, 6_000)), rng))
        row = review_curve(s, recalls=(), capacity_per_day=CAPACITY).set_index("figure")
        found = row.loc["net_dollars_at_capacity"]
        values.append(float(found["value"]))
        told.append(float(found["high"] - found["low"]) / 2 / stats.t.ppf(0.975, 59))
        one, zero = s.value["approve"]
        alone.append(clustered_se((s.a * one + s.b * zero) * 100, s.rows.cluster))
    assert np.mean(told) == pytest.approx(np.std(values), rel=0.25)
    assert np.mean(alone) < 0.75 * np.std(values)
