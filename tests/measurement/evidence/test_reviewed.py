"""Reviews by hand: pseudo-labels row by row, what nobody's review changes, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

from tests.measurement import reviewed_worlds, worlds
from truerisk.errors import LogError
from truerisk.measurement.catch_rate import catch_rate
from truerisk.measurement.evidence.audits import audits
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.labelled import labelled
from truerisk.measurement.gamma import FEW
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Reading
from truerisk.measurement.watching.release import release

SAME = {"review": "pass"}


def small(seed: int = 3) -> pd.DataFrame:
    """50 rows of 25 subjects, most of them reviewed and every other stopped one audited."""
    log = reviewed_worlds.draw(seed, 0.6, n=50, audit=0.5)
    rng = np.random.default_rng(seed)
    p_review = np.where(np.arange(50) % 5 == 0, 0.0, 0.4)
    action = np.where(rng.random(50) < 0.8, "review", "decline")
    action = np.where(p_review == 0, "pass", action)
    verdict = rng.choice(["pass", "decline", "late"], 50)
    log = log.assign(
        subject=np.arange(50) // 2,
        p_review=p_review,
        p_pass=1.0 * (p_review == 0),
        p_decline=np.where(p_review > 0, 0.6, 0.0),
        p_reveal=np.where(p_review > 0, 0.4, 1.0),
        action=action,
        verdict=pd.Series(np.where(action == "review", verdict, None), dtype=object),
        audit_q=np.where(action == "review", 0.5, np.nan),
        audited=(action == "review") & (np.arange(50) % 2 == 0),
    )
    return reviewed_worlds.decided(log)


def by_hand(log: pd.DataFrame) -> list[float]:
    """ỹ = m + (A/π)[m₂ − m + (R/q)(y − m₂)], row by row."""
    made = []
    for _, row in log.iterrows():
        acted = row["action"] in ("pass", "review")
        m, pi = row["m"], row["p_reveal"]
        if not acted:
            made.append(m)
            continue
        if pd.isna(row["verdict"]) or row["verdict"] == "pass":
            made.append(m + (row["event"] - m) / pi)
            continue
        others = log[
            log["verdict"].eq(row["verdict"])
            & log["audited"].astype(bool)
            & log["subject"].ne(row["subject"])
        ]
        w = 1 / (others["p_reveal"] * others["q"])
        m2 = (w * others["event"]).sum() / w.sum() if len(others) else m
        y = 0.0 if not row["revealed"] else (row["event"] - m2) / row["q"]
        made.append(m + (m2 - m + y) / pi)
    return made


def test_pseudo_labels_are_those_of_the_two_stages_row_by_row() -> None:
    for seed in range(2):
        log = small(seed)
        known = labelled(evidence_of(log, as_logged=False, same=SAME))
        np.testing.assert_allclose(known.a, by_hand(log), rtol=0, atol=1e-12)
        np.testing.assert_allclose(known.b, 1 - known.a)
        weight = log["revealed"] / (log["p_reveal"] * log["q"].fillna(1))
        np.testing.assert_allclose(known.w, weight)
        left_to_chance = (log["p_reveal"] * log["q"].fillna(1) < 1) & log["revealed"]
        assert list(known.rows.explored) == list(np.flatnonzero(left_to_chance))


def test_two_stages_are_unbiased_whatever_stands_for_the_unseen() -> None:
    """The mean over every draw of one row is its outcome, for any m and any m₂."""
    pi, q = 0.3, 0.2
    for y, m, m2 in ((1.0, 0.1, 0.9), (0.0, 0.7, 0.2)):
        rows = pd.DataFrame(
            {
                "subject": range(3),
                "mature": True,
                "score": 0.5,
                "p_reveal": pi,
                "revealed": [False, False, True],
                "event": [None, None, y],
                "action": ["decline", "review", "review"],
                "verdict": [None, "decline", "decline"],
                "q": [None, q, q],
                "audited": [None, False, True],
                "m": m,
                "m2": m2,
            }
        )
        a = labelled(evidence_of(rows, as_logged=False)).a
        chance = np.array([1 - pi, pi * (1 - q), pi * q])
        assert chance @ a == pytest.approx(y, abs=1e-12)


def test_where_nobody_is_reviewed_nothing_changes() -> None:
    log = worlds.draw(5, n=600, pi=0.4)
    reviewed = log.assign(verdict=None, q=np.nan, audited=None, reviewer=None)
    assert_frame_equal(measure(reviewed), measure(log))
    assert_frame_equal(measure(reviewed.assign(q=1.0)), measure(log))


def test_few_audited_events_take_the_gamma_interval() -> None:
    """Of the mean of ỹ, written out: measurement.md, "few explored events"."""
    log = reviewed_worlds.draw(2, 0.85, n=4_000)
    evidence = evidence_of(log, same=SAME)
    known, n = labelled(evidence), len(log)
    rows = known.rows
    w, y = known.w, rows.y
    explored = rows.seen & (rows.pi * rows.audit < 1)
    theta = known.a.mean()
    m2 = known.last
    rest = known.a - theta - np.where(explored, w * (y - m2), 0.0)
    rate = (w * y)[explored].sum() / w[explored].sum()
    spread = (rest**2).sum() + (explored * w * (w - 1) * (m2 - rate) ** 2).sum()
    events = (w * y)[explored].sum() ** 2 / ((w * y)[explored] ** 2).sum()
    assert events < FEW
    others = w * (1 - y)
    u = y if events <= others[explored].sum() ** 2 / (others[explored] ** 2).sum() else 1 - y
    total, squares = (w * u)[explored].sum(), ((w * u)[explored] ** 2).sum()
    gap = (w[explored] ** 2).sum() / w[explored].sum()
    low = squares / total / 2 * stats.chi2.ppf(0.025, 2 * total**2 / squares)
    worth = (squares + gap**2) / (total + gap)
    high = worth / 2 * stats.chi2.ppf(0.975, 2 * (total + gap) / worth)
    down, up = (total - low, high - total) if u is y else (high - total, total - low)
    z2 = stats.norm.ppf(0.975) ** 2
    found = measure(evidence)
    row = found[
        found["metric"].eq("event_rate")
        & found["estimator"].eq("dr")
        & found["population"].eq("all")
    ].iloc[0]
    assert row["value"] == pytest.approx(theta)
    assert row["low"] == pytest.approx(theta - np.sqrt(z2 * spread + down**2) / n)
    assert row["high"] == pytest.approx(theta + np.sqrt(z2 * spread + up**2) / n)


@pytest.mark.slow
def test_a_hand_after_the_verdict_hides_what_it_changes_and_biases_nothing() -> None:
    """A verdict that came late is an override: the audit's draw was made before."""
    log = reviewed_worlds.draw(4, 0.85)
    late = log["verdict"].eq("late") & ~log["audited"]
    plain = labelled(evidence_of(log, same=SAME))
    changed = log.assign(
        override=pd.Series(np.where(late, "pass", None), dtype=object),
        revealed=log["revealed"] | late,
        event=log["y"].where(log["revealed"] | late),
    )
    known = labelled(evidence_of(changed, same=SAME))
    np.testing.assert_array_equal(known.a, plain.a)
    assert not known.rows.unseen.any()
    hidden = log["verdict"].eq("late") & log["audited"]
    changed = log.assign(
        override=pd.Series(np.where(hidden, "decline", None), dtype=object),
        revealed=log["revealed"] & ~hidden,
        event=log["event"].mask(hidden),
    )
    known = labelled(evidence_of(changed, same=SAME))
    np.testing.assert_array_equal(known.rows.unseen, hidden)


