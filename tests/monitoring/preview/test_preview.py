"""A changed policy on decisions of the past: what moves, and what of it can be known."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.monitoring.preview.conftest import KNOWN_AT, MINOR, SAME, Lender
from truerisk.decisions.ledger import decision_log, read_ledger
from truerisk.errors import TrueriskError
from truerisk.models.package import read_manifest
from truerisk.monitoring.preview.identified import identified
from truerisk.monitoring.preview.preview import Preview, preview
from truerisk.monitoring.preview.redecided import redecide
from truerisk.monitoring.preview.support import GROUNDS, Ground, Support, grounds
from truerisk.problem.spec import Problem

COSTLY = {"approve": SAME, "decline": {"if_event": "-500", "if_no_event": "-500"}}
File = Callable[..., Problem]


def look(lender: Lender, changed: Problem, **asked: Any) -> Preview:
    return preview(
        changed, lender.lake, **{"decided_by": lender.problem, "known_at": KNOWN_AT} | asked
    )


def counts(made: Preview) -> dict[Support, int]:
    return {part.support: part.count for part in made.parts}


def part(made: Preview, support: Support) -> Any:
    return next(p for p in made.parts if p.support is support)


def test_the_same_file_moves_nothing_and_is_worth_nothing(lender: Lender) -> None:
    made = look(lender, lender.problem)
    assert (made.changed, made.moves, made.other_dollars) == (0, [], 0)
    assert all((p.count, p.grounds) == (0, {}) for p in made.parts)
    assert all(g.before == g.after for g in made.groups)
    known = part(made, Support.IDENTIFIED).known
    assert (known.value, known.low, known.high) == (0, 0, 0)


@pytest.mark.slow
def test_what_a_rule_declines_now_was_seen_when_it_was_approved(lender: Lender, file: File) -> None:
    """Every such outcome is there: the estimate is the sum over them, by hand."""
    large = {"when": "amount > 30000", "action": "decline", "reason": "large"}
    made = look(lender, file(rules=[MINOR, large]))
    assert [(m.before, m.after) for m in made.moves] == [("approve", "decline")]
    log = decision_log(lender.problem, lender.lake, pd.Timestamp(KNOWN_AT, tz="UTC"))
    moved = log["p_approve"].eq(1) & log["feature__amount"].gt(30_000)
    found = part(made, Support.IDENTIFIED)
    assert found.grounds == {Ground.RAN: int(moved.sum())} and made.changed == moved.sum()
    seen = log[moved & log["mature"]]
    earned = np.where(seen["event"] == 1, -0.65, 0.13) * seen["feature__amount"]
    assert found.known.value == pytest.approx(-earned.sum())
    assert found.known.low < found.known.value < found.known.high
    assert found.mature == len(seen)
    young = log[moved & ~log["mature"]]
    by_score = young["score"] * -0.65 + (1 - young["score"]) * 0.13
    assert found.forecast.value == pytest.approx(-(by_score * young["feature__amount"]).sum())
    assert found.forecast.low is None


@pytest.mark.slow
def test_whom_exploration_showed_is_known_and_whom_a_rule_kept_out_is_nobody_s_to_know(
    lender: Lender, file: File
) -> None:
    made = look(lender, file(actions=COSTLY, rules=[]))
    log = read_ledger(lender.problem, lender.lake)
    log = log[log["as_of"] < pd.Timestamp(KNOWN_AT, tz="UTC")]
    expected = (-0.65 * log["score"] + 0.13 * (1 - log["score"])) * log["feature__amount"]
    kept_out = log["rule"].notna()
    moved = (expected > -500) & (kept_out | (expected < 0))
    explored = int((moved & ~kept_out).sum())
    assert part(made, Support.IDENTIFIED).grounds == {Ground.EXPLORED: explored}
    assert part(made, Support.UNKNOWN).grounds == {Ground.RULE: int((moved & kept_out).sum())}
    assert part(made, Support.GUESSED).count == 0
    never = part(made, Support.UNKNOWN).known
    assert never.value is None and never.low < 0 < never.high
    gain = part(made, Support.IDENTIFIED).known
    assert gain.low < gain.value < gain.high


@pytest.mark.slow
def test_other_dollars_of_an_offer_are_another_offer_unless_it_is_said_that_they_are_not(
    lender: Lender, file: File
) -> None:
    milder = file(actions={"approve": {**SAME, "if_event": "-0.4 * amount"}})
    made = look(lender, milder)
    assert part(made, Support.UNKNOWN).grounds == {Ground.TERMS: made.changed} and made.changed
    assert made.other_dollars > 0
    again = look(lender, milder, same_terms=True)
    assert again.changed == made.changed
    assert part(again, Support.IDENTIFIED).grounds == {Ground.EXPLORED: made.changed}
    assert part(again, Support.UNKNOWN).count == 0


@pytest.mark.slow
def test_without_a_logged_chance_a_score_is_only_a_guess(
    lender: Lender, file: File, tmp_path: Any
) -> None:
    made = look(lender, file(actions=COSTLY), decided_by=lender.problem)
    assert part(made, Support.GUESSED).count == 0
    log = decision_log(lender.problem, lender.lake, pd.Timestamp(KNOWN_AT, tz="UTC"))
    hidden = log["p_reveal"] < 1
    log.loc[hidden, ["p_approve", "p_reveal", "p_decline", "exploration_rate"]] = [0, 0, 1, 0]
    manifest = {lender.model: read_manifest("small", lender.lake, lender.model)}
    again = redecide(file(actions=COSTLY), lender.problem, lender.lake, log, manifest)
    ground = grounds(again, lender.problem, {"minor"}, False)
    assert {GROUNDS[k] for k in ground[ground >= 0]} == {Ground.SCORE}


@pytest.mark.slow
def test_groups_and_days_are_counted_by_hand(lender: Lender, file: File) -> None:
    made = look(lender, file(actions=COSTLY))
    assert made.queues == []
    shares = {(g.by, g.group, g.action): g for g in made.groups}
    assert {by for by, *_ in shares} == {"region", "sex"}
    log = read_ledger(lender.problem, lender.lake)
    log = log[log["as_of"] < pd.Timestamp(KNOWN_AT, tz="UTC")]
    of = log["segment__region"].eq("north")
    before = log.loc[of, "p_approve"].eq(1).mean()
    assert shares["region", "north", "approve"].before == pytest.approx(before)
    assert shares["region", "north", "approve"].after > before
    assert shares["sex", "f", "approve"].protected
    sized = max((g for g in made.groups if g.by == "sex"), key=lambda g: g.n)
    assert sized.ratio_before == sized.ratio_after == 1


@pytest.mark.slow
def test_bounds_of_time_leave_the_rest_out_and_json_holds_it_all(
    lender: Lender, file: File
) -> None:
    made = look(lender, file(actions=COSTLY), since="2025-02-01", until="2025-02-11")
    assert made.decisions == 400
    assert (made.first, made.last) >= (pd.Timestamp("2025-02-01", tz="UTC"),) * 2
    told = json.loads(json.dumps(made.as_json()))
    assert [p["support"] for p in told["parts"]] == ["identified", "guessed", "unknown"]
    assert "total" not in told and "dollars" not in told


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"name": "other"}, 'name is "other"'),
        (
            {"actions": {"approve": SAME, "review": {"reveals": True, "same_outcome_as": "approve",
             "if_event": "-8", "if_no_event": "0"}}},
            'action "review" was never open',
        ),
        ({"features": {"columns": ["amount", "age"]}}, "only here age); a preview takes"),
        ({"outcome": {"horizon": "60d"}}, "outcome.horizon differs from that of small"),
        ({"rules": [{"when": "no_such > 1", "action": "decline", "reason": "x"}]}, "no_such"),
    ],
)  # fmt: skip
def test_what_is_no_change_of_a_policy_is_refused_in_one_sentence(
    lender: Lender, file: File, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(TrueriskError) as refused:
        look(lender, file(**changes))
    assert sentence in str(refused.value) and "\n" not in str(refused.value)


def test_a_problem_without_decisions_is_told_which_have_some(lender: Lender, file: File) -> None:
    other = file(name="other")
    with pytest.raises(TrueriskError, match="no decision of other yet; it has decisions of small"):
        preview(other, lender.lake)
    with pytest.raises(TrueriskError, match="no decision lies between these bounds; they lie from"):
        look(lender, file(), since="2026-01-01")


@pytest.mark.slow
def test_each_ground_of_what_is_known_has_dollars_of_its_own(lender: Lender, file: File) -> None:
    """Where exploration has shown too few, what ran is told all the same."""
    large = {"when": "amount > 30000", "action": "decline", "reason": "large"}
    both = look(lender, file(actions=COSTLY, rules=[MINOR, large]))
    found = part(both, Support.IDENTIFIED)
    ran, explored = (found.by_ground[g] for g in (Ground.RAN, Ground.EXPLORED))
    assert found.known.value == pytest.approx(ran.value + explored.value)
    few = look(lender, file(actions=COSTLY, rules=[MINOR, large]), until="2025-01-15")
    found = part(few, Support.IDENTIFIED)
    assert found.known.value is None and found.known.status.startswith("withheld")
    assert found.by_ground[Ground.EXPLORED].value is None
    assert found.by_ground[Ground.RAN].low < found.by_ground[Ground.RAN].value < 0


@pytest.mark.slow
def test_an_action_that_came_later_or_is_long_gone_is_no_one_s_in_other_rows(
    lender: Lender, file: File
) -> None:
    """Rows of other times leave nulls in the columns of an action that was not there."""
    log = decision_log(lender.problem, lender.lake, pd.Timestamp(KNOWN_AT, tz="UTC"))
    half = {"reveals": True, "same_outcome_as": "approve", "if_event": "-9", "if_no_event": "9"}
    by = file(actions={"approve": SAME, "half": half})
    late = log["as_of"] >= pd.Timestamp("2025-02-01", tz="UTC")
    some = {"p_half": 0.0, "value_half_if_event": -9.0, "value_half_if_no_event": 9.0}
    log = log.assign(**{name: np.where(late, value, np.nan) for name, value in some.items()})
    log = log.assign(p_gone=np.nan, value_gone_if_event=np.nan, value_gone_if_no_event=np.nan)
    manifest = {lender.model: read_manifest("small", lender.lake, lender.model)}
    made = redecide(by, by, lender.lake, log, manifest)
    assert made.actions == ("approve", "decline", "half")
    ground = grounds(made, by, {"minor"}, False)
    assert {GROUNDS[k] for k in ground[ground >= 0]} == {Ground.RAN, Ground.EXPLORED}
    whole, by_ground = identified(made, ground, by, ["feature__amount"], False)
    assert whole.low < whole.value < whole.high and len(by_ground) == 2
