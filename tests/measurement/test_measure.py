"""measure(): populations, refusals to print, and numbers that equal formulas written out."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

from tests.measurement import worlds
from truerisk.measurement.estimate import LEAST_EXPLORED, effective
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes, Flagging

Row = Callable[..., pd.Series]
NUMBERS = ["value", "low", "high"]


@pytest.fixture
def log() -> pd.DataFrame:
    return worlds.draw(1)


def barred(log: pd.DataFrame) -> pd.DataFrame:
    """An absolute rule declines every twentieth application: no chance, no outcome."""
    rows = log.index % 20 == 0
    hidden = worlds.reveal(log, log["revealed"].to_numpy() & ~rows)
    return hidden.assign(
        p_reveal=log["p_reveal"].mask(rows, 0.0),
        p_approve=log["p_approve"].mask(rows, 0.0),
        p_decline=log["p_decline"].mask(rows, 1.0),
    )


def no_number(rows: pd.DataFrame) -> bool:
    return bool(rows[NUMBERS].isna().all(axis=None)) and (rows["status"] != "ok").all()


def test_each_estimator_equals_its_formula_written_out(log: pd.DataFrame, row: Row) -> None:
    found = measure(log)
    R, pi, m = log["revealed"], log["p_reveal"], log["m"]
    y = log["event"].fillna(0)
    dr = m + R / pi * (y - m)
    w = R / pi
    assert row(found, "event_rate", "naive", "revealed")["value"] == pytest.approx(y[R].mean())
    assert row(found, "event_rate", "ipw")["value"] == pytest.approx((w * y).sum() / w.sum())
    assert row(found, "event_rate")["value"] == pytest.approx(dr.mean())
    error = (dr - log["score"]).mean()
    assert row(found, "calibration_error")["value"] == pytest.approx(error)
    auc = row(found, "auc", "naive", "revealed")["value"]
    assert auc == pytest.approx(roc_auc_score(y[R], log["score"][R]))
    v1, v0 = (log["p_approve"] * log[f"value_approve_{e}"] for e in ("if_event", "if_no_event"))
    assert row(found, "policy_value")["value"] == pytest.approx((dr * v1 + (1 - dr) * v0).mean())


def test_where_everybody_is_revealed_all_estimators_agree(log: pd.DataFrame, row: Row) -> None:
    everyone = worlds.reveal(log.assign(p_reveal=1.0, p_approve=1.0, p_decline=0.0), [True] * 3_000)
    found = measure(everyone.drop(columns="m"))
    for _, same in found.groupby("metric"):
        assert np.ptp(same["value"].astype(float)) < 1e-9
        assert set(same["status"]) == {"ok"}
    assert row(found, "event_rate")["value"] == pytest.approx(log["y"].mean())


def test_populations_are_named_and_counted(log: pd.DataFrame) -> None:
    found = measure(barred(log))
    n = found.groupby(["estimator", "population"])["n"].unique().map(list).to_dict()
    seen = int(barred(log)["revealed"].sum())
    assert n == {
        ("naive", "revealed"): [seen],
        ("ipw", "eligible"): [2_850],
        ("ipw", "all"): [3_000],
        ("dr", "eligible"): [2_850],
        ("dr", "all"): [3_000],
    }
    share = np.where(found["population"] == "all", 0.05, 0.0)
    np.testing.assert_allclose(found["share_not_identified"], share, atol=1e-12)
    explored = barred(log)["revealed"] & (barred(log)["p_reveal"] < 1)
    assert set(found["explored_labels"].drop(found.index[found["estimator"] == "naive"])) == {
        int(explored.sum())
    }
    assert found.loc[found["estimator"] == "dr", "largest_weight"].max() == 1 / worlds.PI


def test_where_nobody_is_barred_everyone_is_the_eligible(log: pd.DataFrame) -> None:
    found = measure(log).drop(columns="share_not_identified")
    alike = [
        found[found["population"] == p].drop(columns="population") for p in ("eligible", "all")
    ]
    assert_frame_equal(*(a.reset_index(drop=True) for a in alike))


def test_barred_rows_bound_the_event_rate_of_all(log: pd.DataFrame, row: Row) -> None:
    """As if none, or all, of the five percent had the event; the value itself is not known."""
    found = measure(barred(log))
    all_, eligible = row(found, "event_rate"), row(found, "event_rate", population="eligible")
    assert pd.isna(all_["value"])
    assert all_["status"] == "not identified: 5.0% had no chance to be revealed"
    assert all_["low"] < 0.95 * eligible["value"] < 0.95 * eligible["value"] + 0.05 < all_["high"]
    width = (eligible["high"] - eligible["low"]) * 0.95 + 0.05
    assert all_["high"] - all_["low"] == pytest.approx(width, rel=0.05)
    assert no_number(found.query("metric == 'event_rate' and estimator == 'ipw'").tail(1))


def test_barred_rows_leave_no_auc_of_all(log: pd.DataFrame, row: Row) -> None:
    found = measure(
        barred(log), changes=Changes(rivals={"other": log["score"].to_numpy() ** log["u"].abs()})
    )
    for metric in ("auc", "auc_gain"):
        assert no_number(row(found, metric).to_frame().T)
        assert row(found, metric, population="eligible")["status"] == "ok"


def test_dollars_of_all_are_known_where_the_barred_are_worth_the_same_either_way(
    log: pd.DataFrame, row: Row
) -> None:
    """A declined application is worth nothing, whatever would have happened."""
    found = measure(barred(log), changes=Changes(policies=barred_too(worlds.wider(log))))
    for metric, policy in (("policy_value", "as run"), ("policy_gain", "wider")):
        for estimator, error in (("dr", 1e-9), ("ipw", 0.01)):
            eligible = row(found, metric, estimator, "eligible", policy)
            all_ = row(found, metric, estimator, "all", policy)
            assert (eligible["status"], all_["status"]) == ("ok", "ok")
            assert all_["value"] == pytest.approx(0.95 * eligible["value"], rel=error)


def barred_too(policies: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    rows = policies["wider"].index % 20 == 0
    return {
        "wider": policies["wider"].assign(
            approve=policies["wider"]["approve"].mask(rows, 0.0),
            decline=policies["wider"]["decline"].mask(rows, 1.0),
        )
    }


def test_dollars_of_all_are_bounded_where_a_policy_would_approve_the_barred(
    log: pd.DataFrame, row: Row
) -> None:
    found = measure(barred(log), changes=Changes(policies=worlds.wider(log)))
    all_ = row(found, "policy_value", policy="wider")
    assert pd.isna(all_["value"])
    assert all_["low"] < all_["high"]
    assert all_["status"].startswith("not identified")


@pytest.mark.slow
def test_the_bounds_of_all_hold_the_truth_even_if_every_barred_one_defaults(
    log: pd.DataFrame, row: Row
) -> None:
    hidden = barred(log)
    for y in (0.0, 1.0):
        worst = log["y"].mask(log.index % 20 == 0, y).mean()
        found = row(measure(hidden), "event_rate")
        assert found["low"] < worst < found["high"]


def test_without_a_logged_propensity_nothing_is_said_of_everyone(
    log: pd.DataFrame, row: Row
) -> None:
    old = log.assign(p_reveal=np.nan, p_approve=np.nan, p_decline=np.nan)
    found = measure(old)
    assert no_number(found[found["population"] != "revealed"])
    assert (found.loc[found["population"] == "all", "share_not_identified"] == 1).all()
    naive = row(found, "event_rate", "naive", "revealed")
    assert naive["value"] == pytest.approx(log["event"].mean())
    assert no_number(row(found, "policy_value", "naive", "revealed").to_frame().T)


def test_old_rows_without_a_propensity_are_a_share_not_identified(
    log: pd.DataFrame, row: Row
) -> None:
    mixed = log.assign(p_reveal=log["p_reveal"].where(log.index >= 600))
    found = measure(mixed)
    assert row(found, "event_rate")["share_not_identified"] == pytest.approx(0.2)
    assert pd.isna(row(found, "event_rate")["value"])
    late = measure(log.iloc[600:])
    assert row(found, "event_rate", population="eligible")[NUMBERS].tolist() == pytest.approx(
        row(late, "event_rate")[NUMBERS].tolist()
    )


def test_immature_rows_leave_before_anything_is_formed(log: pd.DataFrame) -> None:
    """Whatever they seem to say: measured with them and without them is the same."""
    young = log["u"] > 0.8
    noisy = log.assign(mature=~young, override=None)
    noisy.loc[young, "event"] = 1.0
    noisy.loc[young, "revealed"] = True
    noisy.loc[young, "override"] = "approve"
    policies = worlds.wider(log)
    kept = {"wider": policies["wider"][~young].reset_index(drop=True)}
    with_them = measure(
        noisy, changes=Changes(policies=policies, rivals={"r": log["m"].to_numpy()})
    )
    without = measure(
        log[~young].reset_index(drop=True),
        changes=Changes(policies=kept, rivals={"r": log["m"][~young].to_numpy()}),
    )
    assert_frame_equal(with_them, without)


@pytest.mark.parametrize("labels", [LEAST_EXPLORED - 1, LEAST_EXPLORED])
def test_fewer_than_thirty_explored_labels_are_withheld_with_their_count(
    log: pd.DataFrame, labels: int, row: Row
) -> None:
    explored = log.index[log["revealed"] & (log["p_reveal"] < 1)]
    hidden = log.index[log["p_reveal"] < 1].difference(explored)
    rest = round(labels * (1 / worlds.PI - 1))  # so that draws and chances agree
    few = log.drop(index=[*explored[labels:], *hidden[rest:]]).reset_index(drop=True)
    found = measure(few)
    weighted = found[found["estimator"] != "naive"]
    if labels < LEAST_EXPLORED:
        assert no_number(weighted)
        assert set(weighted["status"]) == {
            "withheld: 29 explored labels (effective), 30 are needed"
        }
    else:
        assert set(weighted["status"]) == {"ok"}
    assert set(found.loc[found["estimator"] == "naive", "status"]) == {"ok"}


def test_unequal_weights_count_as_fewer_labels() -> None:
    assert effective(np.ones(40)) == 40
    assert effective(np.array([3.0, 0, 0])) == 1
    assert effective(np.zeros(3)) == 0
    assert effective(np.array([1.0, 1, 1, 9])) == pytest.approx(144 / 84)


@pytest.mark.slow
def test_a_number_is_there_or_a_reason_never_nan(log: pd.DataFrame) -> None:
    """Groups of one row, of one subject, of one class, without weight, with null dollars."""
    odd = barred(log)
    group = np.full(3_000, "rest", dtype=object)
    group[1] = "one row"
    group[2:5] = "one subject"
    group[5:25] = "one class"
    group[np.flatnonzero(log["revealed"])[-40:]] = "null dollars"
    group[np.flatnonzero(~log["revealed"])[-40:]] = "unseen"
    odd["group"] = group
    odd.loc[odd["group"] == "one subject", "subject"] = -1
    seen = odd["group"].eq("one class") & odd["revealed"]
    odd.loc[seen, "event"] = 0.0
    odd.loc[odd["group"] == "null dollars", "value_approve_if_event"] = np.nan
    found = measure(
        odd,
        by=["group"],
        flagging=Flagging(thresholds=[0.0, 0.1, 1.0]),
        changes=Changes(policies=worlds.wider(log), rivals={"constant": np.full(3_000, 0.5)}),
    )
    for column in NUMBERS:
        assert str(found[column].dtype) == "Float64"
        assert not found[column].map(lambda v: v is not pd.NA and np.isnan(v)).any()
    ok = found["status"] == "ok"
    assert found.loc[ok, NUMBERS].notna().all(axis=None)
    assert found.loc[~ok & found["value"].isna(), "status"].str.len().gt(10).all()
    assert set(found.loc[found["group"] == "one subject", "value"].isna()) == {True}


@pytest.mark.slow
def test_the_event_rate_below_a_threshold_is_that_of_the_rows_below_it(
    log: pd.DataFrame, row: Row
) -> None:
    found = measure(log, flagging=Flagging(thresholds=[0.1, 0.0]))
    below = log[log["score"] < 0.1]
    dr = below["m"] + below["revealed"] / below["p_reveal"] * (
        below["event"].fillna(0) - below["m"]
    )
    assert row(found, "event_rate_below", at="score < 0.1")["value"] == pytest.approx(dr.mean())
    assert no_number(row(found, "event_rate_below", at="score < 0").to_frame().T)
    alone = measure(log, flagging=Flagging(below=[0.1, 0.0]))
    flagged = found["at"].notna() & found["metric"].ne("event_rate_below")
    assert flagged.any()
    pd.testing.assert_frame_equal(alone, found[~flagged].reset_index(drop=True))


@pytest.mark.slow
def test_a_group_is_measured_as_if_it_were_alone(log: pd.DataFrame) -> None:
    half = np.where(log["u"] > 0, "high", "low")
    found = measure(log.assign(half=half), by=["half"], changes=Changes(policies=worlds.wider(log)))
    for name in ("high", "low"):
        rows = half == name
        policies = {"wider": worlds.wider(log)["wider"][rows].reset_index(drop=True)}
        alone = measure(log[rows].reset_index(drop=True), changes=Changes(policies=policies))
        part = found[(found["group_by"] == "half") & (found["group"] == name)]
        alone = alone[alone["metric"].isin(part["metric"])].reset_index(drop=True)
        assert_frame_equal(
            part.drop(columns=["group_by", "group"]).reset_index(drop=True),
            alone.drop(columns=["group_by", "group"]),
        )


@pytest.mark.slow
def test_a_better_rival_gains_auc_and_pairing_narrows_the_interval(
    log: pd.DataFrame, row: Row
) -> None:
    blurred = worlds.sigmoid(np.log(log["p"] / (1 - log["p"])) + 0.3 * log["u"]).to_numpy()
    found = measure(
        log.assign(score=blurred), changes=Changes(rivals={"exact": log["p"].to_numpy()})
    )
    gain, auc = row(found, "auc_gain"), row(found, "auc")
    exact = row(measure(log.assign(score=log["p"])), "auc")
    assert gain["value"] == pytest.approx(exact["value"] - auc["value"], abs=1e-12)
    assert gain["high"] - gain["low"] < 0.6 * (auc["high"] - auc["low"])
    same = row(measure(log, changes=Changes(rivals={"same": log["score"].to_numpy()})), "auc_gain")
    assert same[NUMBERS].tolist() == pytest.approx([0, 0, 0], abs=1e-12)


def test_the_gain_of_a_policy_is_its_value_less_that_of_what_ran(
    log: pd.DataFrame, row: Row
) -> None:
    found = measure(log, changes=Changes(policies=worlds.wider(log)))
    new, ran = (row(found, "policy_value", policy=p)["value"] for p in ("wider", "as run"))
    assert row(found, "policy_gain", policy="wider")["value"] == pytest.approx(new - ran)


def test_the_order_of_rows_does_not_matter(log: pd.DataFrame) -> None:
    shuffled = log.sample(frac=1, random_state=0)
    assert_frame_equal(measure(shuffled), measure(log))