def test_audits_that_know_the_verdict_or_the_analyst_are_named() -> None:
    log = reviewed_worlds.draw(6, 0.85, audit=0.2)
    assert all(abs(a.z) < 4 for a in audits(log))
    assert {a.group for a in audits(log)} == {
        ("verdict", "pass"),
        ("verdict", "decline"),
        ("verdict", "late"),
        ("reviewer", "ann"),
    }
    knows = log.assign(
        reviewer=log["reviewer"].mask(log["verdict"].notna() & (log["subject"] % 3 == 0), "bob")
    )
    bobs = knows["reviewer"].eq("bob")
    told = reviewed_worlds.decided(knows.assign(audited=log["audited"] & ~bobs))
    with pytest.raises(LogError, match=r'reviewer "bob" the audit drew 0 and .* were expected'):
        measure(told, reading=Reading(same_outcome=SAME))
    without = told.drop(columns="audit_q")  # by what the verdicts left to it alone
    with pytest.raises(LogError, match=r'"bob" the audit drew 0'):
        measure(without, reading=Reading(same_outcome=SAME))


def test_few_expected_audits_are_no_reason_for_suspicion() -> None:
    log = pd.DataFrame(
        {"verdict": ["decline"] * 20, "q": 0.05, "audited": [True] * 5 + [False] * 15}
    )
    [found] = audits(log)
    assert (found.audited, round(found.expected, 9)) == (5, 1)
    assert 2.5 < found.z < 4  # (5 − 1)/√.95 is 4.1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"q": None}, "q is null or outside"),
        ({"q": 1.5}, "q is null or outside"),
        ({"verdict": None}, "q lies below 1 where no verdict is there"),
        ({"verdict": None, "q": None}, "a reviewed row has no verdict"),
        ({"audited": False, "revealed": True, "event": 1.0}, "the verdict kept hidden"),
        ({"audited": None}, "audited is null"),
        ({"verdict": " "}, "verdict is blank"),
    ],
)
def test_reviews_that_contradict_themselves_are_refused(change: dict, said: str) -> None:
    log = reviewed_worlds.draw(1, 0.85, n=600).astype({"audited": object, "event": object})
    row = int(np.flatnonzero(log["verdict"].eq("decline") & ~log["audited"].astype(bool))[0])
    for name, value in change.items():
        log.loc[row, name] = value
    with pytest.raises(LogError, match=said):
        measure(log, reading=Reading(same_outcome=SAME))


