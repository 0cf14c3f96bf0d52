"""Actions with outcomes of their own: what follows a contact is not what follows none."""

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
WORLDS = 16
SAME = {"skip": "contact"}


def prospects(seed: int, n: int = 3_000) -> pd.DataFrame:
    """Who would buy anyway is contacted most; a contact adds more to those who would not."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    p_skip = worlds.sigmoid(-2.5 + 1.2 * x)
    p_contact = np.clip(p_skip + 0.08 * worlds.sigmoid(-x), 0, 1)
    contact = np.where(x > 0.3, 0.8, 0.15)
    drawn = rng.random(n) < contact
    y = rng.random(n) < np.where(drawn, p_contact, p_skip)
    return pd.DataFrame(
        {
            "subject": np.arange(n),
            "mature": True,
            "score": p_contact,
            "action": np.where(drawn, "contact", "skip"),
            "p_contact": contact,
            "p_skip": 1 - contact,
            "p_reveal": 1.0,
            "revealed": True,
            "event": y.astype(float),
            "value_contact_if_event": 30 - 1.2,
            "value_contact_if_no_event": -1.2,
            "value_skip_if_event": 30.0,
            "value_skip_if_no_event": 0.0,
            "m": 0.15,
            "of_contact": p_contact,
            "of_skip": p_skip,
        }
    )


def all_contacted(log: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"all": pd.DataFrame({"contact": 1.0, "skip": 0.0}, index=log.index)}


@pytest.mark.slow
def test_each_action_has_its_own_event_rate_and_contact_is_worth_what_it_adds(row: Row) -> None:
    world = prospects(999, 400_000)
    truth = {a: float(world[f"of_{a}"].mean()) for a in ("contact", "skip")}
    ran = 30 * (world["p_contact"] * world["of_contact"] + world["p_skip"] * world["of_skip"])
    added = 30 * truth["contact"] - 1.2 - float((ran - 1.2 * world["p_contact"]).mean())
    held = dict.fromkeys([*truth, "gain", "pooled"], 0)
    for seed in range(WORLDS):
        log = prospects(seed)
        found = measure(log, changes=Changes(policies=all_contacted(log)))
        assert set(found["action"].dropna()) == {"contact", "skip"}
        for action, true in truth.items():
            one = row(found[found["action"] == action], "event_rate")
            held[action] += one["low"] <= true <= one["high"]
        gain = row(found, "policy_gain", policy="all")
        assert (gain["n"], gain["status"]) == (3_000, "ok")
        held["gain"] += gain["low"] <= added <= gain["high"]
        pooled = measure(
            log, changes=Changes(policies=all_contacted(log)), reading=Reading(same_outcome=SAME)
        )
        one = row(pooled, "policy_gain", policy="all")
        held["pooled"] += one["low"] <= added <= one["high"]
    for name in ("contact", "skip", "gain"):
        assert held[name] >= stats.binom.ppf(1e-4, WORLDS, 0.95), name
    assert held["pooled"] < stats.binom.ppf(1e-5, WORLDS, 0.95), "one outcome for both is wrong"


def test_review_and_pass_show_one_outcome_where_that_is_declared(row: Row) -> None:
    log = prospects(1)
    found = measure(
        log.drop(columns=[c for c in log if c.startswith("value")]),
        reading=Reading(same_outcome=SAME),
    )
    assert found["action"].isna().all()
    assert row(found, "event_rate")["value"] == pytest.approx(log["event"].mean())


def test_dollars_of_an_action_without_an_outcome_may_not_depend_on_one() -> None:
    log, ignored = prospects(1), np.arange(3_000) % 10 == 0
    third = log.assign(
        action=log["action"].mask(ignored, "ignore"),
        revealed=log["revealed"] & ~ignored,
        event=log["event"].mask(ignored),
        p_reveal=0.9,
        p_contact=0.9 * log["p_contact"],
        p_skip=0.9 * log["p_skip"],
        p_ignore=0.1,
        value_ignore_if_event=5.0,
        value_ignore_if_no_event=0.0,
    )
    with pytest.raises(LogError, match=r'action "ignore" shows no outcome.*in 3,000 of 3,000 rows'):
        measure(third)
    assert len(measure(third.assign(value_ignore_if_event=0.0)))


def test_a_policy_is_worth_its_probabilities_and_never_the_draw(row: Row) -> None:
    """Counting what the draw took adds the noise of the draw and the luck of those explored."""
    log = worlds.draw(4, pi=0.3)
    value = row(measure(log), "policy_value")["value"]
    m = log["m"] + log["revealed"] / log["p_reveal"] * (log["event"].fillna(0) - log["m"])
    dollars = log["value_approve_if_event"] * m + log["value_approve_if_no_event"] * (1 - m)
    assert value == pytest.approx((log["p_approve"] * dollars).mean())
    assert value != pytest.approx((log["revealed"] * dollars).mean(), rel=0.01)
