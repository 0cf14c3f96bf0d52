"""A quick slice of `make truth`: intervals hold what is true, naive ones and mutants do not.

truth.py has the metrics and the mutants; docs/truth.md the table of thousands of worlds.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.measurement import truth, worlds
from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Flagging

pytestmark = pytest.mark.slow
WORLDS, MUTANTS = 36, 30
HELD = ("event_rate", "auc", "recall (score ≥ 0.2)", "observed_expected", "policy_value")

LESS = [("true", 0.8), ("constant", 0.0), ("overfit", 0.0)]  # each part of them is in the others


def holds(row: pd.Series) -> bool:
    """As often as 95% intervals do: within what 9,999 of 10,000 binomial draws allow."""
    low, high = stats.binom.interval(0.9999, row["worlds"], 0.95)
    return bool(low <= row["held"] <= high)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("m", "hidden"),
    [
        ("true", 0.0),
        ("constant", 0.8),
        ("overfit", 0.8),
        *(pytest.param(*less, marks=pytest.mark.thorough) for less in LESS),
    ],
)
def test_intervals_hold_the_truth_and_naive_ones_do_not(m: str, hidden: float) -> None:
    seen = truth.run(WORLDS, m=m, hidden=hidden)
    for estimator in ("dr", "ipw"):
        for name in seen.index.unique("name"):
            if name.startswith("swap"):
                continue
            row = seen.loc[name, estimator]
            assert row["held"] >= stats.binom.ppf(1e-4, row["worlds"], 0.95), (name, estimator)
        for name in HELD:
            row = seen.loc[name, estimator]
            assert holds(row), (name, estimator, row["held"])
            assert abs(row["bias"]) < 4 * row["noise"], (name, estimator)
    naive = seen.xs("naive", level="estimator")
    assert naive.loc["event_rate", "held"] == 0
    assert naive.loc["event_rate", "bias"] < -0.04
    assert naive.loc["auc", "bias"] < -0.05
    for name in ("auc", "brier", "policy_value", "recall (score ≥ 0.2)"):
        assert truth.fails(naive.loc[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("name", truth.WORLD_OF)
def test_mutants_fail(name: str) -> None:
    assert truth.fails(truth.mutant(name, MUTANTS))


REFUSED = [
    "weights capped at 4", "nominal π under a cap", "overrides dropped",
    "immature revealed left out",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_mutants_whose_draws_are_not_those_of_their_chances_are_refused_first(name: str) -> None:
    world = truth.WORLD_OF.get(name, {})
    refused = 0
    for seed in range(6):
        log = truth.CHANGES[name](worlds.draw(seed, **world))
        try:
            _ = evidence_of(log).rows
        except LogError as error:
            assert "its draws are not those of its p_reveal" in str(error)
            refused += 1
    assert refused >= 4, refused


@pytest.mark.slow
def test_with_clusters_and_with_immature_rows_left_out_it_is_true() -> None:
    """The honest twins of two mutants, in the same worlds."""
    alike = truth.run(MUTANTS, only=("event_rate", "auc"), **truth.WORLD_OF["no clustering"])
    assert holds(alike.loc["event_rate", "dr"]) and holds(alike.loc["auc", "dr"])
    left = truth.run(MUTANTS, "immature left out", ("event_rate", "auc"), m="constant")
    assert holds(left.loc["event_rate", "dr"]) and holds(left.loc["auc", "dr"])


@pytest.mark.slow
def test_leaving_out_only_the_revealed_of_the_immature_fails() -> None:
    row = truth.run(MUTANTS, "immature revealed left out", ("event_rate",)).loc["event_rate", "dr"]
    assert truth.fails(row) and row["bias"] > 0.01


@pytest.mark.thorough
def test_a_fitted_outcome_model_keeps_the_estimates_true() -> None:
    """With m fitted by measure() itself, on the approved, whom a hidden trait picked."""
    seen = truth.run(15, "m fitted", ("event_rate", "auc", "policy_value"), hidden=0.8)
    for name in ("event_rate", "auc", "policy_value"):
        row = seen.loc[name, "dr"]
        assert row["held"] >= 11, name
        assert abs(row["bias"]) < 4 * row["noise"], name


@pytest.mark.slow
def test_a_good_outcome_model_narrows_and_a_poor_one_does_not_bias() -> None:
    noise = {
        m: truth.run(40, only=("event_rate",), m=m)["noise"].loc["event_rate", "dr"]
        for m in ("true", "overfit")
    }
    assert noise["true"] < 0.9 * noise["overfit"]


@pytest.mark.slow
def test_overrides_that_are_kept_are_bounded() -> None:
    """People decline by hand whom they distrust among the approved, and they are right."""

    def hands(log: pd.DataFrame) -> pd.DataFrame:
        by_hand = log["revealed"] & (log["u"] > 0.5)
        shown = log["revealed"] & ~by_hand
        override = pd.Series(np.where(by_hand, "decline", None), dtype=object)
        return log.assign(revealed=shown, event=log["y"].where(shown), override=override)

    true = truth.truth(0.8, only=("event_rate",))["event_rate"]
    for seed in range(8):
        row = worlds.event_rate(hands(worlds.draw(seed, hidden=0.8)))["dr"]
        assert row["status"].startswith("bounded: ")
        assert row["low"] <= true <= row["high"]


@pytest.mark.slow
def test_pairing_two_scores_on_one_log_narrows_their_difference() -> None:
    assert truth.paired_ratio() < 0.4


@pytest.mark.slow
def test_a_daily_capacity_holds_the_truth() -> None:
    """Days that differ in risk: the interval has to know that a day is a unit too."""
    rng = np.random.default_rng(0)

    def dated(seed: int, n: int) -> pd.DataFrame:
        log = worlds.draw(seed, n=n, pi=0.4)
        return log.assign(
            as_of=pd.Timestamp("2026-01-01", tz="UTC")
            + pd.to_timedelta(rng.integers(0, n // 60, n), unit="D")
        )

    large = dated(999, 300_000)
    large = large.assign(event=large["y"], revealed=True, p_reveal=1.0, action="approve")
    everyone = large[
        [c for c in large if not c.startswith(("p_a", "p_d", "value_", "m"))] + ["mature"]
    ]
    found = measure(everyone, flagging=Flagging(capacities=[10]))
    kept = found["at"].eq("10 a day") & found["estimator"].eq("dr") & found["population"].eq("all")
    true = found[kept].set_index("metric")["value"]
    held = dict.fromkeys(("recall", "precision"), 0)
    for seed in range(16):
        rows = measure(dated(seed, 6_000), flagging=Flagging(capacities=[10]))
        for name in held:
            row = rows[
                rows["metric"].eq(name)
                & rows["at"].eq("10 a day")
                & rows["estimator"].eq("dr")
                & rows["population"].eq("all")
            ].iloc[0]
            held[name] += bool(row["low"] <= true[name] <= row["high"])
    assert all(h >= stats.binom.ppf(1e-4, 16, 0.95) for h in held.values()), held