def test_verdicts_need_the_audits_columns() -> None:
    log = reviewed_worlds.draw(1, 0.85, n=600)
    for column in ("q", "audited"):
        with pytest.raises(LogError, match=f'has verdicts and no column "{column}"'):
            measure(log.drop(columns=column))


@pytest.mark.slow
def test_the_catch_rate_weighs_the_audited_and_counts_each_analyst() -> None:
    log = reviewed_worlds.draw(8, 0.5, n=20_000, audit=0.3)
    log["reviewer"] = log["reviewer"].mask(
        log["reviewer"].notna() & (log["subject"] % 40 == 0), "zoe"
    )
    found = catch_rate(evidence_of(log, same=SAME))
    assert found["reviewer"].isna().tolist() == [True, False, False]
    assert list(found["reviewer"][1:]) == ["ann", "zoe"]
    told = log["verdict"].isin(["pass", "decline"])
    true = log[told & log["y"].eq(1)]["verdict"].eq("decline").mean()
    every = found.iloc[0]
    assert every["low"] < true < every["high"] and every["high"] - every["low"] < 0.12
    assert every["late"] == log["verdict"].eq("late").sum()
    assert found.iloc[2]["status"].endswith("30 are needed") and pd.isna(found.iloc[2]["value"])
    naive = log[told & log["revealed"]]
    unweighted = naive[naive["y"].eq(1)]["verdict"].eq("decline").mean()
    assert unweighted < every["low"], "unweighted, the audited hide how much is caught"


@pytest.mark.slow
def test_what_a_watch_has_shown_rests_on_no_later_verdict() -> None:
    log = reviewed_worlds.draw(9, 0.85, n=4_000, audit=0.3)
    log["as_of"] = pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(
        np.arange(4_000) * 56 // 4_000, unit="D"
    )
    whole = release(evidence_of(log, same=SAME), [])
    early = log["as_of"] < pd.Timestamp("2026-02-02", tz="UTC")
    part = release(evidence_of(log[early].reset_index(drop=True), same=SAME), [])
    assert 0 < len(part) < len(whole)
    np.testing.assert_array_equal(part.a, whole.a[: len(part)])
    assert (whole.last != whole.m).sum() > 100
