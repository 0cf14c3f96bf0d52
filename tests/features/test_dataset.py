"""Labels as they were known: whole horizons only, and no row taken for what it does not say."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from truerisk.errors import ProblemError, SourceError
from truerisk.features.dataset import Dataset, build_dataset
from truerisk.lake.lake import Lake, open_lake

DAY = pd.Timedelta(1, "D")
APPLIED = pd.Timestamp("2024-01-01", tz="UTC")
KNOWN = APPLIED + 40 * DAY  # with a horizon of 30 days
Make = Callable[..., Any]

# name: (applied on day, event, observed on day or None) → label, or None where there is none
CASES = {
    "event at once": ((0, 1, 0), 1),
    "event at the horizon": ((0, 1, 30), 1),
    "event past the horizon": ((0, 1, 30.001), 0),
    "event past known_at": ((0, 1, 90), 0),
    "no event, followed past known_at": ((0, 0, 200), 0),
    "no event, followed past the horizon": ((0, 0, 35), 0),
    "closed before the horizon": ((0, 0, 12), 0),
    "mature to the instant": ((10, 1, 20), 1),
    "a moment too young, with its event": ((10.001, 1, 20), None),
    "young, closed": ((20, 0, 25), None),
    "lost from sight": ((0, None, None), None),
}


def build(lake: Lake, problem: Any, known_at: object = KNOWN) -> Dataset:
    return build_dataset(problem, lake, known_at)


def fill(lake: Lake, cases: dict[str, Any] = CASES) -> Lake:
    """Append applications and outcomes by the names of the cases."""
    rows = pd.DataFrame([case for case, _ in cases.values()], columns=["applied", "bad", "seen"])
    rows = rows.assign(application_id=list(cases), customer_id=range(len(cases)), amount=5.0)
    for column, time in [("applied", "applied_at"), ("seen", "observed_at")]:
        rows[time] = APPLIED + pd.to_timedelta(rows[column], unit="D")
    applications = rows[["application_id", "customer_id", "applied_at", "amount"]]
    lake.append("applications", applications, "application_id")
    followed = rows[rows["bad"].notna()].assign(defaulted=rows["bad"].astype("Int64"))
    outcomes = followed[["application_id", "defaulted", "observed_at"]]
    lake.append("outcomes", outcomes, "application_id")
    return lake


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """All cases in a lake that no test writes to."""
    return fill(open_lake(tmp_path_factory.mktemp("lake")))


@pytest.fixture(scope="module")
def known(world: Lake, make_problem: Make) -> Dataset:
    """The cases as known at KNOWN."""
    return build(world, make_problem())


def test_every_kind_of_application_gets_the_label_it_had(known: Dataset) -> None:
    frame = known.frame.set_index("application_id")
    labels = {key: None if pd.isna(v) else int(v) for key, v in frame["event"].items()}
    assert labels == {name: label for name, (_, label) in CASES.items()}
    young = ["a moment too young, with its event", "young, closed"]
    assert sorted(frame.index[~frame["mature"]]) == sorted(young)
    told = {"closed", "event_at", "followed_until"}
    assert not told & set(frame), "what is known of the young is no label and no feature"


@pytest.mark.slow
def test_what_was_counted_is_reported(known: Dataset) -> None:
    assert known.counts == {
        "applications": 11,
        "mature": 9,
        "followed": 8,
        "events": 3,
        "closed early": 1,
        "without an outcome": 1,
    }


def test_a_label_never_changes_once_it_is_known(
    known: Dataset, world: Lake, make_problem: Make
) -> None:
    then = known.frame.set_index("application_id")["event"].dropna()
    later = build(world, make_problem(), KNOWN + 300 * DAY).frame.set_index("application_id")
    assert later["event"][then.index].equals(then)
    assert later["event"].notna().sum() == 10


@pytest.mark.slow
def test_rows_are_the_applications_of_the_training_window_in_order_of_time(
    lake: Lake, make_problem: Make
) -> None:
    cases = {f"{n}": ((n, 0, n + 1), 0) for n in (8, 2, 5, 39, 40, 41)}
    fill(lake, cases)
    made = build(lake, make_problem(training={"window": "35d"}))
    assert made.frame["application_id"].tolist() == ["5", "8", "39"]
    assert made.frame["as_of"].tolist() == [APPLIED + n * DAY for n in (5, 8, 39)]
    assert made.known_at == KNOWN


def test_applications_that_arrived_after_known_at_are_not_known(
    known: Dataset, world: Lake, make_problem: Make
) -> None:
    late = build(world, make_problem(sources={"applications": {"delay": "35d"}}))
    assert len(known.frame) - len(late.frame) == 3
    assert late.frame["as_of"].max() + 35 * DAY <= KNOWN


@pytest.mark.slow
def test_the_event_may_be_an_expression(known: Dataset, world: Lake, make_problem: Make) -> None:
    same = make_problem(outcome={"event": "case when defaulted > 0 then 1.0 else 0.0 end"})
    assert build(world, same).fingerprint == known.fingerprint


@pytest.mark.slow
def test_equal_data_have_an_equal_fingerprint_and_other_data_another(
    known: Dataset, world: Lake, make_problem: Make
) -> None:
    assert build(world, make_problem()).fingerprint == known.fingerprint
    assert build(world, make_problem(), KNOWN + DAY).fingerprint != known.fingerprint
    longer = make_problem(outcome={"horizon": "31d"})
    assert build(world, longer).fingerprint != known.fingerprint


@pytest.mark.slow
def test_pinned_versions_give_the_data_set_of_then(lake: Lake, make_problem: Make) -> None:
    first = build(fill(lake), make_problem())
    assert first.versions == {name: lake.version(name) for name in ("applications", "outcomes")}
    fill(lake, {"one more": ((0, 0, 35), 0)})
    again = build_dataset(make_problem(), lake, KNOWN, first.versions)
    assert again.fingerprint == first.fingerprint
    assert build(lake, make_problem()).fingerprint != first.fingerprint


def test_how_fresh_each_source_was_is_reported(known: Dataset) -> None:
    assert known.newest == {
        "applications": APPLIED + 20 * DAY,
        "outcomes": APPLIED + 35 * DAY,
    }


@pytest.mark.slow
def test_a_decision_of_ours_that_hid_the_outcome_leaves_no_label(
    lake: Lake, make_problem: Make
) -> None:
    fill(lake)
    decided = pd.DataFrame(
        {
            "application_id": ["event at once", "closed before the horizon"],
            "action": ["decline", "approve"],
            "p_reveal": [0.25, 0.75],
        }
    )
    lake.append("decisions/small", decided, "application_id")
    made = build(lake, make_problem())
    frame = made.frame.set_index("application_id")
    assert pd.isna(frame["event"]["event at once"])
    assert frame["event"]["closed before the horizon"] == 0
    assert frame["p_reveal"].dropna().to_dict() == dict(
        zip(decided["application_id"], decided["p_reveal"])
    )
    assert made.versions["decisions/small"] == lake.version("decisions/small")


@pytest.mark.slow
def test_nothing_mature_is_an_error_and_not_an_empty_table(world: Lake, make_problem: Make) -> None:
    said = r"no outcome has matured by 2024-01-21: of 10 .* 0 are older than the horizon"
    with pytest.raises(SourceError, match=said):
        build(world, make_problem(), APPLIED + 20 * DAY)
    with pytest.raises(SourceError, match="no application is known at 2023-12-31"):
        build(world, make_problem(), "2023-12-31")


@pytest.mark.slow
def test_an_outcome_before_its_application_is_an_error(lake: Lake, make_problem: Make) -> None:
    fill(lake, {"right": ((0, 0, 5), 0), "wrong": ((5, 1, 4.999), 0)})
    said = r'"observed_at" lies before the application in 1 of 2 rows'
    with pytest.raises(SourceError, match=said):
        build(lake, make_problem())


@pytest.mark.slow
@pytest.mark.parametrize("event", ["defaulted + 1", "'bad'", "defaulted * 0.5"])
def test_an_event_that_is_neither_0_nor_1_is_an_error(
    event: str, world: Lake, make_problem: Make
) -> None:
    with pytest.raises(SourceError, match=r"event is neither 0 nor 1 in \d+ rows"):
        build(world, make_problem(outcome={"event": event}))


def with_outcomes(query: str, **outcome: str) -> dict[str, Any]:
    """The problem with outcomes computed from the lake's."""
    stored = {"table": "outcomes"}
    return {"sources": {"stored": stored, "outcomes": {"query": query}}, "outcome": outcome}


