"""The review curve and the shadow price against loops over thresholds and days."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.worth.action_values import action_values
from truerisk.measurement.worth.review_curve import review_curve
from truerisk.measurement.worth.shadow_price import shadow_price

START = pd.Timestamp("2025-01-01", tz="UTC")


def dated(log: pd.DataFrame, a_day: int = 100) -> pd.DataFrame:
    return log.assign(as_of=START + pd.to_timedelta(log.index // a_day, "D"))


def everybody(log: pd.DataFrame) -> pd.DataFrame:
    sure = log.assign(p_reveal=1.0, p_approve=1.0, p_decline=0.0)
    return worlds.reveal(sure, np.ones(len(log), dtype=bool))


def value(found: pd.DataFrame, figure: str, at: float) -> float:
    row = found[(found["figure"] == figure) & (found["at"] == at)]
    assert len(row) == 1
    assert row["status"].item() == "ok"
    assert row["low"].item() <= row["value"].item() <= row["high"].item()
    return float(row["value"].item())


@pytest.mark.slow
def test_each_recall_equals_a_loop_over_thresholds() -> None:
    log = everybody(dated(worlds.draw(5, n=4_000)))
    found = review_curve(log)
    by_score = log.sort_values("score", ascending=False)
    y = by_score["y"].to_numpy()
    v1, v0 = (by_score[f"value_approve_{e}"].to_numpy() for e in ("if_event", "if_no_event"))
    approved = np.where(y == 1, v1, v0)
    for recall in (0.2, 0.4, 0.6, 0.8, 0.9):
        k = next(k for k in range(1, 4_001) if y[:k].sum() >= recall * y.sum())
        odds = 1 / 0.05  # one event less or more moves the cutoff by some rows
        assert abs(value(found, "flagged_a_day", recall) * 40 - k) < odds
        assert abs(value(found, "false_positives_a_day", recall) * 40 - (1 - y[:k]).sum()) < odds
        assert value(found, "precision", recall) == pytest.approx(y[:k].mean(), rel=0.02)
        dollars = approved[k:].sum() / 40
        assert value(found, "net_dollars_a_day", recall) == pytest.approx(dollars, rel=0.01)
        assert value(found, "threshold", recall) == pytest.approx(
            by_score["score"].iloc[k], rel=0.01
        )


def test_at_capacity_equals_a_loop_over_days() -> None:
    log = everybody(dated(worlds.draw(6, n=2_000)))
    found = review_curve(log, capacity_per_day=15, recalls=())
    assert set(found["figure"].str.endswith("_at_capacity")) == {True}
    wrong, hit, dollars, days = 0.0, 0.0, 0.0, 0
    for _, day in log.groupby(log["as_of"].dt.date):
        ranked = day.sort_values("score", ascending=False)
        flagged, others = ranked.head(15), ranked.tail(len(ranked) - 15)
        wrong, hit = wrong + (1 - flagged["y"]).sum(), hit + flagged["y"].sum()
        earned = np.where(
            others["y"] == 1, others["value_approve_if_event"], others["value_approve_if_no_event"]
        )
        dollars, days = dollars + earned.sum(), days + 1
    assert value(found, "flagged_at_capacity", 15) == 15
    assert value(found, "false_positives_at_capacity", 15) == pytest.approx(wrong / days)
    assert value(found, "recall_at_capacity", 15) == pytest.approx(hit / log["y"].sum())
    assert value(found, "precision_at_capacity", 15) == pytest.approx(hit / (15 * days))
    assert value(found, "net_dollars_at_capacity", 15) == pytest.approx(dollars / days)


@pytest.mark.slow
def test_equal_scores_at_the_cutoff_are_flagged_in_part() -> None:
    """As an average over every order in which they could be taken."""
    log = everybody(dated(worlds.draw(7, n=1_000)))
    log["score"] = log["score"].round(1)
    exact = review_curve(log, capacity_per_day=13, recalls=(0.5,))
    rng, known, runs = np.random.default_rng(0), action_values(log), []
    for _ in range(250):
        order = np.lexsort((rng.random(1_000), -known.rows.score))
        alone = {"start": np.arange(1_000), "size": np.ones(1_000, dtype=int)}
        shuffled = dataclasses.replace(known.at(order), **alone)
        runs.append(review_curve(shuffled, capacity_per_day=13, recalls=(0.5,))["value"])
    average = np.mean(runs, axis=0)
    assert exact["value"].to_numpy()[1:] == pytest.approx(average[1:], rel=0.025)


def test_the_shadow_price_is_the_slope_of_net_dollars() -> None:
    log = dated(worlds.draw(8, n=6_000))
    price, reach = shadow_price(log, 20)["value"]
    ends = [
        value(review_curve(log, capacity_per_day=c, recalls=()), "net_dollars_at_capacity", c)
        for c in (20 + reach, 20 - reach)
    ]
    assert price == pytest.approx((ends[0] - ends[1]) / (2 * reach))


def test_flags_and_the_rest_follow_the_dollars_and_can_be_named() -> None:
    log = dated(worlds.draw(9))
    chosen = review_curve(log, recalls=(0.5,))
    named = review_curve(log, flag="decline", rest="approve", recalls=(0.5,))
    pd.testing.assert_frame_equal(chosen, named)
    swapped = review_curve(log, flag="approve", rest="decline", recalls=(0.5,))
    assert swapped["value"].iloc[-1] < named["value"].iloc[-1]
    reviewed = log.assign(p_review=0.0, value_review_if_event=-0.05, value_review_if_no_event=0.0)
    three = review_curve(reviewed, flag="review", recalls=(0.5,))
    assert three["value"].iloc[-1] < named["value"].iloc[-1]


def test_hidden_outcomes_widen_every_interval_to_their_worst_cases() -> None:
    log = dated(worlds.draw(10, n=6_000))
    hand = log["revealed"] & (log.index % 50 == 0)
    by_hand = worlds.reveal(log, (log["revealed"] & ~hand).to_numpy())
    by_hand["action"] = log["action"]
    by_hand["override"] = pd.Series(np.where(hand, "decline", None), dtype=object)
    wide = review_curve(by_hand, capacity_per_day=20, recalls=(0.5,))
    plain = review_curve(log, capacity_per_day=20, recalls=(0.5,))
    bounded = wide["status"].str.startswith("bounded: ")
    assert bounded.sum() >= 7
    spread = [(f["high"] - f["low"])[bounded].astype(float) for f in (wide, plain)]
    assert (spread[0] > spread[1]).all()


def test_few_explored_labels_and_rows_without_a_chance() -> None:
    log = dated(worlds.draw(11, n=300))
    found = review_curve(log, capacity_per_day=20)
    assert found[["value", "low", "high"]].isna().all(axis=None)
    assert found["status"].str.match(r"withheld: \d+ explored labels \(effective\), 30").all()
    log = dated(worlds.draw(11))
    barred = log.index % 20 == 0
    hidden = worlds.reveal(log, log["revealed"].to_numpy() & ~barred).assign(
        p_reveal=log["p_reveal"].mask(barred, 0.0),
        p_approve=log["p_approve"].mask(barred, 0.0),
        p_decline=log["p_decline"].mask(barred, 1.0),
    )
    found = review_curve(hidden)
    assert found["status"].eq("of the eligible: 5.0% had no chance to be revealed").all()
    assert found["n"].eq(2_850).all()


def test_outcomes_that_are_alike_or_that_nobody_could_see_give_no_recall() -> None:
    log = everybody(dated(worlds.draw(1).assign(y=0.0)))
    found = review_curve(log, capacity_per_day=20).set_index("figure")
    assert found.loc["threshold", "status"].eq("withheld: all 3,000 seen outcomes are alike").all()
    assert found.loc["false_positives_at_capacity", "value"] == 20
    barred = worlds.reveal(log, np.zeros(3_000, dtype=bool))
    nobody = barred.assign(p_reveal=0.0, p_approve=0.0, p_decline=1.0)
    found = pd.concat([review_curve(nobody), shadow_price(nobody, 20)])
    assert found["status"].str.startswith("not identified: no application had").all()
    assert found["value"].isna().all()


@pytest.mark.slow
def test_what_cannot_be_said_of_a_log_is_refused() -> None:
    log = dated(worlds.draw(1))
    bare = log[[c for c in log if not c.startswith("value_")]]
    ragged = log.assign(value_approve_if_event=log["value_approve_if_event"].where(log.index > 3))
    for made, says in (
        (lambda: review_curve(bare), "holds dollars for 0 actions"),
        (
            lambda: review_curve(ragged),
            '"value_approve_if_event" is null or infinite in 4 of 3,000',
        ),
        (lambda: review_curve(log.drop(columns="as_of")), 'no column "as_of"'),
        (lambda: review_curve(log, flag="refer"), 'action "refer"; allowed: approve or decline'),
        (lambda: review_curve(log, flag="approve"), 'both get "approve"'),
        (lambda: review_curve(log, recalls=(0.5, 1.0)), "lies between 0 and 1, and 1 does not"),
        (lambda: review_curve(log, capacity_per_day=0), "is 0; allowed is a number above 0"),
        (lambda: shadow_price(log, -3), "is -3; allowed is a number above 0"),
        (lambda: review_curve(log, capacity_per_day=100), "busiest of 30 days has 100"),
        (lambda: shadow_price(dated(log, 3_000), 5), "are of one day"),
    ):
        with pytest.raises(LogError, match=says):
            made()


def test_stakes_made_once_serve_every_figure() -> None:
    log = dated(worlds.draw(2))
    pd.testing.assert_frame_equal(review_curve(action_values(log)), review_curve(log))
    assert dataclasses.is_dataclass(action_values(log))
