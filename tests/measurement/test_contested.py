"""Counts of contests are exact, and their dollars are those of the action before and after."""

import pandas as pd
import pytest

from truerisk.errors import LogError
from truerisk.measurement.contested import contested
from truerisk.monitoring.monitor import Monitor
from truerisk.reports.monitor.contests import contests as drawn

AT = pd.Timestamp("2027-01-01", tz="UTC")


def log(n: int = 5) -> pd.DataFrame:
    """Approving is worth 100 − 500·score, declining 0."""
    return pd.DataFrame(
        {
            "decision_id": [f"d{i}" for i in range(n)],
            "action": ["decline", "decline", "approve", "approve", "decline"],
            "score": [0.1, 0.5, 0.1, 0.4, 0.2],
            "value_approve_if_event": -400.0,
            "value_approve_if_no_event": 100.0,
            "value_decline_if_event": 0.0,
            "value_decline_if_no_event": 0.0,
        }
    )


def contest(
    i: int, state: str, reviewer: str | None, action: str | None, at: int, was: str | None = None
) -> dict:
    opened = AT + pd.Timedelta(days=at)
    return {
        "contest_id": f"d{i}-{at}",
        "decision_id": f"d{i}",
        "state": state,
        "opened_at": opened,
        "reviewer": reviewer,
        "was": was,
        "action": action,
    }


CONTESTS = pd.DataFrame(
    [
        contest(2, "changed", "Ana", "approve", 9, "decline"),  # back again: +50, not +50 − 0
        contest(0, "changed", "Ana", "approve", 0, "decline"),  # +50
        contest(1, "changed", "Tom", "approve", 1, "decline"),  # −150
        contest(2, "changed", "Tom", "decline", 2, "approve"),  # −50
        contest(3, "upheld", "Ana", None, 3),
        contest(4, "overdue", None, None, 4),
        contest(4, "open", None, None, 5),
        contest(77, "changed", "Kim", "approve", 5, "decline"),  # another model's decision
    ]
)


def test_how_many_by_whom_overturned_and_in_dollars() -> None:
    rows = contested(log(), CONTESTS).set_index("reviewer")
    assert rows.index.tolist() == ["", "Ana", "Tom"]
    counts = rows[["contests", "open", "overdue", "upheld", "changed"]].to_numpy().tolist()
    assert counts == [[7, 2, 1, 1, 4], [3, 0, 0, 1, 2], [2, 0, 0, 0, 2]]
    assert rows["overturned"].tolist() == pytest.approx([4 / 5, 2 / 3, 1])
    assert ((rows["low"] < rows["overturned"]) & (rows["overturned"] <= rows["high"])).all()
    assert rows["dollars"].tolist() == pytest.approx([-100, 100, -200])


def test_of_several_outcomes_each_action_has_its_own_score() -> None:
    """Changed from declining to an offer whose outcome is another's."""
    several = log().assign(score_approve=log()["score"], score_less=0.05)
    several["value_less_if_event"], several["value_less_if_no_event"] = -100.0, 20.0
    several["value_more_if_event"], several["value_more_if_no_event"] = -100.0, 20.0
    several.attrs["same_outcome"] = {"more": "less", "less": "less", "approve": "approve"}
    for action, worth in (("less", 14.0), ("more", 14.0), ("approve", 50.0)):
        one = pd.DataFrame([contest(0, "changed", "Ana", action, 0, "decline")])
        assert contested(several, one)["dollars"].iloc[0] == pytest.approx(worth)


def test_what_is_no_log_or_no_contests_is_refused() -> None:
    for given in ((log().drop(columns="score"), CONTESTS), (log(), CONTESTS.drop(columns="was"))):
        with pytest.raises(LogError, match=r"needs the column '(score|was)'"):
            contested(*given)


def test_none_is_a_row_of_nothing() -> None:
    rows = contested(log(), CONTESTS.iloc[:0])
    assert rows["contests"].tolist() == [0] and rows["overturned"].isna().all()
    assert rows["dollars"].tolist() == [0.0]


def test_the_page_says_them_and_who_waits_too_long() -> None:
    about = {"version": "v", "known_at": AT, "log": log(), "estimates": log()}
    made = Monitor(**about, contested=contested(log(), CONTESTS))
    text = "".join(str(block.__html__()) for block in drawn(made))
    for said in ("1 of them waits", "Ana", "80.0%", "\N{MINUS SIGN}$100", "trains no model"):
        assert said in text
    none = Monitor(**about, contested=contested(log(), CONTESTS.iloc[:0]))
    assert "Nobody contested" in str(drawn(none)[0].__html__())
