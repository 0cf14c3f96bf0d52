"""A log that cannot be measured is refused with one sentence and its counts."""

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.log import NEEDED
from truerisk.measurement.evidence.outcomes import Outcome
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Changes


@pytest.fixture
def log() -> pd.DataFrame:
    return worlds.draw(0, n=600)


def first(log: pd.DataFrame, rows: pd.Series, count: int) -> pd.Index:
    """The index of the first ``count`` of these rows."""
    return log.index[rows][:count]


@pytest.mark.parametrize("column", NEEDED)
def test_a_column_that_estimates_need_is_named(log: pd.DataFrame, column: str) -> None:
    with pytest.raises(LogError, match=f'no column "{column}", without which no estimate is'):
        measure(log.drop(columns=column))


def test_a_misspelt_column_is_recognised(log: pd.DataFrame) -> None:
    with pytest.raises(LogError, match='did you mean "matured"'):
        measure(log.rename(columns={"mature": "matured"}))


@pytest.mark.parametrize(
    ("column", "rows", "value", "what"),
    [
        ("score", "revealed", 1.2, r"score lies outside \[0, 1\]"),
        ("score", "revealed", np.nan, r"score lies outside \[0, 1\]"),
        ("p_reveal", "revealed", -0.1, r"p_reveal lies outside \[0, 1\]"),
        ("p_reveal", "declined", 1.5, r"p_reveal lies outside \[0, 1\]"),
        ("p_reveal", "revealed", 0.0, "p_reveal is 0 although the outcome was revealed"),
        ("event", "revealed", 2.0, "event is neither 0 nor 1 nor null"),
        ("p_decline", "declined", 0.5, "the p_<action> do not sum to 1"),
        ("subject", "declined", np.nan, "subject is null"),
    ],
)
def test_a_contradiction_is_refused_with_its_count(
    log: pd.DataFrame, column: str, rows: str, value: float, what: str
) -> None:
    where = log["revealed"] if rows == "revealed" else ~log["revealed"]
    broken = log.copy()
    broken.loc[first(log, where, 3), column] = value
    with pytest.raises(LogError, match=rf"{what} in 3 of 600 rows"):
        measure(broken)


def test_contradictions_of_immature_rows_do_not_matter_yet(log: pd.DataFrame) -> None:
    young = log.index % 10 == 0
    broken = log.assign(mature=~young)
    broken.loc[young, ["event", "revealed"]] = [7.0, True]
    known = evidence_of(broken)
    frame, rows = known.frame, known.rows
    assert len(frame) == len(rows) == 540


def test_a_log_of_immature_rows_is_to_be_measured_later(log: pd.DataFrame) -> None:
    with pytest.raises(LogError, match=r"no mature row among its 600.*measure later"):
        measure(log.assign(mature=False))


def test_policies_need_dollars(log: pd.DataFrame) -> None:
    plain = log[[c for c in log if not c.startswith("value_")]]
    with pytest.raises(LogError, match="holds no dollars"):
        measure(plain, changes=Changes(policies=worlds.wider(log)))
    assert "policy_value" not in set(measure(plain)["metric"])


def test_an_outcome_shown_by_hand_contradicts_no_propensity(log: pd.DataFrame) -> None:
    """An absolute rule declined (π = 0), and a person approved all the same."""
    barred = log.copy()
    rows = first(log, ~log["revealed"], 3)
    barred.loc[rows, ["p_reveal", "p_approve"]] = 0.0
    barred.loc[rows, "p_decline"] = 1.0
    barred.loc[rows, "revealed"] = True
    barred.loc[rows, "event"] = 1.0
    with pytest.raises(LogError, match="p_reveal is 0"):
        _ = evidence_of(barred).rows
    barred["override"] = pd.Series("approve", index=rows, dtype="object").reindex(log.index)
    assert not evidence_of(barred).rows.seen[rows].any()


