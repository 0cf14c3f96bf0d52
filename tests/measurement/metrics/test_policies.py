"""Swap sets and realised dollars: the cells add up, and what was booked needs no estimator."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes, Reading

Row = Callable[..., pd.Series]
CELLS = ("in-in", "in-out", "out-in", "out-out")


@pytest.mark.slow
def test_the_cells_of_a_swap_set_add_up(row: Row) -> None:
    log = worlds.draw(3)
    found = measure(log, changes=Changes(policies=worlds.wider(log)))
    for estimator, population in (("naive", "revealed"), ("ipw", "all"), ("dr", "all")):
        share, gain = (
            sum(row(found, m, estimator, population, "wider", c)["value"] for c in CELLS)
            for m in ("swap_share", "swap_gain")
        )
        assert share == pytest.approx(1)
        total = row(found, "policy_gain", estimator, population, "wider")["value"]
        assert gain == pytest.approx(total)
    assert row(found, "swap_gain", at="in-in")["value"] == pytest.approx(0, abs=1e-12)


def test_a_cell_is_what_a_cross_table_says(row: Row) -> None:
    """Where everybody was revealed and both policies are certain."""
    log = worlds.draw(3)
    old, new = log["score"] < 0.1, log["score"] < worlds.WIDER
    certain = log.assign(p_approve=old * 1.0, p_decline=1.0 - old, revealed=True, event=log["y"])
    certain = certain.assign(p_reveal=1.0).drop(columns="action")
    found = measure(
        certain.drop(columns=["p_approve", "p_decline"]),
        changes=Changes(
            policies=worlds.wider(log),
            against=pd.DataFrame({"approve": old * 1.0, "decline": 1.0 - old}),
        ),
        reading=Reading(reveals=["approve"]),
    )
    swapped = ~old & new
    out_in = [
        row(found, f"swap_{m}", at="out-in")["value"] for m in ("share", "event_rate", "gain")
    ]
    value = np.where(log["y"] == 1, log["value_approve_if_event"], log["value_approve_if_no_event"])
    assert out_in == pytest.approx(
        [swapped.mean(), log["y"][swapped].mean(), (value * swapped).mean()]
    )


def realised(seed: int, n: int = 3_000) -> pd.DataFrame:
    """What a loan brings differs from what was assumed, and more so for a hidden trait."""
    log = worlds.draw(seed, n=n, pi=0.3, hidden=0.8)
    rng = np.random.default_rng(70_000 + seed)
    value = np.where(log["y"] == 1, log["value_approve_if_event"], log["value_approve_if_no_event"])
    value = value * 0.5 - 0.05 * log["u"] + rng.normal(0, 0.02, n)
    return log.assign(realised_value=np.where(log["revealed"], value, 0.0), worth=value)


@pytest.mark.slow
def test_what_was_booked_is_exact_for_the_policy_that_ran(row: Row) -> None:
    log = realised(1)
    one = row(measure(log), "realised_value", "booked")
    assert one["value"] == pytest.approx(log["realised_value"].mean())
    se = log["realised_value"].std() / np.sqrt(len(log))
    assert (one["high"] - one["low"]) / 2 == pytest.approx(1.96 * se, rel=0.001)
    log.loc[:6, "realised_value"] = np.nan
    with pytest.raises(LogError, match="realised_value is null in 7 of 3,000"):
        measure(log)


@pytest.mark.slow
def test_a_changed_policy_is_valued_on_realised_dollars(row: Row) -> None:
    large = realised(999, 400_000)
    true = float((large["worth"] * (large["score"] < worlds.WIDER)).mean())
    held = dict.fromkeys(("dr", "ipw", "assumed"), 0)
    for seed in range(12):
        log = realised(seed)
        found = measure(log, changes=Changes(policies=worlds.wider(log)))
        for e in ("dr", "ipw"):
            one = row(found, "realised_policy_value", e, policy="wider")
            held[e] += bool(one["low"] <= true <= one["high"])
        one = row(found, "policy_value", policy="wider")
        held["assumed"] += bool(one["low"] <= true <= one["high"])
    assert min(held["dr"], held["ipw"]) >= stats.binom.ppf(1e-4, 12, 0.95)
    assert held["assumed"] < stats.binom.ppf(1e-4, 12, 0.95), "assumed dollars are others"
