"""Tiny, odd logs: every verb answers or says in one sentence why not, and never warns.

A warning is an error here, and so is a number that is none in a row that calls itself "ok".
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from truerisk import worth
from truerisk.errors import TrueriskError
from truerisk.measurement.drift import drift
from truerisk.measurement.fairness import fairness
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes, Flagging
from truerisk.measurement.vintages.vintages import vintages
from truerisk.measurement.watching.watch import watch

KNOWN_AT = pd.Timestamp("2025-12-31", tz="UTC")
PROMISED = {"event_rate": 0.1, "brier": 0.1, "calibration_error": (-0.02, 0.02)}
QUICK, MANY = (3, 4, 5, 20), range(150)


def a_log(seed: int) -> pd.DataFrame:
    """A log that may lack anything: events, explored rows, subjects, spread, days, dollars."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([1, 2, 3, 8, 40, 200]))

    def one_of(*made: Callable[[], np.ndarray | float]) -> np.ndarray:
        return np.broadcast_to(made[rng.integers(len(made))](), n).astype(float)

    score = one_of(
        lambda: rng.random(n), lambda: rng.random(n) * 1e-5, lambda: 0.3, lambda: 0.0, lambda: 1.0,
        lambda: rng.integers(0, 2, n), lambda: rng.choice([0.1, 0.2], n),
    )  # fmt: skip
    pi = one_of(
        lambda: 1.0, lambda: rng.choice([0.1, 1.0], n), lambda: 0.5,
        lambda: rng.random(n) * 0.98 + 0.02,
        lambda: rng.choice([0.0, 0.3], n), lambda: rng.choice([np.nan, 0.4], n),
    )  # fmt: skip
    shown = rng.random(n) < np.nan_to_num(pi)
    event = one_of(
        lambda: rng.random(n) < score, lambda: 0.0, lambda: 1.0, lambda: rng.integers(0, 2, n),
        lambda: rng.choice([0.0, 1.0, np.nan], n),
    )  # fmt: skip
    log = pd.DataFrame(
        {
            "subject": rng.choice([1, n, 5 * n]) and rng.integers(0, rng.choice([1, n, 9 * n]), n),
            "mature": rng.random(n) < rng.choice([0.5, 1.0]),
            "score": score,
            "p_reveal": pi,
            "revealed": shown,
            "event": np.where(shown, event, np.nan),
            "group": rng.choice(["a", "b", None], n),
            "x": one_of(
                lambda: rng.normal(size=n), lambda: 0.0, lambda: rng.choice([np.nan, 1], n)
            ),
            "as_of": KNOWN_AT - pd.to_timedelta(rng.integers(1, rng.choice([2, 300]), n), "D"),
        }
    )
    if rng.random() < 0.5:
        log["mature"] = log["as_of"] <= KNOWN_AT - pd.Timedelta("30 days")
    if rng.random() < 0.8:
        log["action"] = np.where(shown, "approve", "decline")
        log["p_approve"], log["p_decline"] = pi, 1 - pi
        for action in ("approve", "decline"):
            for side in ("if_event", "if_no_event"):
                log[f"value_{action}_{side}"] = one_of(
                    lambda: 0.0,
                    lambda: rng.normal(size=n),
                    lambda: 1e-200,
                    lambda: 1e9,
                    lambda: -1.0,
                )
    if rng.random() < 0.3:
        log["m"] = one_of(lambda: 0.0, lambda: 1.0, lambda: rng.random(n))
    if rng.random() < 0.3:
        status = np.where(rng.random(n) < 0.5, "not_taken", "lost")
        log["status"] = np.where(shown & np.isnan(log["event"]), status, "followed")
    if rng.random() < 0.2:
        log["realised_value"] = one_of(lambda: 0.0, lambda: rng.normal(size=n))
    return log


def verbs(log: pd.DataFrame) -> dict[str, Callable[[], pd.DataFrame]]:
    features, flag, rest = ["x"], "decline", "approve"
    busiest = log.loc[log["mature"], "as_of"].value_counts().max() - 0.5
    return {
        "measure": lambda: measure(
            log, features, by=["group"], bands=3, changes=Changes(rivals={"x": 1 - log["score"]}),
            flagging=Flagging(thresholds=[0.3], shares=[0.2], capacities=[2]),
        ),
        "watch": lambda: watch(log, PROMISED, features),
        "vintages": lambda: vintages(log, "30 days", KNOWN_AT, features),
        "fairness": lambda: fairness(log, "group", features),
        "drift": lambda: drift(log.iloc[::2], log.iloc[1::2], ["x", "group"]),
        "emp": lambda: worth.emp(log, features),
        "needle": lambda: worth.needle(log, features=features),
        "needle of dollars": lambda: worth.needle(log, 100, features),
        "perfect_model": lambda: worth.perfect_model(log, features),
        "policy_dollars": lambda: worth.policy_dollars(log, features=features),
        "review_curve": lambda: worth.review_curve(
            log, flag, busiest, features=features, rest=rest
        ),
        "shadow_price": lambda: worth.shadow_price(log, busiest, flag, features, rest),
        "value_of_auc_point": lambda: worth.value_of_auc_point(log, features=features),
    }  # fmt: skip


def answers(seed: int) -> int:
    """How many verbs answer with a frame; the others refuse."""
    count = 0
    for name, verb in verbs(a_log(seed)).items():
        try:
            found = verb()
        except TrueriskError as error:
            said = str(error)
            assert "\n" not in said, (seed, name)
            assert "nan" not in said.lower().split(), (seed, name, said)
            continue
        count += 1
        if "status" in found and "value" in found:
            fine = found[found["status"].eq("ok")]
            numbers = fine["value"].astype(float).to_numpy(na_value=np.nan)
            assert np.isfinite(numbers).all(), (seed, name)
            for end in ("low", "high"):
                there = fine[end].dropna().astype(float)
                assert np.isfinite(there).all(), (seed, name, end)
            held = fine.dropna(subset=["low", "high"])
            assert (held["low"] <= held["high"]).all(), (seed, name)
    return count


@pytest.mark.slow
def test_a_few_tiny_logs() -> None:
    assert sum(map(answers, QUICK)) > 4 * len(QUICK)


@pytest.mark.thorough
def test_many_tiny_logs() -> None:
    assert sum(map(answers, MANY)) > 4 * len(MANY)


def test_what_cannot_vary_has_no_interval_and_says_so() -> None:
    log = worlds.draw(1)
    found = measure(log.assign(as_of=KNOWN_AT), flagging=Flagging(capacities=[10]))
    daily = found[found["at"].eq("10 a day")]
    assert len(daily) and daily["value"].isna().all()
    assert (
        daily["status"] == daily["n"].map("withheld: all applications ({:,}) are of one day".format)
    ).all()
    alone = measure(log.assign(subject=1, realised_value=2.5))
    booked = alone[alone["metric"].eq("realised_value")].iloc[0]
    assert booked["value"] == 2.5 and booked[["low", "high"]].isna().all()
    assert booked["status"] == "no interval: all 3,000 applications are of one subject"


@pytest.mark.slow
@pytest.mark.parametrize("subjects", [1, 2, 3])
def test_a_few_subjects_with_many_rows_are_no_reason_to_fall(subjects: int) -> None:
    """Some folds of the outcome model are empty."""
    log = worlds.draw(1, pi=0.5).drop(columns="m")
    log = log.assign(subject=log.index % subjects, realised_value=1.0)
    found = measure(log, ["u"])
    assert found["metric"].nunique() > 5
    assert (found["status"].str.contains("of one subject").any()) == (subjects == 1)
