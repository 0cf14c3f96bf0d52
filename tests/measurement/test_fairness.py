"""Fairness for everyone who applied, against worlds whose truth is known and slow oracles."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.fairness import fairness
from truerisk.measurement.metrics import group_gaps
from truerisk.statistics.interval import clustered_se

GAPS = ("false_positive_rate_gap", "false_negative_rate_gap", "observed_to_expected_gap")
MISLED = ("false_positive_rate_gap", "false_positive_rate", "false_negative_rate")
RATES = tuple(name.removesuffix("_gap") for name in GAPS)


def world(seed: int, n: int = 6_000, repeats: int = 1, m: str = "constant") -> pd.DataFrame:
    """Group b is a third; what the score cannot see makes it riskier and more often declined."""
    log = worlds.draw(seed, n, m=m, hidden=0.8, repeats=repeats)
    luck = np.repeat(np.random.default_rng(seed + 10_000).normal(size=n // repeats), repeats)
    return log.assign(sex=np.where(log["u"] + luck > 0.6, "b", "a"))


@cache
def truth() -> dict[str, float]:
    """Of everyone, from a million applications and their risks."""
    log = world(999, 1_000_000)
    found: dict[str, dict[str, float]] = {}
    for group, part in log.groupby("sex"):
        p, pi = part["p"], part["p_reveal"]
        found[str(group)] = {
            "false_positive_rate": ((1 - pi) * (1 - p)).sum() / (1 - p).sum(),
            "false_negative_rate": (pi * p).sum() / p.sum(),
            "observed_to_expected": p.sum() / part["score"].sum(),
            "approval_rate": pi.mean(),
        }
    a, b = found["a"], found["b"]
    return {
        **{f"{name}_gap": b[name] - a[name] for name in RATES},
        **{name: b[name] for name in RATES},
        "approval_ratio": b["approval_rate"] / a["approval_rate"],
        "score_smd": 0.0,
    }


def of_b(found: pd.DataFrame, metric: str, estimator: str = "dr") -> pd.Series:
    kept = found[found["group"].eq("b") & found["metric"].eq(metric)]
    kept = kept[kept["estimator"].isin([estimator, "counted"])]
    return kept[kept["population"].isin(["eligible", "revealed", "all"])].iloc[0]


@pytest.mark.slow
def test_intervals_hold_what_is_true_of_everyone_and_the_approved_mislead() -> None:
    """In 40 worlds with a useless outcome model and a risk that the score cannot see."""
    count = 40
    made = [fairness(world(seed), "sex") for seed in range(count)]
    low, high = stats.binom.interval(0.9995, count, 0.95)
    for metric, true in truth().items():
        if metric == "score_smd":
            continue
        rows = [of_b(found, metric) for found in made]
        held = sum(row["low"] <= true <= row["high"] for row in rows)
        assert low <= held <= high, (metric, held)
        error = np.mean([row["value"] for row in rows]) - true
        noise = np.std([row["value"] for row in rows]) / np.sqrt(count)
        assert abs(error) <= 3.5 * noise, metric
        if metric in MISLED:
            naive = [of_b(found, metric, "naive") for found in made]
            assert sum(row["low"] <= true <= row["high"] for row in naive) < count / 2, metric


def test_the_largest_group_is_the_reference_unless_another_is_named() -> None:
    log = world(1)
    log.loc[::40, "sex"] = None
    found = fairness(log, "sex")
    assert set(found["reference"]) == {"a"}
    assert list(dict.fromkeys(found["group"])) == ["a", "b", "not known"]
    swapped = fairness(log, ["sex"], reference="b")
    assert set(swapped["reference"]) == {"b"}
    one, other = (
        f[f["metric"].eq("false_positive_rate_gap") & f["estimator"].eq("dr")]
        for f in (found[found["group"] == "b"], swapped[swapped["group"] == "a"])
    )
    assert other["value"].iloc[0] == pytest.approx(-one["value"].iloc[0])
    assert not (found["group"].eq("a") & found["metric"].str.endswith("_gap")).any()


@pytest.mark.slow
def test_approvals_and_scores_need_no_outcome_and_count_every_decision() -> None:
    log = world(2)
    young = log.assign(mature=np.arange(len(log)) % 3 > 0)
    found, all_mature = fairness(young, "sex"), fairness(log, "sex")
    for metric in ("approval_rate", "approval_ratio", "score_smd", "exploration_rate"):
        shown = ["value", "low", "high", "n"]
        assert of_b(found, metric)[shown].tolist() == of_b(all_mature, metric)[shown].tolist()
    only = fairness(young[young["mature"]], "sex")
    for metric in GAPS:
        assert of_b(found, metric)["value"] == pytest.approx(of_b(only, metric)["value"])
    harm = (of_b_explored(f, "explored_event_rate")["value"] for f in (found, only))
    assert next(harm) == next(harm)


def test_the_ratio_and_the_difference_are_those_of_the_textbook() -> None:
    log = world(3)
    found = fairness(log, "sex")
    a, b = (log[log["sex"] == g] for g in "ab")
    ratio = b["p_reveal"].mean() / a["p_reveal"].mean()
    spread = sum(g["p_reveal"].var() / len(g) / g["p_reveal"].mean() ** 2 for g in (a, b))
    row = of_b(found, "approval_ratio")
    assert row["value"] == pytest.approx(ratio)
    assert row["low"] == pytest.approx(ratio * np.exp(-1.959964 * np.sqrt(spread)), rel=1e-4)
    pooled = np.sqrt((a["score"].var(ddof=0) + b["score"].var(ddof=0)) / 2)
    smd = (b["score"].mean() - a["score"].mean()) / pooled
    assert of_b(found, "score_smd")["value"] == pytest.approx(smd)
    assert of_b(found, "exploration_rate")["value"] == pytest.approx(worlds.PI)


@pytest.mark.slow
def test_influence_functions_give_the_jackknifes_standard_error() -> None:
    log = world(4, 1_000, m="true")
    rows = evidence_of(log).rows
    mine = log["sex"].eq("b").to_numpy()
    w = rows.seen / rows.pi
    guess = log["m"].to_numpy()
    p = Pseudo(guess + w * (rows.y - guess), 1 - guess - w * (rows.y - guess), w, True)

    def left_out(i: int) -> tuple:
        kept = np.arange(len(rows)) != i
        return rows.where(kept), Pseudo(p.a[kept], p.b[kept], p.w[kept]), mine[kept]

    made: dict[str, Callable] = {
        rate.__name__: lambda r, p, g, rate=rate: group_gaps.gap(rate, r, p, g)
        for rate in (
            group_gaps.false_positive_rate,
            group_gaps.false_negative_rate,
            group_gaps.observed_to_expected,
        )
    }
    made["ratio"] = lambda r, p, g: group_gaps.log_ratio(r.pi, g)
    made["smd"] = lambda r, p, g: group_gaps.standardised_difference(r.score, g)
    for name, of in made.items():
        values = np.array([of(*left_out(i)).theta for i in range(len(rows))])
        n = len(values)
        jackknife = np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum())
        se = clustered_se(of(rows, p, mine).influence, rows.cluster)
        assert se == pytest.approx(jackknife, rel=0.05), name


@pytest.mark.slow
def test_rows_of_one_subject_add_nothing_to_what_is_known() -> None:
    log = world(5, 4_000)
    once = fairness(log, "sex")
    thrice = fairness(pd.concat([log] * 3, ignore_index=True), "sex")
    for column in ("value", "low", "high"):
        dr = once["estimator"].isin(["naive", "counted"]) & once["value"].notna()
        left, right = once.loc[dr, column], thrice.loc[dr, column]
        np.testing.assert_allclose(left.to_numpy(float), right.to_numpy(float), rtol=1e-6)
    strangers = pd.concat([log] * 3, ignore_index=True).assign(subject=range(12_000))
    apart = of_b(fairness(strangers, "sex"), "approval_ratio")
    together = of_b(thrice, "approval_ratio")
    width = (apart["high"] - apart["low"]) / (together["high"] - together["low"])
    assert width == pytest.approx(1 / np.sqrt(3), rel=0.01)


def test_harm_by_exploration_is_what_revealing_brought_over_the_policys_own_action() -> None:
    log = world(6)
    found = fairness(log, "sex")
    part = log[log["sex"].eq("b") & log["revealed"] & (log["p_reveal"] < 1)]
    rate, brought = of_b_explored(found, "explored_event_rate"), []
    assert (rate["n"], rate["value"]) == (len(part), pytest.approx(part["event"].mean()))
    for _, row in part.iterrows():
        side = "if_event" if row["event"] else "if_no_event"
        brought.append(row[f"value_approve_{side}"] - row[f"value_decline_{side}"])
    dollars = of_b_explored(found, "explored_dollars")
    assert dollars["value"] == pytest.approx(np.mean(brought))
    assert dollars["low"] < dollars["value"] < dollars["high"] < 0
    weight = 1 / part["p_reveal"]
    kish = weight.sum() ** 2 / (weight**2).sum()
    assert (found.loc[found["group"] == "b", "explored_effective_n"] - kish).abs().max() < 1e-6
    without = log.drop(columns=[c for c in log if c.startswith("value_")])
    assert "explored_dollars" not in set(fairness(without, "sex")["metric"])


def of_b_explored(found: pd.DataFrame, metric: str) -> pd.Series:
    return found[found["group"].eq("b") & found["metric"].eq(metric)].iloc[0]


@pytest.mark.slow
def test_a_small_group_and_one_hardly_explored_are_withheld_with_their_counts() -> None:
    log = world(7)
    log.loc[log.index[:20], "sex"] = "c"
    found = fairness(log, "sex")
    small = found[found["group"] == "c"]
    assert small["value"].isna().all()
    assert small["status"].str.startswith("withheld: ").all()
    assert "withheld: 20 subjects, 30 are needed" in set(small["status"])
    assert small.loc[small["metric"] == "approval_rate", "n"].item() == 20
    explored = log["revealed"] & (log["p_reveal"] < 1)
    b = log["sex"].eq("b")
    others = log.index[b & ~explored & (log["p_reveal"] < 1)]
    rest = round(12 * (1 / worlds.PI - 1))  # so that draws and chances agree
    hidden = log.drop(index=[*log.index[b & explored][12:], *others[rest:]])
    rare = fairness(hidden, "sex")
    gap = of_b(rare, "false_positive_rate_gap")
    assert gap["status"] == "withheld: 12 explored labels (effective), 30 are needed"
    assert pd.isna(gap["low"]) and gap["explored_labels"] == 12
    assert of_b(rare, "approval_ratio")["status"] == "ok"


def test_what_an_absolute_rule_declines_is_bounded_for_all() -> None:
    log = world(8)
    ruled = log.assign(p_reveal=log["p_reveal"].where(log.index % 20 != 0, 0.0))
    ruled = ruled.assign(p_approve=ruled["p_reveal"], p_decline=1 - ruled["p_reveal"])
    ruled = worlds.reveal(ruled, log["revealed"] & (ruled["p_reveal"] > 0))
    found = fairness(ruled, "sex")
    rows = found[found["group"].eq("b") & found["metric"].eq("false_positive_rate")]
    eligible, every = (
        rows[(rows["estimator"] == "dr") & (rows["population"] == who)].iloc[0]
        for who in ("eligible", "all")
    )
    part = ruled[ruled["sex"] == "b"]
    true = ((1 - part["p_reveal"]) * (1 - part["p"])).sum() / (1 - part["p"]).sum()
    assert eligible["status"] == "ok"
    assert pd.isna(every["value"]) and every["status"].startswith("not identified: 4.9%")
    assert every["low"] < true < every["high"]
    assert every["high"] - every["low"] > eligible["high"] - eligible["low"]


def test_decisions_without_a_logged_chance_are_left_out_and_counted() -> None:
    log = world(9)
    old = log.assign(p_reveal=log["p_reveal"].mask(log.index < 600))
    row = of_b(fairness(old, "sex"), "approval_rate")
    assert row["value"] == pytest.approx(log.loc[600:].loc[log["sex"] == "b", "p_reveal"].mean())
    assert row["share_not_identified"] == pytest.approx(
        (log.loc[:599, "sex"] == "b").sum() / (log["sex"] == "b").sum()
    )
    assert row["population"] == "eligible"


def test_what_no_fairness_can_be_measured_by_is_refused() -> None:
    log = world(10, 400)
    with pytest.raises(LogError, match='no column "gender" to measure fairness by'):
        fairness(log, "gender")
    with pytest.raises(LogError, match="has 1 group; fairness compares 2 to 20"):
        fairness(log.assign(sex="a"), "sex")
    with pytest.raises(LogError, match="has 400 groups; fairness compares 2 to 20, so put it"):
        fairness(log.assign(age=np.arange(400)), "age")
    with pytest.raises(LogError, match='has no group "c"; it has a or b'):
        fairness(log, "sex", reference="c")
