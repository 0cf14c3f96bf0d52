"""What policies add beside all, none and the highest response, and for whom nobody can say it."""

import numpy as np
import pandas as pd
import pytest

import truerisk as tr
from tests.measurement.uplift.worlds import COST, MARGIN, held_out, people
from truerisk.errors import LogError


def effect_pays(log: pd.DataFrame) -> pd.DataFrame:
    """Contacts whoever a contact pays for, as far as the uplift score knows."""
    contact = (MARGIN * log["uplift"] > COST).astype(float)
    return pd.DataFrame({"contact": contact, "skip": 1 - contact})


def added(log: pd.DataFrame, contact: np.ndarray | pd.Series) -> dict[str, float]:
    """What is true: events and dollars that these chances of a contact add, per application."""
    tau = log["of_contact"] - log["of_skip"]
    dollars = MARGIN * tau - COST
    return {
        "incremental_response": float((contact * tau).mean()),
        "incremental_dollars": float((contact * dollars).mean()),
    }


@pytest.fixture(scope="module")
def held() -> pd.DataFrame:
    """A hold-out among those contacted, and nobody else contacted."""
    return held_out(people(7, n=8_000, m="constant"))


@pytest.fixture(scope="module")
def of_held(held: pd.DataFrame) -> pd.DataFrame:
    return table(held)


def table(log: pd.DataFrame) -> pd.DataFrame:
    found = tr.uplift.policies(log, {"effect pays": effect_pays(log)})
    return found.set_index(["policy", "figure", "population"]).sort_index()


@pytest.mark.slow
def test_policies_add_what_is_true_beside_none() -> None:
    log = people(1, n=20_000)
    found = table(log).xs("all", level="population")
    top = log["score_contact"].rank(ascending=False) <= effect_pays(log)["contact"].sum()
    wanted = {
        "what ran": log["p_contact"],
        "effect pays": effect_pays(log)["contact"],
        "all": np.ones(len(log)),
        "highest response": top,
    }
    assert set(found.index.get_level_values("policy")) == set(wanted)
    for policy, contact in wanted.items():
        for figure, true in added(log, contact).items():
            row = found.loc[(policy, figure)]
            assert row["low"] - 0.002 <= true <= row["high"] + 0.002, (policy, figure)
            assert row["share"] == pytest.approx(float(np.mean(contact)), abs=1e-9)
            assert row["share_not_identified"] == 0 and row["status"] == "ok"
    pays = found.loc[("effect pays", "incremental_dollars")]
    assert pays["low"] > found.loc[("highest response", "incremental_dollars")]["high"]


def test_a_hold_out_alone_identifies_what_ran_and_not_whom_else_to_contact(
    held: pd.DataFrame, of_held: pd.DataFrame
) -> None:
    log, found, never = held, of_held, float((held["p_contact"] == 0).mean())
    for figure, true in added(log, log["p_contact"]).items():
        ran = found.loc[("what ran", figure, "all")]
        assert ran["status"] == "ok" and ran["share_not_identified"] == 0
        assert ran["low"] <= true <= ran["high"]
        everyone = found.loc[("all", figure, "all")]
        assert everyone["share_not_identified"] == pytest.approx(never)
        assert everyone["status"] == f"not identified: {never:.1%} had no chance to be revealed"
        assert pd.isna(everyone["value"]) and everyone["high"] - everyone["low"] > never
        assert everyone["low"] <= added(log, np.ones(len(log)))[figure] <= everyone["high"]
        changed = found.loc[("effect pays", figure, "all")]
        outside = float((effect_pays(log)["contact"].eq(1) & log["p_contact"].eq(0)).mean())
        assert 0 < outside < never
        assert changed["share_not_identified"] == pytest.approx(outside)


