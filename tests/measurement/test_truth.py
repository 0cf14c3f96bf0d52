"""In worlds whose truth is known, 95% intervals hold it 95% of the time, and naive ones do not.

The target of an interval is everyone who might have applied, not these applicants.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import worlds
from scipy import stats

from truerisk.decisions.budget import rates
from truerisk.decisions.exploration import brake
from truerisk.measurement.measure import measure
from truerisk.measurement.pseudo import ESTIMATORS, Pseudo
from truerisk.problem.spec import Exploration

pytestmark = pytest.mark.slow
WORLDS = 200
METRICS = ("event_rate", "auc", "calibration_error", "policy_value", "policy_gain")


def run(
    count: int = WORLDS,
    change: Callable[[pd.DataFrame], pd.DataFrame] = lambda log: log,
    pi: float = worlds.PI,
    **world: object,
) -> pd.DataFrame:
    """A row per metric and estimator over ``count`` worlds: how often the interval held the truth,
    the bias, and the Monte Carlo error of the bias. ``change`` turns a log into what is measured.
    """
    found = []
    for seed in range(count):
        log = change(worlds.draw(seed, pi=pi, **world))  # type: ignore[arg-type]
        rows = measure(log, policies=worlds.wider(log))
        rows = rows[rows["population"].isin(["all", "revealed"]) & (rows["policy"] != "as run")]
        found.append(rows.assign(world=seed))
    every = pd.concat(found)
    truth = every["metric"].map(worlds.truth(world.get("hidden", 0.0), pi))  # type: ignore[arg-type]
    every["held"] = ((every["low"] <= truth) & (truth <= every["high"])).astype(int)
    every["error"] = every["value"].astype(float) - truth
    by = every.groupby(["metric", "estimator"])
    return pd.DataFrame(
        {
            "held": by["held"].sum(),
            "bias": by["error"].mean(),
            "noise": by["error"].std() / np.sqrt(count),
            "status": by["status"].first(),
        }
    )


def holds(held: int, count: int = WORLDS) -> bool:
    """As often as 95% intervals do: within what 999 of 1,000 binomial draws allow."""
    low, high = stats.binom.interval(0.999, count, 0.95)
    return low <= held <= high


def fails(held: int, count: int) -> bool:
    """So rarely that a true 95% interval would do it once in ten million."""
    return held < stats.binom.ppf(1e-7, count, 0.95)


@pytest.mark.parametrize("hidden", [0.0, 0.8])
@pytest.mark.parametrize("m", ["true", "constant", "overfit"])
def test_intervals_hold_the_truth_and_naive_ones_do_not(m: str, hidden: float) -> None:
    seen = run(m=m, hidden=hidden)
    for metric in METRICS:
        for estimator in ("dr", "ipw"):
            row = seen.loc[metric, estimator]
            assert holds(row["held"]), (metric, estimator, row["held"])
            assert abs(row["bias"]) < 3.5 * row["noise"], (metric, estimator)
            assert row["noise"] < 0.003
    naive = seen.xs("naive", level="estimator")
    assert naive.loc["event_rate", "held"] == 0
    assert naive.loc["event_rate", "bias"] < -0.04
    assert naive.loc["auc", "bias"] < -0.05
    assert fails(naive.loc["auc", "held"], WORLDS)
    assert naive.loc["policy_value", "bias"] > 0.01
    assert fails(naive.loc["policy_value", "held"], WORLDS)


def test_a_good_outcome_model_narrows_and_a_poor_one_does_not_bias() -> None:
    noise = {m: run(40, m=m)["noise"].loc["event_rate", "dr"] for m in ("true", "overfit")}
    assert noise["true"] < 0.9 * noise["overfit"]


def test_a_fitted_outcome_model_keeps_the_estimates_true() -> None:
    """With m fitted by measure() itself, on the approved, whom a hidden trait picked."""
    seen = run(25, hidden=0.8, change=lambda log: log.drop(columns="m"))
    for metric in METRICS:
        row = seen.loc[metric, "dr"]
        assert holds(row["held"], 25), metric
        assert abs(row["bias"]) < 3.5 * row["noise"], metric


COUNT = 60


def test_without_the_correction_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """m alone, as a model of the approved would have it."""
    monkeypatch.setitem(ESTIMATORS, "dr", lambda rows, m, y, seen: Pseudo(m, 1 - m))
    for m in ("constant", "overfit"):
        seen = run(COUNT, m=m)
        assert fails(seen.loc["event_rate", "dr"]["held"], COUNT)
        assert fails(seen.loc["auc", "dr"]["held"], COUNT)


def test_with_a_model_that_saw_the_rows_it_fails() -> None:
    """A deep tree knows every revealed outcome by heart, so that nothing is left to correct."""
    from sklearn.tree import DecisionTreeClassifier

    def by_heart(log: pd.DataFrame) -> pd.DataFrame:
        seen, X = log["revealed"], log[["score", "u"]].to_numpy()
        tree = DecisionTreeClassifier(random_state=0).fit(X[seen], log["event"][seen])
        return log.assign(m=tree.predict_proba(X)[:, 1])

    seen = run(COUNT, by_heart, hidden=0.8)
    assert fails(seen.loc["event_rate", "dr"]["held"], COUNT)
    assert fails(seen.loc["policy_value", "dr"]["held"], COUNT)


def young(log: pd.DataFrame) -> np.ndarray:
    """Every second subject's applications, whose horizon is still running."""
    return (log["subject"] % 2 == 0).to_numpy()


