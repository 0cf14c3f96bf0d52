"""Names are no keys and the order of rows is no fact: what stands beside a log is matched."""

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes, Flagging

AWKWARD = ["opt in", "opt", "at", "daily", "score", "value", "a|b", ":", "rival", "in-in"]
NUMBERS = ["value", "low", "high", "n", "effective_n", "labels", "explored_labels"]


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    made = worlds.draw(0, n=1_500).drop(columns=["p", "y"])
    return made.set_index(pd.Index([f"row {k}" for k in range(len(made))]))


def policy(log: pd.DataFrame, cutoff: float) -> pd.DataFrame:
    approve = (log["score"] < cutoff).astype(float)
    return pd.DataFrame({"approve": approve, "decline": 1 - approve})


def of(found: pd.DataFrame, name: str) -> pd.DataFrame:
    return found[found["policy"] == name].drop(columns="policy").reset_index(drop=True)


def same(one: pd.DataFrame, two: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.slow
def test_awkward_names_are_each_measured_as_alone(log: pd.DataFrame) -> None:
    policies = {name: policy(log, 0.05 + 0.03 * k) for k, name in enumerate(AWKWARD)}
    rivals = {name: log["score"] ** (1 + 0.1 * k) for k, name in enumerate(AWKWARD, 1)}
    together = measure(log, changes=Changes(policies=policies, rivals=rivals))
    for name in ("opt in", "opt", "daily", ":"):
        alone = measure(
            log, changes=Changes(policies={name: policies[name]}, rivals={name: rivals[name]})
        )
        same(of(together, name), of(alone, name))
    gains = together[together["metric"].eq("policy_gain") & together["estimator"].eq("dr")]
    assert set(gains["policy"]) == set(AWKWARD)
    assert gains["value"].nunique() > len(AWKWARD) - 3, "other cutoffs earn otherwise"


def test_the_score_bands_of_a_rare_fraud_keep_their_estimates() -> None:
    log = worlds.draw(1, pi=0.5)
    log = log.assign(score=log["score"] * 1e-5)
    found = measure(log, bands=8)
    rates = found[found["group_by"].eq("score band") & found["metric"].eq("event_rate")]
    rates = rates[rates["estimator"].eq("dr") & rates["population"].eq("all")]
    assert list(rates["group"]) == [str(k) for k in range(1, 9)]
    assert rates["at"].nunique() == 8
    assert rates["value"].notna().all()


@pytest.mark.slow
def test_rows_are_matched_by_index_or_refused(log: pd.DataFrame) -> None:
    order = np.random.default_rng(0).permutation(len(log))
    wide, rival = policy(log, 0.25), log["score"] ** 2
    asked = {"policies": {"wide": wide}, "rivals": {"new": rival}, "against": policy(log, 0.1)}
    shuffled = {
        "policies": {"wide": wide.iloc[order]},
        "rivals": {"new": rival.iloc[order]},
        "against": policy(log, 0.1).iloc[order],
    }
    expected = measure(log, changes=Changes(**asked))
    same(measure(log, changes=Changes(**shuffled)), expected)
    same(measure(log, changes=Changes(**{**asked, "rivals": {"new": rival.to_numpy()}})), expected)
    for wrong in (
        {"rivals": {"new": rival.reset_index(drop=True)}},
        {"policies": {"wide": wide.reset_index(drop=True)}},
        {"against": wide.reset_index(drop=True)},
    ):
        with pytest.raises(LogError, match="an index that is not the log's"):
            measure(log, changes=Changes(**wrong))
    for short in (rival.to_numpy()[1:], rival.iloc[1:], [*rival, 0.5]):
        with pytest.raises(LogError, match=r"has (1,499|1,501) rows and the log 1,500"):
            measure(log, changes=Changes(rivals={"new": short}))
    with pytest.raises(LogError, match="1,499 rows"):
        measure(log, changes=Changes(policies={"wide": wide.iloc[1:]}))


@pytest.mark.slow
def test_the_order_of_rows_changes_nothing(log: pd.DataFrame) -> None:
    log = worlds.draw(3, n=900, repeats=3).drop(columns="m")
    order = np.random.default_rng(1).permutation(len(log))
    one, two = (
        measure(
            x,
            features=["u"],
            by=["action"],
            bands=3,
            flagging=Flagging(shares=[0.2], thresholds=[0.1]),
        )
        for x in (log, log.iloc[order].reset_index(drop=True))
    )
    labels = ["group_by", "group", "metric", "policy", "estimator", "population", "status"]
    pd.testing.assert_frame_equal(one[labels], two[labels])
    for column in NUMBERS:
        a, b = (x[column].astype(float).to_numpy(na_value=np.nan) for x in (one, two))
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.slow
def test_a_null_group_is_shown(log: pd.DataFrame) -> None:
    place = np.where(np.arange(len(log)) % 3 == 0, None, "north")
    found = measure(log.assign(place=place), by=["place"])
    split = found[found["group_by"].eq("place") & found["metric"].eq("event_rate")]
    counts = split[split["estimator"].eq("naive")].set_index("group")["n"]
    assert set(split["group"]) == {"north", "not known"}
    assert counts.sum() == found[found["group_by"].eq("") & found["metric"].eq("event_rate")
                                 & found["estimator"].eq("naive")]["n"].sum()  # fmt: skip
