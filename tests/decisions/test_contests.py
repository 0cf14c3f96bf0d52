"""A contest is opened once, decided once, by another person, and overrides after the draw."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from truerisk.cli import app
from truerisk.decisions.contests import Answer, contests, decide_contest, open_contest
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit, decision_log
from truerisk.errors import ProblemError, RegistryError, TrueriskError
from truerisk.features.dataset import build_dataset
from truerisk.lake.lake import Lake
from truerisk.lake.tables import contests_of
from truerisk.problem.spec import Problem
from truerisk.registry.verify import sentence, verify

Make = Callable[..., Any]
VIEW = "My income was typed in wrongly"
NOW = pd.Timestamp("2027-01-01", tz="UTC")
CHANGE = Answer(outcome="changed", by="Ana Ruiz", because="The payslip shows it", action="approve")


@pytest.fixture
def problem(lender: Make) -> Problem:
    return lender(
        contest={"answer_within": "30d", "within": "3000d"}, features={"columns": ["amount", "age"]}
    )


@pytest.fixture
def decided(lake: Lake, problem: Problem, make_scored: Make, make_batch: Make) -> pd.DataFrame:
    scored = make_scored(60)
    source = scored.drop(columns="score").rename(
        columns={"subject": "customer_id", "as_of": "applied_at"}
    )
    lake.append("applications", source, "application_id")
    followed = source[["application_id"]].assign(
        defaulted=0, observed_at=source["applied_at"] + pd.Timedelta("10D")
    )
    lake.append("outcomes", followed, "application_id")
    made = decide(problem, scored, make_batch(features=["amount", "age"]))
    commit(problem, lake, made)
    return made


def one(decided: pd.DataFrame, action: str) -> str:
    return str(decided.loc[decided["action"] == action, "decision_id"].iloc[0])


def test_a_contest_has_its_view_facts_clock_reviewer_and_outcome(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    first, second = decided.loc[decided["action"] == "decline", "decision_id"].iloc[:2]
    assert contests(problem, lake).empty
    view = "می\u200cخواهم 👨\u200d👩\u200d👧,\nein\u00adkommen\u00a05 % \u200fשלום"  # any script
    facts = ["A payslip", "A letter"]
    made = open_contest(problem, lake, first, view.replace("\n", "\r\n"), "Tom Lee", facts, NOW)
    open_contest(problem, lake, second, VIEW, "Tom Lee", at=NOW + pd.Timedelta("1D"))
    rows = contests(problem, lake, NOW + pd.Timedelta("30.5D"))
    assert rows["state"].tolist() == ["overdue", "open"]
    assert rows.loc[0, "due"] == NOW + pd.Timedelta("30D")
    assert rows.loc[0, "facts"] == ["A payslip", "A letter"] and rows.loc[0, "view"] == view
    assert decide_contest(problem, lake, made, CHANGE, NOW + pd.Timedelta("2D")) == "approve"
    rows = contests(problem, lake, NOW + pd.Timedelta("3D"))
    assert rows["state"].tolist() == ["open", "changed"]
    assert rows.loc[1, ["reviewer", "action", "because"]].tolist() == [
        "Ana Ruiz",
        "approve",
        "The payslip shows it",
    ]
    assert contests(problem, lake, NOW + pd.Timedelta("1.5D"))["state"].eq("open").all()
    upheld = Answer(outcome="upheld", by="Ana Ruiz", because="Nothing new")
    assert decide_contest(problem, lake, second, upheld, NOW + pd.Timedelta("4D")) == "decline"
    found = {v.table: v for v in verify(lake)}[contests_of(problem.name)]
    assert found.links == 4 and not found.breaks and sentence(lake, [found]) == ""


def refused(call: Callable[[], object], match: str, kind: type = RegistryError) -> None:
    with pytest.raises(kind, match=match) as told:
        call()
    assert VIEW not in str(told.value)


def test_what_is_not_allowed_is_one_sentence_and_writes_nothing(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    own = one(decided, "decline")
    table = contests_of(problem.name)

    def open_(**changed: Any) -> str:
        given = {"decision_id": own, "view": VIEW, "by": "Tom Lee", "at": NOW, **changed}
        return open_contest(problem, lake, **given)

    def answer(contest: str = own, at: object = NOW, **changed: Any) -> str:
        return decide_contest(problem, lake, contest, Answer(**{**vars(CHANGE), **changed}), at)

    refused(lambda: open_(decision_id="0" * 20), "has no decision of that id")
    refused(lambda: open_(decision_id="' OR 1=1 --"), "has no decision of that id")
    refused(lambda: open_(view="  "), "--view is empty")
    refused(lambda: open_(view="x" * 5_000), "5,000 characters")
    refused(lambda: open_(view=f"{VIEW}\x07"), "not seen")
    refused(lambda: open_(view=f"{VIEW}\u202e"), "not seen")
    refused(lambda: open_(view="\u200b \n"), "--view is empty")
    refused(lambda: open_(view=None), "--view is no text")
    refused(lambda: open_(facts=[""]), "--fact is empty")
    refused(lambda: open_(facts="A payslip"), "give a list of texts")
    refused(lambda: open_(by=None), "give --by")
    refused(lambda: open_(decision_id=7), "has no decision of that id")
    refused(lambda: open_(by="admin"), "no person's name")
    refused(lambda: open_(at="2020-01-01"), "before the decision")
    refused(answer, "Nobody contested this decision;")
    refused(lambda: answer("0" * 20), "has no decision of that id")
    bare = problem.model_copy(update={"contest": None})
    refused(lambda: open_contest(bare, lake, own, VIEW, "A B"), "answer_within =", ProblemError)
    late = NOW + pd.Timedelta("3650D")
    refused(lambda: open_(at=late), "could be contested until .* UTC .contest.within when it was")
    assert lake.version(table) is None

    made = open_()
    before = lake.version(table)
    refused(open_, "Tom Lee opened a contest of this decision on 2027-01-01 00:00 UTC already")
    refused(lambda: answer(f"{own}-2"), "under that id")
    refused(lambda: answer(outcome="lost"), "--outcome is 'lost'; a contest is upheld")
    refused(lambda: answer(action=""), "--action is missing; .* approve or decline")
    refused(lambda: answer(action="lend"), "--action is 'lend'")
    refused(lambda: answer(action="decline"), 'is "decline" already')
    refused(lambda: answer(outcome="upheld"), "keeps its action")
    refused(lambda: answer(by="root"), "no person's name")
    refused(lambda: answer(because=""), "give --because")
    refused(lambda: answer(at=NOW - pd.Timedelta("1D")), "before it was opened")
    assert lake.version(table) == before
    answer()
    refused(answer, "Ana Ruiz decided this contest on 2027-01-01 00:00 UTC already .changed.")
    assert open_(at=NOW + pd.Timedelta("1D")) == f"{own}-2" != made
    again = {"at": NOW + pd.Timedelta("2D"), "by": "Kim Park"}
    refused(lambda: answer(**again), 'is "approve" already')
    refused(lambda: answer(**{**again, "by": "Ana  ruiz"}), "Ana ruiz made the change that is con")
    assert lake.version(table) == before + 2  # type: ignore[operator]


@pytest.mark.slow
def test_who_gave_the_verdict_does_not_decide_its_contest(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    own = one(decided, "decline")
    given = pd.DataFrame({"decision_id": [own], "by": ["Ana  RUIZ"]})
    lake.append(f"verdicts/{problem.name}", given, "decision_id")
    open_contest(problem, lake, own, VIEW, "Tom Lee", at=NOW)
    refused(lambda: decide_contest(problem, lake, own, CHANGE, NOW), "Ana Ruiz gave the verdict")
    other = Answer(**{**vars(CHANGE), "by": "Kim Park"})
    assert decide_contest(problem, lake, own, other, NOW) == "approve"


@pytest.mark.slow
def test_of_many_at_once_one_opens_and_one_decides(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    own = one(decided, "decline")

    def tried(call: Callable[[int], object], n: int) -> list[str]:
        def told(i: int) -> str:
            try:
                call(i)
            except TrueriskError as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(n) as pool:
            return list(pool.map(told, range(n)))

    names = ["Ana Ruiz", "Tom Lee", "Kim Park", "Lea Roth"]
    said = tried(lambda i: open_contest(problem, lake, own, VIEW, names[i], at=NOW), 4)
    assert sorted(map(bool, said)) == [False, True, True, True]
    winner = names[said.index("")]
    assert all(f"{winner} opened" in text for text in said if text)
    by = [Answer(**{**vars(CHANGE), "by": name}) for name in names]
    said = tried(lambda i: decide_contest(problem, lake, own, by[i], NOW), 4)
    assert sorted(map(bool, said)) == [False, True, True, True]
    assert len(lake.read(contests_of(problem.name))) == 2
    assert not any(v.breaks for v in verify(lake))


@pytest.mark.slow
def test_a_changed_decision_is_an_override_and_no_label(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    declined, approved = one(decided, "decline"), one(decided, "approve")
    back = decided.loc[decided["action"].eq("approve"), "decision_id"].iloc[-1]

    def change(own: str, to: str, days: float, by: str = "Ana Ruiz") -> None:
        at = NOW + pd.Timedelta(days, "D")
        open_contest(problem, lake, own, VIEW, "Tom Lee", at=at)
        answer = Answer(outcome="changed", by=by, because="New facts", action=to)
        decide_contest(problem, lake, own, answer, at)

    change(declined, "approve", 1)
    change(approved, "decline", 1)
    change(back, "decline", 1)
    change(back, "approve", 2, "Kim Park")  # what was decided holds again, and is a label
    later = NOW + pd.Timedelta("60D")
    log = decision_log(problem, lake, later).set_index("decision_id")
    assert log["override"].dropna().to_dict() == {declined: "approve", approved: "decline"}
    before = decision_log(problem, lake, NOW).set_index("decision_id")
    assert before["override"].isna().all()  # what was not known yet
    same = ["action", "p_reveal", "p_approve", "p_decline", "score", "explored"]
    pd.testing.assert_frame_equal(log[same], before[same])
    assert not log.loc[declined, "revealed"]
    years = problem.training.model_copy(update={"window": pd.Timedelta("3650D")})
    trained = problem.model_copy(update={"training": years})
    made = build_dataset(trained, lake, later)
    labels = made.frame.set_index("application_id")["event"]
    key = log["application_id"]
    assert labels[key[[declined, approved]]].isna().all()
    assert labels.notna().sum() == log["action"].eq("approve").sum() - 1
    assert labels.notna().sum() == (log["revealed"] & log["override"].isna()).sum()
    other = decided.loc[decided["action"].eq("approve"), "decision_id"].iloc[2]
    change(other, "decline", 3)  # was not known to whoever pinned the lake before
    again = build_dataset(trained, lake, later, made.versions)
    assert again.fingerprint == made.fingerprint
    assert build_dataset(trained, lake, later).fingerprint != made.fingerprint
    pinned = decision_log(problem, lake, later, made.versions)
    assert pinned["override"].count() == 2


@pytest.mark.slow
def test_the_commands_open_decide_and_list(
    lake: Lake, problem: Problem, decided: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("truerisk.commands.contest.find", lambda name: problem)
    own = one(decided, "decline")
    where = ["--problem", "small", "--lake", lake.root]

    def run(*words: str) -> str:
        done = CliRunner(env={"COLUMNS": "140"}).invoke(app, ["contest", *words, *where])
        assert done.exit_code == 0, (done.output, done.exception)
        assert VIEW not in done.output or "--json" in words
        return done.output

    assert "Nobody contested" in run("list")
    said = run("open", own, "--view", VIEW, "--fact", "A payslip", "--by", "Tom Lee")
    assert f"Contest {own}-1 is open" in said
    changed = ("--outcome", "changed", "--action", "approve", "--by", "Ana Ruiz")
    said = run("decide", f"{own}-1", *changed, "--because", "It is so")
    assert "changed by Ana Ruiz; its action is approve" in said
    assert f"{own}-1" in run("list")
    listed = json.loads(run("list", "--json"))
    assert listed[0]["view"] == VIEW and listed[0]["facts"] == ["A payslip"]
    assert listed[0]["state"] == "changed" and listed[0]["due"].endswith("Z")