def test_of_those_with_a_chance_of_both_it_speaks_without_bounds(
    held: pd.DataFrame, of_held: pd.DataFrame
) -> None:
    some = held[held["p_contact"] > 0].reset_index(drop=True)
    row = of_held.loc[("all", "incremental_response", "eligible")]
    alone = table(some).loc[("all", "incremental_response", "all")]
    assert row["value"] == pytest.approx(alone["value"]) and row["n"] == len(some)
    assert (row["low"], row["high"]) == pytest.approx((alone["low"], alone["high"]))


def test_exploring_a_contact_identifies_the_others() -> None:
    log = held_out(people(3, n=8_000), explored=0.05)
    found = table(log).xs("all", level="population")
    assert (found["share_not_identified"] == 0).all() and (found["status"] == "ok").all()
    for figure, true in added(log, np.ones(len(log))).items():
        row = found.loc[("all", figure)]
        assert row["low"] <= true <= row["high"]


@pytest.mark.slow
def test_the_scores_of_the_outcomes_are_judged_each_by_its_own() -> None:
    log = people(4, n=4_000)

    def auc(log: pd.DataFrame) -> pd.Series:
        found = tr.measure(log)
        kept = (
            found["metric"].eq("auc") & found["estimator"].eq("dr") & found["population"].eq("all")
        )
        return found[kept].set_index("action")["value"]

    as_it_is = auc(log)
    turned = auc(log.assign(score_skip=log["score_skip"].to_numpy()[::-1]))
    assert turned["contact"] == as_it_is["contact"]
    assert abs(turned["skip"] - 0.5) < 0.06 < as_it_is["skip"] - 0.5


def test_names_of_its_own_a_log_without_dollars_and_scores_outside_are_refused() -> None:
    log = people(5, n=1_000)
    with pytest.raises(LogError, match='cannot be called "all"'):
        tr.uplift.policies(log, {"all": effect_pays(log)})
    with pytest.raises(LogError, match="The log holds no dollars"):
        tr.uplift.policies(log.drop(columns=[c for c in log if c.startswith("value")]))
    with pytest.raises(LogError, match="score_skip is null or outside"):
        tr.uplift.policies(log.assign(score_skip=2.0))
    with pytest.raises(LogError, match="m_contact is null or outside"):
        tr.uplift.policies(log.assign(m_contact=np.nan))


def test_a_rival_of_several_outcomes_is_compared_outcome_by_outcome_and_as_a_ranking() -> None:
    log = people(6, n=1_500)
    rival = pd.DataFrame({"score_contact": log["uplift"].clip(0) + log["score_skip"]})
    rival = rival.clip(0, 1).assign(score_skip=log["score_skip"])
    changes = tr.Changes(rivals={"other": rival})
    found = tr.measure(log, changes=changes, flagging=tr.Flagging(shares=[0.2]))
    dr = found[found["estimator"].eq("dr") & found["population"].eq("all")]
    other = tr.measure(log.assign(score_contact=rival["score_contact"]))
    for action in ("contact", "skip"):
        gain, old, new = (
            rows[rows["metric"].eq(m) & rows["action"].eq(action)]["value"].iloc[0]
            for rows, m in (
                (dr, "auc_gain"),
                (dr, "auc"),
                (other[other["estimator"].eq("dr") & other["population"].eq("all")], "auc"),
            )
        )
        assert gain == pytest.approx(new - old, abs=1e-12)
    effects = {
        "own": log["score_contact"] - log["score_skip"],
        "other": rival["score_contact"] - rival["score_skip"],
    }
    curves = tr.uplift.qini(log, effects, action="contact", instead="skip", against="own")
    for metric, at in (("qini_area_gain", None), ("incremental_dollars_gain", 0.2)):
        [row] = dr[dr["metric"].eq(metric)].to_dict("records")
        want = curves[curves["figure"].eq(metric)]
        want = want if at is None else want[want["share"].eq(at)]
        for end in ("value", "low", "high"):
            assert row[end] == pytest.approx(want[end].iloc[0], abs=1e-12)
    with pytest.raises(LogError, match='rival "other" has no column "score_skip"'):
        few = tr.Changes(rivals={"other": rival[["score_contact"]]})
        tr.measure(log, changes=few)
