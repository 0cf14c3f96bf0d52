"""From the draw of the audit over queue and verdict to what is measured and trained on."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.decisions.review.analyst import judged
from truerisk.cli import app
from truerisk.decisions.contests import Answer, contests, decide_contest, open_contest
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit, decision_log, read_ledger
from truerisk.decisions.review.queue import acted, queue, queue_counts
from truerisk.decisions.review.verdicts import give_verdict, give_verdicts
from truerisk.errors import RegistryError, TrueriskError
from truerisk.features.dataset import build_dataset
from truerisk.jobs.measure_ledger import measure_ledger
from truerisk.lake.lake import Lake
from truerisk.lake.reviews import verdicts
from truerisk.lake.tables import contests_of, verdicts_of
from truerisk.measurement.catch_rate import catch_rate
from truerisk.measurement.contested import contested
from truerisk.measurement.evidence.draws import draws
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.measure import measure
from truerisk.measurement.options import Reading
from truerisk.problem.spec import Problem
from truerisk.registry.verify import verify

Make = Callable[..., Any]

LATER = pd.Timestamp("2025-03-12", tz="UTC")
MATURE = pd.Timestamp("2026-03-12", tz="UTC")
MUCH_LATER = pd.Timestamp("2030-01-01", tz="UTC")  # than anybody's clock
SAME = Reading(same_outcome={"review": "approve"})


@pytest.fixture
def bad(lake: Lake, decided: pd.DataFrame) -> pd.Series:
    return lake.read("outcomes").set_index("application_id")["defaulted"].astype(bool)


def test_the_audit_is_drawn_before_and_nobody_who_reviews_sees_it(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    reviewed = decided["action"].eq("review")
    assert reviewed.sum() > 100 and (reviewed & decided["explored"]).sum() > 20
    q, z = decided["audit_q"], decided["audited"]
    assert q.notna().equals(reviewed) and z.notna().equals(reviewed)
    assert decided["review_due"].notna().equals(reviewed)
    pi = decided.loc[reviewed, "p_reveal"]
    np.testing.assert_allclose(q[reviewed], np.maximum(0.25, np.minimum(1, 0.02 / pi)))
    mine = decided[reviewed & decided["explored"]]
    drawn = mine["exploration_u"] < mine["audit_q"]
    assert not drawn.equals(mine["audited"].astype(bool)), "by another word than exploration's"
    waiting = queue(problem, lake, LATER - pd.Timedelta("9D"))
    hidden = ("audit", "explor", "p_", "propensity", "own_", "score", "model", "expected")
    assert not [c for c in waiting if c.startswith(hidden)]
    assert waiting["due"].is_monotonic_increasing


def test_a_verdict_counts_once_by_name_and_the_second_is_told_who_gave_the_first(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    first, second = _ids(decided)[:2]
    at = decided["as_of"].max()
    give_verdict(problem, lake, first, "pass", "Called the employer", "Ana Ruiz", at)
    refuse = pytest.raises(RegistryError, match=r'Ana Ruiz gave the verdict "pass"')
    with refuse:
        give_verdict(problem, lake, first, "decline", "No answer", "Tom Lee", at)
    both = pd.DataFrame(
        {"decision_id": [second, first], "verdict": "pass", "because": "Fine", "by": "Tom Lee"}
    )
    with pytest.raises(RegistryError, match="Ana Ruiz gave"):
        give_verdicts(problem, lake, both, at)
    assert len(verdicts(problem, lake)) == 1, "all of them or none"
    [found] = [v for v in verify(lake) if v.table == verdicts_of(problem.name)]
    assert found.links == 1 and not found.breaks


def _ids(decided: pd.DataFrame, action: str = "review") -> list[str]:
    return decided.loc[decided["action"].eq(action), "decision_id"].tolist()


@pytest.mark.slow
def test_of_two_people_at_once_one_is_told_about_the_other(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    one, at = _ids(decided)[0], decided["as_of"].max()

    def say(by: str) -> str:
        try:
            give_verdict(problem, lake, one, "pass", "Fine", by, at)
        except RegistryError as error:
            return str(error)
        return ""

    people = ["Ana Ruiz", "Tom Lee", "Mia Wong"]
    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(say, people))
    assert said.count("") == 1
    winner = people[said.index("")]
    assert all(f"{winner} gave the verdict" in text for text in said if text)
    assert len(verdicts(problem, lake)) == 1


REFUSED: list[tuple[dict, str]] = [
    ({"decision_id": "0" * 20}, "has no decision of the id in the verdict"),
    ({"verdict": "maybe"}, "verdict 'maybe' is none that small has; allowed: decline or pass"),
    ({"verdict": "late"}, "verdict 'late' is none"),
    ({"by": "bot"}, "is no person's name"),
    ({"because": " "}, "a reason"),
    ({"at": pd.Timestamp("2025-01-01", tz="UTC")}, "before its application came"),
]


def test_what_is_no_verdict_is_refused_and_nothing_is_written(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    row = {
        "decision_id": _ids(decided)[0], "verdict": "pass", "because": "Fine", "by": "Ana Ruiz",
        "at": LATER,
    }  # fmt: skip
    for change, said in REFUSED:
        with pytest.raises(RegistryError, match=said):
            give_verdict(problem, lake, **row | change)
    other = _ids(decided, "approve")[0]
    with pytest.raises(RegistryError, match='the verdict is on "approve"; only review'):
        give_verdict(problem, lake, **row | {"decision_id": other})
    one = pd.DataFrame([row])
    for frame, told in (
        (None, "a table with a row each"),
        (pd.concat([one, one], axis=1), ", once"),
        (one.assign(at=pd.NaT), "at is missing in the verdict; give when"),
        (one.assign(by=5.0), "no person's name|give --by"),
    ):
        with pytest.raises(RegistryError, match=told):
            give_verdicts(problem, lake, frame)
    assert lake.version(verdicts_of(problem.name)) is None


@pytest.mark.slow
def test_an_outcome_counts_only_where_the_row_passed(
    lake: Lake, problem: Problem, decided: pd.DataFrame, bad: pd.Series
) -> None:
    waiting = decided[decided["action"].eq("review")]
    given = judged(waiting, bad, 0.8)
    assert give_verdicts(problem, lake, given) == len(given)
    counts = queue_counts(problem, lake, LATER)
    assert counts["waiting"] == 0 and counts["late"] == len(waiting) - len(given)
    assert counts["verdict_pass"] + counts["verdict_decline"] == len(given)
    log = decision_log(problem, lake, MATURE).set_index("decision_id")
    said = given.set_index("decision_id")["verdict"].reindex(waiting["decision_id"]).fillna("late")
    own = log.loc[waiting["decision_id"]]
    assert own["verdict"].tolist() == said.tolist()
    passes = said.eq("pass") | waiting.set_index("decision_id")["audited"].astype(bool)
    assert own["revealed"].equals(passes.rename("revealed")) and own["override"].isna().all()
    assert own.loc[said.eq("pass"), "q"].eq(1).all() and (own.loc[said.ne("pass"), "q"] < 1).all()
    done = acted(problem, lake, LATER).set_index("decision_id")["action"]
    assert done.eq("approve").reindex(passes.index).equals(passes.rename("action"))
    found = measure(log.reset_index())  # the log says which actions show one outcome
    pd.testing.assert_frame_equal(found, measure(log.reset_index(), reading=SAME))
    row = found[
        found["metric"].eq("event_rate") & found["estimator"].eq("dr")
        & found["population"].eq("eligible") & found["group"].eq("")
    ].iloc[0]  # fmt: skip
    assert row["status"] == "ok"
    true = bad[log.loc[log["p_reveal"] > 0, "application_id"]].mean()
    assert row["low"] < true < row["high"]
    assert catch_rate(log.reset_index())["reviewer"].tolist()[1:] == ["Ana Ruiz", "Tom Lee"]
    data = build_dataset(problem, lake, MATURE)
    frame = data.frame.set_index("application_id")
    labelled = frame.loc[waiting["application_id"], "event"].notna()
    assert labelled.to_numpy().tolist() == passes.tolist(), "declined rows are no labels"
    chance = frame.loc[waiting["application_id"], "p_reveal"].to_numpy()
    np.testing.assert_allclose(chance, own["p_reveal"] * own["q"])
    assert data.versions[verdicts_of(problem.name)] == lake.version(verdicts_of(problem.name))


@pytest.mark.slow
def test_every_application_matures_when_reviews_of_its_day_are_over(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    horizon, last = problem.outcome.horizon, decided["as_of"].max()
    wait = pd.Timedelta(horizon) + pd.Timedelta("1D")
    before = decision_log(problem, lake, last + wait - pd.Timedelta("1s"))
    assert not before["mature"].iloc[-1] and before["mature"].iloc[0]
    assert decision_log(problem, lake, last + wait)["mature"].all()


@pytest.mark.slow
def test_a_verdict_that_comes_too_late_is_a_change_by_hand(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    own = decided[decided["action"].eq("review")]
    hidden = own.loc[~own["audited"].astype(bool), "decision_id"].iloc[0]
    seen = own.loc[own["audited"].astype(bool), "decision_id"].iloc[0]
    for one in (hidden, seen):
        give_verdict(problem, lake, one, "pass", "Called at last", "Ana Ruiz", LATER)
    log = decision_log(problem, lake, MATURE).set_index("decision_id")
    assert log.loc[hidden, ["verdict", "override", "revealed"]].tolist() == [
        "late",
        "approve",
        True,
    ]
    assert log.loc[seen, "verdict"] == "late" and pd.isna(log.loc[seen, "override"])
    assert log.loc[seen, "revealed"] and pd.isna(log.loc[hidden, "reviewer"])
    done = acted(problem, lake, MATURE).set_index("decision_id")["action"]
    assert done[[hidden, seen]].tolist() == ["approve", "approve"]
    frame = build_dataset(problem, lake, MATURE).frame.set_index("application_id")["event"]
    key = decided.set_index("decision_id")["application_id"]
    assert pd.isna(frame[key[hidden]]) and pd.notna(frame[key[seen]])
    assert len(measure(log.reset_index(), reading=SAME))


@pytest.mark.slow
def test_a_contest_of_a_verdict_is_an_override_unless_it_changes_nothing(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    own = decided[decided["action"].eq("review")]
    audited, other = (
        own.loc[own["audited"].astype(bool) == a, "decision_id"].iloc[0] for a in (True, False)
    )
    answer = Answer(outcome="changed", by="Tom Lee", because="A payslip", action="approve")
    given = own[own["decision_id"].isin([audited, other])]
    give_verdicts(
        problem,
        lake,
        given[["decision_id"]].assign(
            verdict="decline",
            because="No answer",
            by="Ana Ruiz",
            at=given["as_of"] + pd.Timedelta("1h"),
        ),
    )
    for one in (audited, other):
        open_contest(problem, lake, one, "My income", "Tom Lee", at=MUCH_LATER)
        decide_contest(problem, lake, one, answer, MUCH_LATER)
    log = decision_log(problem, lake, MUCH_LATER).set_index("decision_id")
    assert log.loc[other, "override"] == "approve" and pd.isna(log.loc[audited, "override"])
    assert len(measure(log.reset_index(), reading=SAME))


@pytest.mark.slow
def test_the_commands_list_decide_and_refuse(
    lake: Lake, problem: Problem, decided: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("truerisk.commands.queue.find", lambda name: problem)
    run: Callable[..., Any] = CliRunner().invoke
    at = ["--problem", "small", "--lake", lake.root]
    said = run(app, ["queue", *at])
    assert said.exit_code == 0 and "were reviewed" in said.output
    told = run(app, ["queue", "list", *at, "--json"])
    listed = json.loads(told.output)
    assert listed == [], "all are past due by now"
    one = _ids(decided)[0]
    told = ["--because", "Fine", "--by", "Ana Ruiz"]
    said = run(app, ["queue", "verdict", one, "pass", *told, *at])
    assert said.exit_code == 0 and "counts as a change by hand" in said.output
    again = run(app, ["queue", "verdict", one, "pass", *told, *at])
    assert isinstance(again.exception, TrueriskError)


def test_a_problem_without_reviews_has_no_queue(
    make_problem: Callable[..., Problem], lake: Lake
) -> None:
    plain = make_problem()
    assert queue(plain, lake).empty and queue_counts(plain, lake)["reviewed"] == 0
    with pytest.raises(RegistryError, match="no action is a review"):
        give_verdict(plain, lake, "0" * 20, "pass", "Fine", "Ana Ruiz")


@pytest.mark.slow
def test_a_ledger_with_reviews_is_measured_and_draws_of_a_data_set_are_those_of_its_chances(
    lake: Lake, problem: Problem, decided: pd.DataFrame, bad: pd.Series
) -> None:
    give_verdicts(problem, lake, judged(decided[decided["action"].eq("review")], bad, 0.8))
    log = decision_log(problem, lake, MATURE)
    assert log["event"].eq(0).any() and log["event_at"].isna()[log["event"].eq(0)].all()
    told = measure_ledger(problem, lake, log, MATURE)
    assert "Vintages cannot" not in told.page
    estimates = told.estimates
    for said in ("went to review", "were late", "Ana Ruiz", "Beyond 4 standard deviations"):
        assert said in told.page
    found = estimates[estimates["metric"].eq("event_rate") & estimates["estimator"].eq("dr")]
    assert found["action"].isna().all() and found["value"].notna().any()
    frame = build_dataset(problem, lake, MATURE).frame
    judging = frame.assign(score=0.2, revealed=frame["event"].notna())
    [every, *_] = draws(judging, ())
    left = decided["p_reveal"].between(0, 1, inclusive="neither")
    assert every.drawn == decided.loc[left, "action"].ne("decline").sum()
    assert every.expected == pytest.approx(decided.loc[left, "p_reveal"].sum())
    assert every.p > 0.01


@pytest.mark.slow
def test_open_reviews_hinder_no_estimate_of_those_that_are_over(
    lake: Lake, problem: Problem, decided: pd.DataFrame, bad: pd.Series
) -> None:
    early = decided[decided["as_of"] < decided["as_of"].min() + pd.Timedelta("5D")]
    give_verdicts(problem, lake, judged(early[early["action"].eq("review")], bad, 0.8))
    now = decided["as_of"].min() + problem.outcome.horizon + pd.Timedelta("5D")
    log = decision_log(problem, lake, now)
    part = log["mature"].to_numpy()
    open_ = log.assign(verdict=log["verdict"].where(part, None), q=log["q"].where(part))
    assert part.any() and not part.all()
    known = evidence_of(open_, same=problem.same_outcome)
    supposed = known.as_if_mature(known.every["revealed"].to_numpy() & part, known.every["event"])
    assert len(supposed.rows) == len(log) and len(measure(known))


def test_who_waits_for_a_person_contests_when_the_verdict_is_there(
    lake: Lake, problem: Problem, make_scored: Make, make_batch: Make
) -> None:
    """And a verdict after a contest is the contest's to say."""
    scored = make_scored(60, seed=2)
    scored["as_of"] += pd.Timedelta(3_650, "D")  # what is decided now is not due yet
    made = decide(problem, scored, make_batch(features=["amount", "age"]))
    commit(problem, lake, made)
    one, two = _ids(made)[:2]
    due = made.set_index("decision_id")["review_due"]
    for own in (one, two):
        with pytest.raises(RegistryError, match=r"waits for a person's verdict until 20[0-9-]+ "):
            open_contest(problem, lake, own, "See it", "Kim Park", at=due[own] - pd.Timedelta("1h"))
    assert lake.version(contests_of(problem.name)) is None
    give_verdict(problem, lake, one, "decline", "Wrong", "Ana Ruiz", due[one] - pd.Timedelta("1h"))
    late = due.max() + pd.Timedelta("1D")
    for own in (one, two):
        open_contest(problem, lake, own, "See it", "Kim Park", at=late)
    with pytest.raises(RegistryError, match="contested this decision; what a person"):
        give_verdict(problem, lake, two, "pass", "Fine", "Tom Lee", late)
    assert len(verdicts(problem, lake)) == 1

    def answer(contest: str, outcome: str, action: str = "", by: str = "Tom Lee") -> str:
        said = Answer(outcome=outcome, by=by, because="So", action=action)  # type: ignore[arg-type]
        return decide_contest(problem, lake, contest, said, late)

    for action, said in (("decline", 'is "decline" already'), ("review", "approve or decline")):
        with pytest.raises(RegistryError, match=said):
            answer(one, "changed", action)
    assert answer(two, "upheld") == "decline" and answer(one, "changed", "approve") == "approve"
    rows = contests(problem, lake, late).set_index("decision_id")
    assert rows["was"].to_dict() == {one: "decline", two: "decline"}
    log = read_ledger(problem, lake)
    own = log.set_index("decision_id").loc[one]
    p = own["score"]
    gain = p * own["value_approve_if_event"] + (1 - p) * own["value_approve_if_no_event"]
    assert contested(log, rows.reset_index())["dollars"].iloc[0] == pytest.approx(gain)
