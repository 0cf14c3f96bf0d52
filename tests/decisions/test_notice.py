"""A notice gives the specific reasons, their sources and the way to contest, and nothing else."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from truerisk.cli import app
from truerisk.decisions.contests import Answer, contests, decide_contest, open_contest
from truerisk.decisions.decide import decide, describe
from truerisk.decisions.ledger import commit
from truerisk.decisions.notice import letter
from truerisk.decisions.review.verdicts import give_verdict
from truerisk.errors import ProblemError, RegistryError
from truerisk.lake.lake import Lake
from truerisk.problem.notice import Reason
from truerisk.problem.origins import origins
from truerisk.problem.spec import Problem
from truerisk.reports.letter import as_html, as_text, notice

Make = Callable[..., Any]
NOW = pd.Timestamp("2027-01-01", tz="UTC")
NEVER = re.compile(
    r"explor|random|audit|propensit|chance|probab|lottery|draw|score |dollar|model|\$|\d\.\d", re.I
)
SAID = [
    {"factor": "amount", "side": "high", "dollars": -2130.5},
    {"factors": [["bureau__points", "low"], ["age", "low"]], "dollars": -20.0},
]


@pytest.fixture
def problem(lender: Make) -> Problem:
    """Half of what it declines it explores."""
    return lender(
        {"dollars_per_day": 1e9, "cap": 0.5, "floor": 0.5, "design": "uniform"},
        features={
            "columns": ["amount", "age"],
            "latest": [{"source": "bureau", "by": "customer_id", "columns": ["points"]}],
        },
        sources={
            "applications": {"called": "Your application"},
            "bureau": {"table": "bureau", "key": "id", "time": "at", "owner": "A Bureau"},
        },
        reasons={
            "amount": {"high": "You asked for much"},
            "age": {"low": "You are young", "high": "You are old"},
            "bureau__points": {"low": "Your points are few"},
        },
        notice={"creditor": "A Bank", "address": "1 Main Street\nTown", "after": "Last words."},
        contest={"answer_within": "30d", "within": "60d", "how": "Write to us."},
    )


@pytest.fixture
def decided(lake: Lake, problem: Problem, make_scored: Make, make_batch: Make) -> pd.DataFrame:
    scored = make_scored(300).assign(bureau__points=5.0, factors=json.dumps(SAID))
    scored["factors"] = scored["factors"].where(scored["score"] > 0.1667)
    made = decide(problem, scored, make_batch(features=["amount", "age"]))
    commit(problem, lake, made)
    return made


def one(decided: pd.DataFrame, rows: pd.Series) -> str:
    return str(decided.loc[rows, "decision_id"].iloc[0])


def test_the_notice_says_why_from_where_and_what_then(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    own = one(decided, decided["action"].eq("decline") & decided["rule"].isna())
    made = letter(problem, lake, own)
    assert made.reasons == ["You asked for much", "Your points are few", "You are young"]
    assert made.sources == ["Your application", "A Bureau"]
    text = as_text(made)
    until = made.decided + pd.Timedelta("60D")
    assert f"until {until.day} {until:%B %Y}" in " ".join(text.split())
    assert "answers within 30 days" in " ".join(text.split()) and "Write to us." in text
    assert text.startswith("A Bank\n1 Main Street\nTown\n") and text.endswith("Last words.")
    assert max(map(len, text.splitlines())) <= 78
    page = as_html(made)
    assert not re.search(r"<script|src=|href=|url\(|@import", page)
    for said in (*made.reasons, *made.sources, "Last words.", own):
        assert said in text and said in page


@pytest.mark.slow
def test_no_notice_speaks_of_exploration_scores_or_dollars(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    """Of those who could have been explored and were not, those of a rule, all of them."""
    adverse = decided[decided["action"] == "decline"]
    assert (adverse["exploration_rate"] > 0).sum() > 30 and adverse["rule"].notna().any()
    for own in adverse["decision_id"].iloc[:15]:
        made = letter(problem, lake, own)
        for text in (as_text(made), re.sub(r"(?s).*</head>|<[^>]+>", "", as_html(made))):
            assert not NEVER.search(text.replace(own, "")), text


def test_who_was_not_declined_gets_none_and_is_not_told_why(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    explored = one(decided, decided["explored"])
    plain = one(decided, decided["action"].eq("approve") & ~decided["explored"])
    said = set()
    for own in (explored, plain):
        with pytest.raises(RegistryError, match="not adverse") as told:
            letter(problem, lake, own)
        said.add(str(told.value))
    assert len(said) == 1 and not NEVER.search(said.pop())
    with pytest.raises(RegistryError, match="has no decision of that id"):
        letter(problem, lake, "nobody")


@pytest.mark.slow
def test_a_contest_changes_who_gets_a_notice(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    declined = one(decided, decided["action"].eq("decline"))
    approved = one(decided, decided["action"].eq("approve"))
    for own, to in ((declined, "approve"), (approved, "decline")):
        open_contest(problem, lake, own, "As I see it", "Tom Lee")
        answer = Answer(outcome="changed", by="Ana Ruiz", because="The income is wrong", action=to)
        decide_contest(problem, lake, own, answer)
    with pytest.raises(RegistryError, match="not adverse"):
        letter(problem, lake, declined)
    assert letter(problem, lake, approved).reasons == ["The income is wrong"]


@pytest.mark.slow
def test_a_rule_is_cited_and_a_missing_reason_or_sentence_refused(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    by_rule = one(decided, decided["action"].eq("decline") & decided["rule"].notna())
    assert letter(problem, lake, by_rule).reasons in (["minor"], ["large"])


def test_a_notice_has_the_words_of_the_file_that_decided(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    own = one(decided, decided["action"].eq("decline") & decided["rule"].isna())
    was = as_text(letter(problem, lake, own))
    said = Reason(text="Another sentence")
    now = {
        "reasons": dict.fromkeys(problem.reasons, said),
        "notice": problem.notice.model_copy(update={"creditor": "Another Bank"}),  # type: ignore[union-attr]
        "contest": problem.contest.model_copy(update={"within": pd.Timedelta("1h")}),  # type: ignore[union-attr]
        "rules": [],
    }
    changed = problem.model_copy(update=now)
    assert as_text(letter(changed, lake, own)) == was
    assert open_contest(changed, lake, own, "As I see it", "Tom Lee", at=NOW)
    assert contests(problem, lake, NOW)["due"].iloc[0] == NOW + pd.Timedelta("30D")


def test_what_no_sentence_says_is_refused_until_the_file_says_it_and_terms_have_their_own(
    lake: Lake, problem: Problem, make_scored: Make, make_batch: Make
) -> None:
    kept = {"factor": "age", "side": "high", "dollars": -20.0, "unsaid": True}
    less = {**problem.reasons, "age": Reason(low="You are young")}
    bare = problem.model_copy(update={"reasons": less})
    scored = make_scored(80)
    odd = scored.index % 2 == 1
    scored["factors"] = np.where(odd, json.dumps([kept]), json.dumps([{"terms": "approve"}]))
    made = decide(bare, scored, make_batch(features=["amount", "age"]))
    commit(bare, lake, made)
    told = describe(bare, made, len(made))
    mine = made[made["action"].eq("decline") & made["rule"].isna()]
    unsaid = mine["reasons"].str.contains("unsaid")
    assert f"against {unsaid.sum()} applications; `truerisk notice` says" in told
    own = one(mine, unsaid)
    with pytest.raises(ProblemError, match=r'write under \[reasons\] age.high = "Say it'):
        letter(bare, lake, own)
    assert letter(problem, lake, own).reasons == ["You are old"]  # the file says it since
    assert letter(bare, lake, one(mine, ~unsaid)).reasons == [
        "We make no offer to any applicant on the terms that you asked for"
    ]


def test_what_the_file_did_not_tell_then_it_tells_as_it_does_today(
    lake: Lake, problem: Problem, make_scored: Make, make_batch: Make
) -> None:
    bare = problem.model_copy(update={"reasons": {}, "notice": None, "contest": None})
    scored = make_scored(60).assign(factors=json.dumps(SAID))
    made = decide(bare, scored, make_batch(features=["amount", "age"]))
    commit(bare, lake, made)
    own = one(made, made["action"].eq("decline") & made["rule"].isna())
    with pytest.raises(ProblemError, match=r"has no \[notice\]"):
        letter(bare, lake, own)
    with pytest.raises(ProblemError, match="so nobody can say by when"):
        open_contest(bare, lake, own, "As I see it", "Tom Lee")
    assert letter(problem, lake, own).reasons[0] == "You asked for much"
    rest = {k: v for k, v in problem.reasons.items() if k != "bureau__points"}
    with pytest.raises(ProblemError, match=r"write under \[reasons\] bureau__points ="):
        letter(problem.model_copy(update={"reasons": rest}), lake, own)


def test_of_a_contest_it_says_what_holds_at_the_time(
    lake: Lake, problem: Problem, decided: pd.DataFrame
) -> None:
    own = one(decided, decided["action"].eq("decline") & decided["rule"].isna())

    def at(day: int) -> pd.Timestamp:
        return NOW + pd.Timedelta(day, "D")

    def answer(outcome: str, day: int, action: str = "") -> None:
        given = Answer(outcome=outcome, by="Ana Ruiz", because="So", action=action)  # type: ignore[arg-type]
        decide_contest(problem, lake, own, given, at(day))

    def said(day: int) -> str:
        return " ".join(notice(problem, lake, own, known_at=at(day)).split())

    open_contest(problem, lake, own, "As I see it", "Tom Lee", at=at(1))
    answer("upheld", 3)
    open_contest(problem, lake, own, "And again", "Tom Lee", at=at(4))
    answer("changed", 6, "approve")
    assert "the decision again" not in said(0) and "contested the" not in said(0)
    assert "On 2 January 2027 you contested the decision; a person answers by 1 February" in said(2)
    assert "You may contest" in said(0) and "You may contest" not in said(2)  # one at a time
    assert "On 4 January 2027 a person looked at the decision again. The decision stands" in said(3)
    assert "You asked for much" in said(3) and "As I see it" not in said(3) and said(5) == said(4)
    with pytest.raises(RegistryError, match='adverse: a contest changed it to "approve"'):
        notice(problem, lake, own, known_at=at(6))


def test_sources_are_those_that_the_values_came_from(make_problem: Make) -> None:
    histories = [{"source": "outcomes", "by": "customer_id", "columns": ["kind"]}]
    window = {"source": "outcomes", "by": "customer_id", "over": ["30d"], "compute": ["count as n"]}
    features = {
        "columns": ["amount"],
        "derived": {"both": "AMOUNT / own", "own": "outcomes__kind + 1", "plain": "amount + age"},
        "latest": histories,
        "window": [window],
    }
    problem = make_problem(features=features)
    found = {c: origins(problem, [c]) for c in ("amount", "age", "both", "own", "plain")}
    found |= {c: origins(problem, [c]) for c in ("outcomes__kind", "outcomes__n__30d")}
    one_, two = ["applications"], ["outcomes"]
    assert found == {
        "amount": one_,
        "age": one_,
        "both": [*one_, *two],
        "own": two,
        "plain": one_,
        "outcomes__kind": two,
        "outcomes__n__30d": two,
    }


@pytest.mark.slow
def test_a_review_tells_what_the_person_wrote_or_that_time_ran_out(
    lake: Lake, make_problem: Make, make_scored: Make, make_batch: Make
) -> None:
    problem = make_problem(
        actions={
            "approve": {"if_event": "-100", "if_no_event": "10"},
            "review": {
                "reveals": True,
                "same_outcome_as": "approve",
                "if_event": "-1",
                "if_no_event": "5",
                "within": "1d",
                "verdicts": {"pass": "approve", "decline": "decline"},
                "late": "decline",
                "audit": 0.3,
            },
        },
        reasons={"amount": {"high": "You asked for much"}},
        notice={"creditor": "A Bank", "address": "Town"},
    )
    made = decide(problem, make_scored(300, days=1), make_batch(features=["amount"]))
    commit(problem, lake, made)
    waits = made[made["action"].eq("review")]
    own = waits.loc[~waits["audited"].astype(bool), "decision_id"].tolist()
    lucky = waits.loc[waits["audited"].astype(bool), "decision_id"].tolist()
    came, late = waits.set_index("decision_id")["as_of"], NOW
    with pytest.raises(RegistryError, match="waits for a person"):
        notice(problem, lake, own[0], known_at=came[own[0]])
    for decision in (own[0], lucky[0]):
        given = ("decline", "The address is another's", "Ana Ruiz")
        give_verdict(problem, lake, decision, *given, at=came[decision])
    text = notice(problem, lake, own[0], known_at=late)
    assert "1. The address is another's\n" in text
    assert "could not be looked at in time" in notice(problem, lake, own[1], known_at=late)
    for decision in lucky[:2]:
        with pytest.raises(RegistryError, match="is not adverse: nobody"):
            notice(problem, lake, decision, known_at=late)


@pytest.mark.slow
def test_the_command_prints_text_or_a_page(
    lake: Lake, problem: Problem, decided: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("truerisk.commands.people.find", lambda name: problem)
    own = one(decided, decided["action"].eq("decline"))
    words = ["notice", own, "--problem", "small", "--lake", lake.root]
    assert "1 Main Street" in CliRunner().invoke(app, words).output
    assert CliRunner().invoke(app, [*words, "--html"]).output.startswith("<!doctype html>")
