"""A notice gives the specific reasons, their sources and the way to contest, and nothing else."""

import json
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from truerisk.cli import app
from truerisk.decisions.contests import Answer, decide_contest, open_contest
from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit
from truerisk.decisions.notice import letter
from truerisk.errors import ProblemError, RegistryError
from truerisk.lake.lake import Lake
from truerisk.problem.spec import Problem
from truerisk.reports.letter import as_html, as_text

Make = Callable[..., Any]
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
    own = one(decided, decided["action"].eq("decline"))
    with pytest.raises(ProblemError, match=r"has no \[notice\]"):
        letter(problem.model_copy(update={"notice": None}), lake, own)


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
    plain = one(decided, decided["action"].eq("decline") & decided["rule"].isna())
    rest = {k: v for k, v in problem.reasons.items() if k != "bureau__points"}
    with pytest.raises(ProblemError, match=r"write under \[reasons\] bureau__points ="):
        letter(problem.model_copy(update={"reasons": rest}), lake, plain)


@pytest.mark.slow
def test_the_command_prints_text_or_a_page(
    lake: Lake, problem: Problem, decided: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("truerisk.commands.people.find", lambda name: problem)
    own = one(decided, decided["action"].eq("decline"))
    words = ["notice", own, "--problem", "small", "--lake", lake.root]
    assert "1 Main Street" in CliRunner().invoke(app, words).output
    assert CliRunner().invoke(app, [*words, "--html"]).output.startswith("<!doctype html>")