@pytest.mark.slow
def test_an_outcome_seen_at_no_time_is_an_error(world: Lake, make_problem: Make) -> None:
    seen = "select *, case when defaulted = 1 then observed_at end as seen_at from stored"
    with pytest.raises(SourceError, match='"seen_at" is null in 4 of 11 rows'):
        build(world, make_problem(**with_outcomes(seen, observed="seen_at")))


@pytest.mark.slow
def test_the_observed_time_may_be_another_column_than_the_outcomes_time(
    known: Dataset, world: Lake, make_problem: Make
) -> None:
    late = (
        "select * exclude observed_at, observed_at as seen_at, "
        "timestamp '2030-01-01' as observed_at from stored"
    )
    made = build(world, make_problem(**with_outcomes(late, observed="seen_at")))
    assert made.fingerprint == known.fingerprint


def test_an_application_without_a_subject_is_an_error(lake: Lake, make_problem: Make) -> None:
    rows = {"application_id": [1, 2], "customer_id": ["a", None], "applied_at": APPLIED}
    lake.append("applications", pd.DataFrame({**rows, "amount": 1.0}), "application_id")
    with pytest.raises(SourceError, match='subject "customer_id" is null in 1 of 2 applications'):
        build(lake, make_problem())


def test_a_column_named_as_one_of_the_ledgers_own_is_refused(
    world: Lake, make_problem: Make
) -> None:
    with pytest.raises(ProblemError, match='the column name "score" is reserved'):
        build(world, make_problem(training={"segments": ["score"]}))


