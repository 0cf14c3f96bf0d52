"""Intervals of reviewed logs hold the truth, and what is wrong about reviews does not.

reviewed_worlds.py has the worlds; docs/review.md the table of 500 of each.
"""

import numpy as np
import pytest
from scipy import stats

from tests.measurement import reviewed_worlds as worlds
from truerisk.errors import LogError
from truerisk.measurement.catch_rate import catch_rate
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Reading

SAME = {"review": "pass"}


@pytest.mark.slow
def test_a_slice_of_the_worlds_holds_and_a_verdict_is_no_label() -> None:
    seen = worlds.run(10, kappa=0.85)
    for name in worlds.NAMES:
        row = seen.loc[name, "dr"]
        assert row["held"] >= stats.binom.ppf(1e-4, row["worlds"], 0.95), name
        assert abs(row["bias"]) < 4 * row["noise"], name
    labels = worlds.run(4, "verdict as label", kappa=0.85)
    assert labels.loc[("event_rate", "dr"), "held"] == 0


@pytest.mark.thorough
@pytest.mark.parametrize("kappa", worlds.KAPPAS)
def test_500_worlds_hold_the_truth_with_few_and_with_many_audited(kappa: float) -> None:
    """At least 93% with few; with many 93 to 97%, give or take what 500 worlds can tell."""
    for world, most in (({}, 1.0), (worlds.LARGE, 0.97)):
        seen = worlds.run(500, kappa=kappa, processes=2, **world)
        for name in worlds.NAMES:
            row = seen.loc[name, "dr"]
            low = stats.binom.ppf(0.01, row["worlds"], 0.93)
            high = stats.binom.ppf(0.99, row["worlds"], most)
            assert low <= row["held"] <= high, (kappa, world, name)
            assert abs(row["bias"]) < 4 * row["noise"], (kappa, world, name)


@pytest.mark.thorough
@pytest.mark.parametrize("name", worlds.MUTANTS)
def test_mutants_fail(name: str) -> None:
    seen = worlds.run(60, name, processes=2, **worlds.MUTANTS[name])
    assert worlds.fails(seen.loc["event_rate", "dr"])


@pytest.mark.thorough
def test_what_verdicts_teach_narrows_and_a_fitted_model_holds() -> None:
    width = {
        change: worlds.run(40, change, processes=2, kappa=0.85, **worlds.LARGE)
        for change in ("as it is", "verdicts teach nothing", "m fitted")
    }
    with_, without = (
        width[c].loc[("event_rate", "dr"), "width"] for c in ("as it is", "verdicts teach nothing")
    )
    assert with_ < 0.95 * without
    row = width["m fitted"].loc["event_rate", "dr"]
    assert row["held"] >= stats.binom.ppf(1e-4, row["worlds"], 0.95)
    assert abs(row["bias"]) < 4 * row["noise"]


@pytest.mark.slow
def test_an_audit_by_explorations_hash_is_seen_before_anything_is_estimated() -> None:
    log = worlds.CHANGES["audit by exploration's hash"](worlds.draw(1, 0.5, n=20_000))
    with pytest.raises(LogError, match="draw audits by a word of their own"):
        measure(log, reading=Reading(same_outcome=SAME))


@pytest.mark.thorough
@pytest.mark.parametrize("kappa", worlds.KAPPAS)
def test_the_catch_rates_interval_holds_with_few_and_many_audited(kappa: float) -> None:
    held = {}
    for name, world in (("few", {}), ("many", worlds.LARGE)):
        true = np.array([_caught(worlds.draw(10_000 + s, kappa, n=100_000)) for s in range(3)])
        found = [
            catch_rate(evidence_of(worlds.draw(s, kappa, **world), as_logged=False)).iloc[0]
            for s in range(200)
        ]
        told = [r for r in found if r["status"] == "ok"]
        assert len(told) > 190
        held[name] = np.mean([r["low"] <= true.mean() <= r["high"] for r in told])
    assert min(held.values()) >= 0.91, held


def _caught(log: worlds.pd.DataFrame) -> float:
    told = log[log["verdict"].isin(["pass", "decline"]) & log["y"].eq(1)]
    return float(told["verdict"].eq("decline").mean())
