"""Several entries of exploration: one draw for all, each with its sources, budget and cap."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.decisions.batch import Batch
from truerisk.decisions.decide import decide, describe
from truerisk.decisions.exploration.plan import outlook
from truerisk.decisions.exploration.recent import of_entry, own_action, recent
from truerisk.models.calibration import Calibration
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
AS_SCORED = Calibration(0.0, 1.0)
REVIEW = {
    "reveals": True,
    "same_outcome_as": "approve",
    "if_event": "-8 - 0.1 * amount",
    "if_no_event": "0.1 * amount - 8",
    "within": "1d",
    "verdicts": {"approve": "approve", "decline": "decline"},
    "late": "decline",
    "audit": 0.05,
}
ENTRIES = [
    {"action": "approve", "dollars_per_day": 1e9, "cap": 0.2, "design": "uniform"},
    {"action": "review", "share": 0.1, "design": "uniform"},
    {"action": "approve", "from": ["review"], "share": 0.3, "design": "uniform"},
]


@pytest.fixture
def desk(make_problem: Make) -> Callable[..., Problem]:
    """Approve, review or decline; minors are declined whatever they bring."""

    def desk_(entries: list[dict[str, Any]] = ENTRIES) -> Problem:
        return make_problem(  # type: ignore[no-any-return]
            actions={
                "approve": {"if_event": "-0.65 * amount", "if_no_event": "0.13 * amount"},
                "review": REVIEW,
            },
            rules=[
                {"when": "age < 18", "action": "decline", "reason": "minor", "absolute": True},
            ],
            exploration=entries,
        )

    return desk_


@pytest.fixture
def decided(desk: Make, make_scored: Make, make_batch: Make) -> pd.DataFrame:
    return decide(desk(), make_scored(20_000), make_batch())  # type: ignore[no-any-return]


def test_probabilities_are_those_of_the_entries_that_apply(decided: pd.DataFrame) -> None:
    p = decided[["p_approve", "p_review", "p_decline"]].to_numpy()
    assert p.sum(axis=1) == pytest.approx(1)
    own, minor = decided["own_action"], decided["rule"].notna()
    assert set(own) == {"approve", "review", "decline"}
    rows = own.eq("decline") & ~minor
    assert p[rows] == pytest.approx(np.tile([0.2, 0.1, 0.7], (rows.sum(), 1)))
    assert (p[own.eq("review")] == [0.3, 0.7, 0]).all()
    assert (p[own.eq("approve")] == [1, 0, 0]).all()
    assert (p[minor] == [0, 0, 1]).all()
    assert np.allclose(decided["p_reveal"], p[:, 0] + p[:, 1])
    assert np.allclose(decided["exploration_rate"], 1 - p[np.arange(len(p)), codes(own)])


def codes(actions: pd.Series) -> np.ndarray:
    return pd.Index(["approve", "review", "decline"]).get_indexer(pd.Index(actions))


def test_one_draw_serves_all_entries(decided: pd.DataFrame) -> None:
    """u in [0, .2) approves, in [.2, .3) reviews, of those that the policy declines."""
    rows = decided[decided["own_action"].eq("decline") & decided["rule"].isna()]
    u = rows["exploration_u"]
    assert (rows["action"].eq("approve") == (u < 0.2)).all()
    assert (rows["action"].eq("review") == ((u >= 0.2) & (u < 0.3))).all()
    text = f"small|explore|{rows[rows.columns[0]].iloc[0]}"
    first = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11
    assert u.iloc[0] == first / 2**53


def test_what_is_drawn_is_what_was_said(decided: pd.DataFrame) -> None:
    for action in ("approve", "review", "decline"):
        p = decided[f"p_{action}"]
        z = (decided["action"].eq(action).sum() - p.sum()) / np.sqrt((p * (1 - p)).sum())
        assert abs(z) < 4


def test_a_row_costs_what_its_entries_lose_by_their_chances(decided: pd.DataFrame) -> None:
    rows = decided[decided["own_action"].eq("decline") & decided["rule"].isna()]
    each = 0.2 * rows["exploration_cost_approve"] + 0.1 * rows["exploration_cost_review"]
    assert np.allclose(rows["exploration_rate"] * rows["exploration_cost"], each)
    assert (rows["exploration_k_review"] == 0.1).all()
    assert (decided.loc[decided["own_action"].eq("approve"), "exploration_cost"] == 0).all()


def test_the_ledger_says_again_what_each_entry_did(decided: pd.DataFrame, desk: Make) -> None:
    problem = desk()
    names = list(problem.actions)
    assert [names[i] for i in own_action(decided, names)] == decided["own_action"].tolist()
    old = decided.drop(columns="own_action")
    assert (own_action(old, names) == own_action(decided, names)).all(), "by its probabilities"
    made = [of_entry(problem, decided, entry) for entry in problem.exploration]
    drawn = sum(m["drawn"] for m in made)
    assert (drawn.astype(bool) == decided["explored"]).all()
    assert np.allclose(sum(m["rate"] for m in made), decided["exploration_rate"])
    known = recent(problem, decided, decided["as_of"].max(), "m1", AS_SCORED)
    assert known is not None
    spent = (decided["exploration_rate"] * decided["exploration_cost"]).sum()
    assert sum(known.committed) == pytest.approx(spent)


def test_a_cap_of_one_entry_moves_no_other(desk: Make, make_scored: Make, make_batch: Make) -> None:
    """Where the brake closes the first entry the second keeps its place in the draw."""
    capped = [{**ENTRIES[0], "applications_per_day": 3}, *ENTRIES[1:]]
    free = decide(desk(), make_scored(4_000), make_batch())
    held = decide(desk(capped), make_scored(4_000), make_batch())
    day = held["as_of"].dt.date
    approved = held["explored"] & held["action"].eq("approve") & held["own_action"].eq("decline")
    assert approved.groupby(day).sum().max() <= 3
    assert (held["p_review"] == free["p_review"]).all()
    closed = held["own_action"].eq("decline") & held["rule"].isna() & held["p_approve"].eq(0)
    assert closed.any()
    assert np.allclose(held.loc[closed, "p_decline"], 0.9)


def test_a_plan_is_made_for_each_entry(desk: Make, make_scored: Make, make_batch: Make) -> None:
    problem, scored = desk(), make_scored(2_000)
    made = decide(problem, scored, make_batch())
    plans = outlook(problem, scored, make_batch())
    assert [(p.action, p.sources) for p in plans] == [
        ("approve", ("decline",)), ("review", ("decline",)), ("approve", ("review",)),
    ]  # fmt: skip
    assert [len(p.designs) for p in plans] == [2, 1, 1]
    for plan, entry in zip(plans, problem.exploration, strict=True):
        chosen = next(d for d in plan.designs if d.design == plan.chosen)
        assert chosen.labels == pytest.approx(of_entry(problem, made, entry)["rate"].sum())


def test_a_plan_knows_that_seats_are_few(desk: Make, make_scored: Make, make_batch: Make) -> None:
    """Whom no seat is left for is declined, and explored from there."""
    problem, scored = desk(), make_scored(2_000)
    seats = {"working": 3, "saturday": 1, "sunday": 0, "holiday": 0}
    few = problem.actions["review"].model_copy(update={"capacity": seats, "explore_seats": 0.5})
    limited = problem.model_copy(update={"actions": {**problem.actions, "review": few}})
    made = decide(limited, scored, make_batch())
    plans = outlook(limited, scored, make_batch())
    for plan, entry in zip(plans, limited.exploration, strict=True):
        own = made["own_action"].isin(limited.explored_from(entry)) & made["rule"].isna()
        assert plan.explorable == own.sum()
    free = outlook(problem, scored, make_batch())
    assert plans[2].explorable < free[2].explorable, "fewer are reviewed"
    assert plans[1].designs[0].width_event_rate is None, "a Sunday's have no chance"


def test_a_hold_out_of_its_own_outcome(make_problem: Make, make_batch: Make) -> None:
    """Each action is weighed with its own score, and skipping is left to chance."""
    own = {"reveals": True, "own_outcome": True}
    problem = make_problem(
        actions={
            "contact": {**own, "if_event": "amount - 1", "if_no_event": "-1"},
            "skip": {**own, "if_event": "amount", "if_no_event": "0"},
            "approve": {"if_event": "-1e6", "if_no_event": "-1e6", **own},
        },
        exploration=[{"action": "skip", "from": ["contact"], "share": 0.05, "design": "uniform"}],
    )
    rng = np.random.default_rng(0)
    n = 4_000
    scored = pd.DataFrame(
        {
            "application_id": [f"A{i}" for i in range(n)],
            "subject": [f"C{i}" for i in range(n)],
            "as_of": pd.Timestamp("2025-03-01", tz="UTC").as_unit("us")
            + pd.to_timedelta(np.arange(n), unit="min"),
            "score_contact": rng.random(n),
            "score_skip": rng.random(n),
            "score_approve": 0.5,
            "amount": 100.0,
            "age": 40.0,
        }
    )
    made = decide(problem, scored, make_batch())
    lift = made["score_contact"] - made["score_skip"]
    assert (made["own_action"].eq("contact") == (100 * lift > 1)).all()
    assert (made["p_reveal"] == 1).all()
    contacted = made["own_action"].eq("contact")
    assert np.allclose(made["p_skip"], np.where(contacted, 0.05, 1.0))
    assert (made.loc[made["explored"], "action"] == "skip").all()
    assert 60 < made["explored"].sum() < 140


def test_what_stayed_below_its_floor_is_told_by_entry(
    desk: Make, make_scored: Make, make_batch: Make
) -> None:
    poor = [{"action": "approve", "dollars_per_day": 1.0}, *ENTRIES[1:]]
    problem: Problem = desk(poor)
    batch: Batch = make_batch()
    made = decide(problem, make_scored(500), batch)
    said = describe(problem, made, 500)
    assert "Exploration by “approve” stayed below its floor of 0.01" in said
    assert said.count("stayed below") == 1
