"""The Qini curve: equal to a count by hand, its interval and band hold what is true."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import truerisk as tr
from tests.measurement.uplift.worlds import COST, MARGIN, held_out, people
from truerisk.errors import LogError

SHARES = (0.1, 0.2, 0.3, 0.5, 0.8)
SCORES = ("uplift", "score_contact")


def scores(log: pd.DataFrame) -> dict[str, pd.Series]:
    return {name: log[name] for name in SCORES}


def pseudo(log: pd.DataFrame) -> np.ndarray:
    """τ̃ of every row, by hand."""
    made = []
    for action in ("contact", "skip"):
        m, mine = log[f"m_{action}"], log["action"].eq(action)
        made.append(m + mine / log[f"p_{action}"] * (log["event"] - m))
    return (made[0] - made[1]).to_numpy()


def by_hand(tau: np.ndarray, score: np.ndarray, share: float) -> tuple[float, float]:
    """Mean f·τ̃ and Q − q·mean τ̃, person by person; ties at the cutoff share what is left."""
    left, total = share * len(tau), 0.0
    for s in sorted(set(score), reverse=True):
        rows = [i for i in range(len(tau)) if score[i] == s]
        part = min(1.0, left / len(rows))
        total += part * sum(tau[i] for i in rows)
        left -= part * len(rows)
        if left <= 0:
            break
    whole = total / len(tau)
    return whole, whole - share * sum(tau) / len(tau)


def test_the_curve_is_what_a_count_by_hand_gives() -> None:
    log = people(1, n=300, m="constant")
    log["uplift"] = log["uplift"].round(1)  # many are equal
    found = tr.uplift.qini(log, {"uplift": log["uplift"]}, SHARES).set_index(["figure", "share"])
    tau = pseudo(log)
    for q in SHARES:
        added, over = by_hand(tau, log["uplift"].to_numpy(), q)
        assert found.loc[("incremental_response", q), "value"] == pytest.approx(added, abs=1e-12)
        assert found.loc[("qini", q), "value"] == pytest.approx(over, abs=1e-12)
        contacts, _ = by_hand(np.ones(300), log["uplift"].to_numpy(), q)
        dollars = found.loc[("incremental_dollars", q), "value"]
        assert dollars == pytest.approx(MARGIN * added - COST * contacts, abs=1e-12)
    points = [0, *(found.loc[("qini", q), "value"] for q in SHARES), 0]
    area = found.xs("qini_area")["value"].iloc[0]
    assert area == pytest.approx(np.trapezoid(points, [0, *SHARES, 1]), abs=1e-12)
    assert (found["population"] == "all").all() and (found["share_not_identified"] == 0).all()


def test_the_influence_function_is_the_slope_of_the_curve_in_each_persons_weight() -> None:
    """Beside the rows at the cutoff, influence is what more weight on a row moves."""
    log = people(2, n=400, m="constant")
    tau, score, q = pseudo(log), log["uplift"].to_numpy(), 0.3
    order = np.argsort(-score)

    def at(weight: np.ndarray) -> float:
        w = weight[order] / weight.sum()
        f = np.clip((q - (np.cumsum(w) - w)) / w, 0, 1)
        return float((f * w * tau[order]).sum() - q * (w * tau[order]).sum())

    one = np.ones(400)
    moved = np.array(
        [(at(one + 1e-4 * (np.arange(400) == i)) - at(one)) * 400e4 for i in range(400)]
    )
    local = tau[order[int(q * 400)]]  # the exact cutoff's; an estimate of its mean stands in
    f = np.zeros(400)
    f[order[: int(q * 400)]] = 1
    exact = f * tau - np.mean(f * tau) - local * (f - q) - q * (tau - tau.mean())
    assert np.abs(np.delete(moved - exact, order[118:122])).max() < 0.05


def test_one_score_beside_another_is_paired() -> None:
    log = people(3)
    near = log["uplift"] + 0.02 * np.random.default_rng(0).normal(size=len(log))
    found = tr.uplift.qini(log, {"near": near, **scores(log)}, SHARES, against="uplift")
    area = found[found["share"].isna()].set_index(["score", "figure"])
    one, other = area.loc[("near", "qini_area")], area.loc[("uplift", "qini_area")]
    gain = area.loc[("near", "qini_area_gain")]
    assert gain["value"] == pytest.approx(one["value"] - other["value"])
    assert (gain["high"] - gain["low"]) < 0.5 * (one["high"] - one["low"])
    assert ("uplift", "qini_area_gain") not in area.index


@cache
def truth() -> dict[tuple[str, str, float], float]:
    log = people(10_000, n=300_000)
    log = log.assign(m_contact=log["of_contact"], m_skip=log["of_skip"])
    tau = (log["of_contact"] - log["of_skip"]).to_numpy()
    made = {}
    for name in SCORES:
        order = np.argsort(-log[name].to_numpy())
        for q in SHARES:
            total = tau[order[: int(q * len(tau))]].sum() / len(tau)
            made[name, "incremental_response", q] = total
            made[name, "qini", q] = total - q * tau.mean()
    return made


def coverage(worlds: int, **world: object) -> pd.DataFrame:
    """Per figure: how often intervals (of all points) and bands (whole curves) hold the truth."""
    held: list[dict] = []
    true = truth()
    for seed in range(worlds):
        log = people(seed, **world)  # type: ignore[arg-type]
        found = tr.uplift.qini(log, scores(log), SHARES)
        found = found[found["figure"].isin(["incremental_response", "qini"])]
        keys = zip(found["score"], found["figure"], found["share"], strict=True)
        found["true"] = [true[key] for key in keys]
        for side, low, high in (("point", "low", "high"), ("band", "band_low", "band_high")):
            found[side] = (found[low] <= found["true"]) & (found["true"] <= found[high])
        by = found.groupby(["score", "figure"])
        held += (
            by.agg(point=("point", "mean"), band=("band", "all")).reset_index().to_dict("records")
        )
    return pd.DataFrame(held).groupby("figure")[["point", "band"]].mean().astype(float)


@pytest.mark.slow
def test_intervals_and_bands_hold_the_truth_in_a_few_worlds() -> None:
    found = coverage(8, m="constant")
    assert (found > 0.75).all().all(), found


@pytest.mark.thorough
@pytest.mark.parametrize(
    "world",
    [{"m": "true"}, {"m": "constant"}, {"m": "fitted"}, {"m": "constant", "repeats": 4}],
    ids=str,
)
def test_intervals_and_bands_hold_the_truth(world: dict) -> None:
    found = coverage(150 if world["m"] == "fitted" else 500, **world)
    noise = 0.015 if world["m"] != "fitted" else 0.025
    assert found["point"].between(0.935 - noise, 0.965 + noise).all(), found
    assert found["band"].between(0.93 - noise, 0.975 + noise).all(), found


@pytest.mark.thorough
def test_wrong_chances_and_rows_taken_for_subjects_fail() -> None:
    naive = [people(seed, m="constant").assign(p_contact=0.5, p_skip=0.5) for seed in range(60)]
    true, held = truth(), []
    for log in naive:
        found = tr.uplift.qini(log, scores(log), [0.3])
        row = found[(found["score"] == "uplift") & (found["figure"] == "incremental_response")]
        held.append(
            bool(
                row["low"].iloc[0]
                <= true["uplift", "incremental_response", 0.3]
                <= row["high"].iloc[0]
            )
        )
    assert np.mean(held) < 0.5, "equal chances where likelier buyers are contacted more"

    # Eight rows of a subject whose outcomes are alike are not eight subjects.
    log = people(0, n=8_000, repeats=8, m="constant")
    alone = log.assign(subject=np.arange(len(log)))
    width = {}
    for name, rows in (("clustered", log), ("rows", alone)):
        found = tr.uplift.qini(rows, {"uplift": rows["uplift"]}, [0.3])
        row = found[found["figure"] == "incremental_response"].iloc[0]
        width[name] = row["high"] - row["low"]
    assert width["clustered"] > 1.1 * width["rows"]


def test_only_those_with_a_chance_of_both_are_in_the_curve() -> None:
    log = held_out(people(4))
    found = tr.uplift.qini(log, {"uplift": log["uplift"]}, [0.2])
    share = float((log["p_contact"] == 0).mean())
    assert (found["population"] == "eligible").all()
    assert found["share_not_identified"].to_numpy() == pytest.approx(share)
    assert (found["n"] == (log["p_contact"] > 0).sum()).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shares": [0.0]}, "A share is 0; allowed is a number above 0 and at most 1"),
        ({"shares": []}, "No share is asked for"),
        ({"against": "luck"}, 'no score "luck" among uplift'),
        ({"action": "call"}, 'No action "call" shows an outcome in this log; there are contact or'),
        ({"action": "skip", "instead": "skip"}, "show the same outcome"),
        ({"scores": {"uplift": [1.0]}}, "has 1 row and the log 4,000"),
    ],
)
def test_what_cannot_be_asked_is_said(change: dict, said: str) -> None:
    log = people(5)
    asked = {"scores": {"uplift": log["uplift"]}} | change
    with pytest.raises(LogError, match=said):
        tr.uplift.qini(log, **asked)


def test_null_scores_and_a_log_of_one_outcome_are_refused() -> None:
    log = people(5)
    with pytest.raises(LogError, match="null or infinite in 2,000 of 4,000 rows"):
        tr.uplift.qini(log, {"uplift": log["uplift"].where(log.index < 2_000)})
    one = log.drop(columns=["p_contact", "p_skip"]).drop(columns=[c for c in log if "value" in c])
    with pytest.raises(LogError, match="show one outcome"):
        tr.uplift.qini(one, {"uplift": log["uplift"]})
    costs = [c for c in log if c.startswith("value")]
    with pytest.raises(LogError, match="say which is compared with which"):
        tr.uplift.qini(log.drop(columns=costs), {"uplift": log["uplift"]})
    swapped = tr.uplift.qini(log, {"u": log["uplift"]}, [1.0], action="skip")
    assert swapped["value"].iloc[0] == pytest.approx(-pseudo(log).mean())


def test_a_point_that_nothing_moves_has_no_width() -> None:
    log = people(6)
    found = tr.uplift.qini(log, {"uplift": log["uplift"]}, [0.5, 1.0])
    end = found[(found["figure"] == "qini") & (found["share"] == 1.0)].iloc[0]
    assert end["value"] == pytest.approx(0, abs=1e-12) and end["high"] - end["low"] < 1e-9
