"""A file that no longer has an action of the ledger: what was done with it counts as it did."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.decisions.review.analyst import judged
from truerisk.decisions.ledger import decision_log
from truerisk.decisions.review.queue import acted, queue, queue_counts
from truerisk.decisions.review.verdicts import give_verdict, give_verdicts
from truerisk.errors import LakeError, ProblemError, TrueriskError
from truerisk.features.dataset import build_dataset
from truerisk.lake.former_actions import with_former_actions
from truerisk.lake.lake import Lake
from truerisk.lake.problem_files import path_of, problem_version
from truerisk.problem.load import as_config, problem_from
from truerisk.problem.spec import Problem

LATER = pd.Timestamp("2025-03-12", tz="UTC")
MATURE = pd.Timestamp("2026-03-12", tz="UTC")


@pytest.fixture
def fewer(problem: Problem) -> Problem:
    """The same without its review."""
    raw = as_config(problem)
    del raw["actions"]["review"]
    raw["exploration"] = [{"action": "approve", "dollars_per_day": 1e9, "cap": 0.2}]
    return problem_from(json.loads(json.dumps(raw)))


@pytest.fixture
def told(lake: Lake, problem: Problem, decided: pd.DataFrame) -> pd.DataFrame:
    bad = lake.read("outcomes").set_index("application_id")["defaulted"].astype(bool)
    waiting = queue(problem, lake, decided["as_of"].max())
    given = judged(waiting, bad, 0.8)
    give_verdicts(problem, lake, given[given["at"] < LATER])
    return decided


def test_queue_verdicts_and_log_are_those_of_the_file_that_decided(
    lake: Lake, problem: Problem, fewer: Problem, told: pd.DataFrame
) -> None:
    assert not fewer.reviews
    for at in (told["as_of"].median(), LATER):
        now, was = queue(fewer, lake, at), queue(problem, lake, at)
        pd.testing.assert_frame_equal(now, was, check_like=True)
        assert queue_counts(fewer, lake, at) == queue_counts(problem, lake, at)
    done = acted(fewer, lake, MATURE)
    pd.testing.assert_frame_equal(done, acted(problem, lake, MATURE))
    assert set(done["action"]) == {"approve", "decline"}
    was, now = decision_log(problem, lake, MATURE), decision_log(fewer, lake, MATURE)
    pd.testing.assert_frame_equal(now, was)
    assert now.loc[now["action"].eq("review"), "revealed"].any()
    late = done.loc[done["verdict"].eq("late"), "decision_id"].iloc[0]
    give_verdict(fewer, lake, late, "pass", "Called the employer", "Ana Ruiz", MATURE)


def test_a_changed_default_of_lateness_acts_from_then_on(
    lake: Lake, problem: Problem, told: pd.DataFrame
) -> None:
    """Who was late before was declined, whatever the file says today."""
    raw = as_config(problem)
    raw["actions"]["review"]["late"] = "approve"
    changed = problem_from(json.loads(json.dumps(raw)))
    was, now = acted(problem, lake, MATURE), acted(changed, lake, MATURE)
    assert (was["verdict"] == "late").any()
    pd.testing.assert_frame_equal(now, was)
    log = decision_log(changed, lake, MATURE)
    pd.testing.assert_frame_equal(log, decision_log(problem, lake, MATURE))


def test_a_training_set_reads_their_outcomes_and_chances(
    lake: Lake, problem: Problem, fewer: Problem, told: pd.DataFrame
) -> None:
    was, now = (build_dataset(p, lake, MATURE).frame for p in (problem, fewer))
    columns = ["application_id", "event", "p_reveal"]
    pd.testing.assert_frame_equal(now[columns], was[columns])


def test_another_name_for_an_action_is_the_same_outcome(
    lake: Lake, problem: Problem, told: pd.DataFrame
) -> None:
    """Where approve is called lend from now on nothing is measured apart."""
    raw = json.loads(json.dumps(as_config(problem)).replace('"approve"', '"lend"'))
    renamed = problem_from(raw)
    whole = with_former_actions(renamed, lake, told)
    assert set(whole.actions) == {"approve", "lend", "review", "decline"}
    assert len(whole.outcomes) == 1
    assert whole.same_outcome["approve"] == "lend"
    was = decision_log(problem, lake, MATURE)["revealed"]
    assert was.equals(decision_log(renamed, lake, MATURE)["revealed"])


def test_without_the_file_that_decided_the_line_to_write_is_said(
    lake: Lake, problem: Problem, fewer: Problem, told: pd.DataFrame
) -> None:
    old = told.assign(problem_version=None)
    with pytest.raises(ProblemError, match=r'lacks "review".*\[actions\.review\].*capacity = 0'):
        with_former_actions(fewer, lake, old)
    assert with_former_actions(problem, lake, old) is problem
    kept = Path(lake.root) / path_of(problem.name, problem_version(problem))
    kept.write_text("{}")
    with pytest.raises(LakeError, match="missing or was changed"):
        queue(fewer, lake, LATER)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"at": "yesterday"}, "'yesterday' is not a time"),
        ({"because": None}, "give --because"),
        ({"because": float("nan")}, "give --because"),
        ({"by": None}, "give --by"),
        ({"verdict": None}, "allowed: decline or pass"),
    ],
)
def test_a_row_of_verdicts_that_lacks_something_is_refused(
    lake: Lake, problem: Problem, decided: pd.DataFrame, change: dict[str, Any], told: str
) -> None:
    row = {
        "decision_id": decided.loc[decided["action"].eq("review"), "decision_id"].iloc[0],
        "verdict": "pass",
        "because": "Called the employer",
        "by": "Ana Ruiz",
        "at": "2025-03-12",
    }
    with pytest.raises(TrueriskError, match=told):
        give_verdicts(problem, lake, pd.DataFrame([row | change]))
    assert give_verdicts(problem, lake, pd.DataFrame([row])) == 1