@pytest.mark.parametrize("name", ["as_of", "event", "mature", "closed"])
def test_an_entity_or_subject_named_as_what_stands_beside_it_is_refused(
    name: str, world: Lake, make_problem: Make
) -> None:
    window = {"source": "applications", "by": name, "over": ["30d"], "compute": ["count"]}
    for changed in ({"application": {"subject": name}}, {"features": {"window": [window]}}):
        with pytest.raises(ProblemError, match=f'the column name "{name}" is reserved'):
            build(world, make_problem(**changed))


def test_outcomes_count_once_they_are_available(
    known: Dataset, world: Lake, make_problem: Make
) -> None:
    """A delay makes everyone wait, events and non-events alike; a column waits row by row."""
    slow = build(world, make_problem(sources={"outcomes": {"delay": "10d"}}))
    at_once = known.frame.set_index("application_id")
    frame = slow.frame.set_index("application_id")
    assert not frame["mature"]["mature to the instant"] and at_once["mature"]["event at once"]
    waited = [k for k in frame.index if frame["mature"][k]]
    assert frame["event"][waited].equals(at_once["event"][waited])
    with pytest.raises(SourceError, match="no outcome has matured"):
        build(world, make_problem(sources={"outcomes": {"delay": "11d"}}))
    loaded = "select *, observed_at + interval 36 day as loaded_at from stored"
    by_row = with_outcomes(loaded)
    by_row["sources"]["outcomes"]["available_at"] = "loaded_at"
    labels = build(world, make_problem(**by_row)).frame.set_index("application_id")["event"]
    assert labels.dropna().index.tolist() == ["event at once"]
    never = with_outcomes("select *, timestamp '2030-01-01' as loaded_at from stored")
    never["sources"]["outcomes"]["available_at"] = "loaded_at"
    with pytest.raises(SourceError, match=r"none of these has a row .* available by then"):
        build(world, make_problem(**never))


def past_the_horizon(late: int, on_time: int, by: float) -> dict[str, Any]:
    """Events ``by`` days after a horizon of 30 days, and others well within it."""
    return {f"l{i}": ((0, 1, 30 + by), 0) for i in range(late)} | {
        f"w{i}": ((0, 1, 12), 1) for i in range(on_time)
    }


@pytest.mark.slow
def test_events_just_past_the_horizon_are_said_and_most_of_them_refused(
    lake: Lake, make_problem: Make
) -> None:
    fill(lake, past_the_horizon(2, 5, 1 / 24))
    said = build(lake, make_problem()).notes
    assert "2 of 7 known events lie after the horizon of 30 days" in said[0]
    assert "the nearest 1 hour after it" in said[0]
    assert "a date alone" in said[0], "outcomes have a time of day here, applications none"
    with pytest.raises(SourceError, match=r'most|"31d" covers nine tenths') as refused:
        build(lake, make_problem(outcome={"horizon": "11d"}))
    assert "7 of 7 known events lie after the horizon of 11 days" in str(refused.value)
    meant = make_problem(outcome={"horizon": "11d", "later_events_are_none": True})
    assert build(lake, meant).frame["event"].sum() == 0


@pytest.mark.slow
def test_labels_that_are_nearly_all_events_are_warned_of(lake: Lake, make_problem: Make) -> None:
    fill(lake, past_the_horizon(0, 25, 0))
    assert "25 of 25 labels are events" in build(lake, make_problem()).notes[0]


def test_usual_labels_need_no_note(known: Dataset) -> None:
    assert [n for n in known.notes if "labels are events" in n] == []