def test_immature_rows_are_left_out_and_the_rest_is_true() -> None:
    def honest(log: pd.DataFrame) -> pd.DataFrame:
        return log.assign(mature=~young(log))

    seen = run(COUNT, honest, m="constant")
    for metric in METRICS:
        assert holds(seen.loc[metric, "dr"]["held"], COUNT), metric


def test_immature_rows_coded_as_not_revealed_fail_and_are_noticed() -> None:
    """R = 0 where π = 1 is a contradiction that measure() counts: it prints bounds."""

    def coded(log: pd.DataFrame) -> pd.DataFrame:
        return worlds.reveal(log, log["revealed"].to_numpy() & ~young(log))

    seen = run(COUNT, coded, m="constant").loc["event_rate"]
    assert seen.loc["dr", "status"].startswith("bounded: ")
    assert seen.loc["dr", "bias"] < -0.02


def test_leaving_out_only_the_revealed_of_the_immature_fails() -> None:
    def some(log: pd.DataFrame) -> pd.DataFrame:
        return log[~(young(log) & log["revealed"])].reset_index(drop=True)

    seen = run(COUNT, some).loc["event_rate"]
    assert fails(seen.loc["dr", "held"], COUNT)
    assert seen.loc["dr", "bias"] > 0.01


def test_subjects_that_return_need_clusters() -> None:
    """Eight applications each, alike in everything: 800 people, not 6,400."""
    world = {"n": 6_400, "repeats": 8, "pi": 0.4, "m": "constant"}
    clustered = run(COUNT, **world)  # type: ignore[arg-type]
    single = run(COUNT, lambda log: log.assign(cluster=log.index), **world)  # type: ignore[arg-type]
    for metric in METRICS:
        assert holds(clustered.loc[metric, "dr"]["held"], COUNT), metric
        assert fails(single.loc[metric, "dr"]["held"], COUNT), metric


def test_overrides_that_are_dropped_fail_and_kept_ones_are_bounded() -> None:
    """People decline by hand whom they distrust among the approved, and they are right."""

    def hands(log: pd.DataFrame) -> pd.DataFrame:
        by_hand = log["revealed"] & (log["u"] > 0.5)
        shown = log["revealed"] & ~by_hand
        override = pd.Series(np.where(by_hand, "decline", None), dtype=object)
        return log.assign(revealed=shown, event=log["y"].where(shown), override=override)

    def dropped(log: pd.DataFrame) -> pd.DataFrame:
        log = hands(log)
        return log[log["override"].isna()].reset_index(drop=True)

    kept = run(COUNT, hands, hidden=0.8).loc["event_rate", "dr"]
    assert kept["status"].startswith("bounded: ")
    assert kept["held"] == COUNT
    lost = run(COUNT, dropped, hidden=0.8, m="constant").loc["event_rate", "dr"]
    assert lost["status"] == "ok"
    assert fails(lost["held"], COUNT)


def capped(a_day: int) -> Exploration:
    return Exploration(
        action="approve", dollars_per_day=1e9, cap=worlds.PI, applications_per_day=a_day
    )


DAY = np.char.add("2025-03-", np.char.zfill((np.arange(3_000) // 100 + 1).astype(str), 2))


def test_a_cap_that_stops_draws_under_a_nominal_propensity_fails() -> None:
    def stopped(log: pd.DataFrame) -> pd.DataFrame:
        explored = (log["revealed"] & (log["p_reveal"] < 1)).to_numpy()
        over = brake(capped(2), explored, DAY, {})
        return worlds.reveal(log, log["revealed"].to_numpy() & ~(over & explored))

    seen = run(COUNT, stopped, m="constant")
    assert fails(seen.loc["event_rate", "dr"]["held"], COUNT)
    assert seen.loc["event_rate", "dr"]["bias"] < -0.01


def test_a_cap_that_scales_propensities_and_a_brake_that_logs_zero_are_true() -> None:
    """Of the eligible: what the brake stopped had no chance and leaves."""
    errors = []
    for seed in range(WORLDS):
        log = worlds.draw(seed, m="constant")
        declined = (log["p_reveal"] < 1).to_numpy()
        pi = np.ones(3_000)
        one = np.ones(declined.sum())
        pi[declined] = rates(capped(3), one, one, 0.0, DAY[declined], {}).pi
        luck = np.random.default_rng(10_000 + seed).random(3_000)
        over = brake(capped(3), declined & (luck < pi), DAY, {}) & declined
        pi[over] = 0.0
        log = log.assign(p_reveal=pi, p_approve=pi, p_decline=1 - pi)
        log = worlds.reveal(log, luck < pi)
        found = measure(log)
        row = found[(found["metric"] == "event_rate") & (found["population"] == "eligible")]
        dr = row[row["estimator"] == "dr"].iloc[0]
        errors.append(dr["value"] - log.loc[pi > 0, "p"].mean())
    assert over.any()
    noise = np.std(errors) / np.sqrt(WORLDS)
    assert abs(np.mean(errors)) < 3.5 * noise
    assert noise < 0.003