def test_what_was_seen_drawn_and_hidden_is_told_apart(log: pd.DataFrame) -> None:
    """Five kinds of rows: each is seen, unseen or neither, as its draw says."""
    approved = log["p_reveal"] == 1
    explored, declined = ~approved & log["revealed"], ~log["revealed"]
    one = {
        name: first(log, rows, 2)
        for name, rows in (("approved", approved), ("explored", explored), ("declined", declined))
    }
    edited = log.assign(override=None)
    edited.loc[[one["approved"][0], one["explored"][0]], "override"] = "decline"
    edited.loc[[one["approved"][0], one["explored"][0]], ["revealed", "event"]] = [False, np.nan]
    edited.loc[one["declined"][0], "override"] = "approve"
    edited.loc[one["declined"][0], ["revealed", "event"]] = [True, 1.0]
    edited.loc[[one["approved"][1], one["explored"][1]], ["revealed", "event"]] = [False, np.nan]
    rows = evidence_of(edited).rows
    hidden = [*one["approved"], *one["explored"]]
    assert rows.unseen[hidden].all(), "declined by hand or lost after an approval"
    assert rows.unseen.sum() == 4
    assert not rows.seen[[*hidden, *one["declined"]]].any()
    untouched = ~log.index.isin([*hidden, *one["declined"]])
    assert (rows.seen[untouched] == log.loc[untouched, "revealed"]).all()


def test_clusters_are_subjects_unless_the_log_names_others(log: pd.DataFrame) -> None:
    assert len(np.unique(evidence_of(log).rows.cluster)) == 600
    shared = log.assign(cluster=np.arange(600) // 3)
    assert len(np.unique(evidence_of(shared).rows.cluster)) == 200


def test_p_reveal_is_the_sum_of_the_actions_that_reveal(log: pd.DataFrame) -> None:
    declined = first(log, ~log["revealed"], 4)
    broken = log.copy()
    broken.loc[declined, "p_reveal"] = 0.5
    with pytest.raises(LogError, match=r"p_reveal is not the sum .* that reveal in 4 of 600 rows"):
        measure(broken)


def test_an_outcome_of_what_nobody_decided_is_refused(log: pd.DataFrame) -> None:
    undecided = log.copy()
    undecided.loc[first(log, log["revealed"], 3), "action"] = None
    with pytest.raises(LogError, match="an outcome is there and action is null in 3 of 600 rows"):
        measure(undecided)


def test_an_action_against_its_probability_is_refused(log: pd.DataFrame) -> None:
    certain = first(log, log["p_reveal"] == 1, 2)
    broken = log.copy()
    broken.loc[certain, ["action", "revealed", "event"]] = ["decline", False, np.nan]
    with pytest.raises(LogError, match="the action taken had probability 0 in 2 of 600 rows"):
        measure(broken)


def test_an_override_is_one_of_the_actions(log: pd.DataFrame) -> None:
    strange = log.assign(override=None)
    strange.loc[first(log, log["revealed"], 3), "override"] = "deny"
    with pytest.raises(LogError, match="override is none of approve, decline in 3 of 600 rows"):
        measure(strange)


def test_dollars_need_the_probability_of_what_ran(log: pd.DataFrame) -> None:
    bare = log.drop(columns=["p_approve", "p_decline"])
    with pytest.raises(LogError, match='dollars of the action "approve" and no column "p_approve"'):
        measure(bare)


def test_weights_so_large_that_an_interval_says_nothing_print_none() -> None:
    """One explored label in ten thousand stands for all the others."""
    log = worlds.draw(0, n=3_000, pi=0.12)
    rare = (log["p_reveal"] < 1) & (np.arange(3_000) % 40 == 0)
    tiny = log.assign(p_reveal=log["p_reveal"].mask(rare, 0.0002))
    tiny = tiny.assign(p_approve=tiny["p_reveal"], p_decline=1 - tiny["p_reveal"])
    shown = tiny["revealed"] | rare
    tiny = tiny.assign(revealed=shown, event=tiny["y"].where(shown))
    tiny["action"] = np.where(shown, "approve", "decline")
    found = measure(tiny)
    weighted = found[found["estimator"] != "naive"]
    assert weighted["value"].isna().all()
    assert weighted["status"].str.match(r"withheld: \d+ explored labels \(effective\)").all()
    assert (weighted["largest_weight"] == 5_000).all()
    assert found.loc[found["estimator"] == "naive", "value"].notna().any()


def test_clusters_are_connected_through_subject_or_device() -> None:
    """A and B share a device, B and C a subject: all three are one."""
    log = worlds.draw(0, n=600)
    log["device"] = log["subject"]
    log.loc[1, "device"] = log.loc[0, "device"]
    log.loc[2, "subject"] = log.loc[1, "subject"]
    cluster = evidence_of(log).rows_of(Outcome(), ["subject", "device"]).cluster
    assert cluster[0] == cluster[1] == cluster[2]
    assert len(np.unique(cluster)) == 598
