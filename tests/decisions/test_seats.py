"""A limited action in the ledger: counts, prices that replay, claims, races."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.racing import Racer, shoot
from truerisk.columns import value_of
from truerisk.decisions.batch import Batch, against_ledger, plan_batch, score
from truerisk.decisions.capacity.claims import Claimed, claims, seats_left
from truerisk.decisions.capacity.seated import lots
from truerisk.decisions.decide import decide, describe
from truerisk.decisions.ledger import commit, read_ledger
from truerisk.decisions.reasons import in_words
from truerisk.errors import SeatError
from truerisk.features.definitions import definition
from truerisk.jobs.decide_batch import decide_and_commit
from truerisk.lake.lake import Lake
from truerisk.lake.tables import arrivals
from truerisk.models.calibration import Calibration
from truerisk.models.package import Model, save
from truerisk.models.scorecard import ScorecardModel
from truerisk.problem.load import as_config, problem_from
from truerisk.problem.spec import Problem

Make = Callable[..., Any]
SEATS = {"working": 40, "saturday": 10, "sunday": 0, "holiday": 3}
EXPLORED = [{"action": "approve", "from": ["decline"], "dollars_per_day": 1e9, "cap": 0.2}]


@pytest.fixture
def limited(make_problem: Make) -> Callable[..., Problem]:
    """Approves what a day has room for; ``capacity`` by kind of day, 2025-03-05 is a holiday."""

    def limited_(
        capacity: Any = SEATS, exploration: Any = None, more: Any = (), **changes: Any
    ) -> Problem:
        return make_problem(
            actions={
                "approve": {
                    "if_event": "-0.65 * amount",
                    "if_no_event": "0.13 * amount",
                    "capacity": capacity,
                },
                **dict(more),
                "decline": {"reveals": False, "if_event": "0", "if_no_event": "0"},
            },
            rules=[
                {"when": "age < 18", "action": "decline", "reason": "minor", "absolute": True},
                {"when": "age > 68", "action": "approve", "reason": "old friends"},
            ],
            calendar={"holidays": ["2025-03-05"]},
            exploration=exploration or [],
            **changes,
        )

    return limited_


def replayed(problem: Problem, made: pd.DataFrame) -> pd.Series:
    """The policy's own action from nothing but the row of the ledger."""
    number = lots(problem, made["application_id"], made["seat_day"].to_numpy("datetime64[D]"))
    g, price = made["seat_g_approve"], made["seat_lambda_approve"]
    takes = (g > price) | (g.eq(price) & (number < made["seat_tau_approve"]))
    return takes.map({True: "approve", False: "decline"})


@pytest.mark.parametrize(
    ("own", "explored"), [(40, 0), (36, 4), (32, 8), (0, 20), (10, 40), (20, 10), (60, 60)]
)
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_a_changed_share_of_exploration_lends_no_seat_twice(
    limited: Make, own: int, explored: int, share: float
) -> None:
    """Seats that were claimed under another policy are gone, whoever has them now."""
    problem, day = limited(exploration=EXPLORED), np.datetime64("2025-03-03")
    action = problem.actions["approve"].model_copy(update={"explore_seats": share})
    entry = problem.exploration[0].model_copy(update={"action": "approve"})
    actions = {**problem.actions, "approve": action}
    problem = problem.model_copy(update={"actions": actions, "exploration": [entry]})
    held = {"approve": {str(day): Claimed(own, explored)}}
    for changed in (problem, problem.model_copy(update={"exploration": []})):
        left = [float(seats[0]) for seats in seats_left(changed, day, held)]
        assert min(left) >= 0
        assert own + explored + sum(left) <= max(SEATS["working"], own + explored)
    fresh = [float(seats[0]) for seats in seats_left(problem, day, {})]
    assert sum(fresh) == SEATS["working"]


def test_the_count_never_passes_a_days_capacity_and_every_row_replays(
    limited: Make, make_scored: Make, make_batch: Make
) -> None:
    problem = limited(exploration=EXPLORED)
    made = decide(problem, make_scored(), make_batch())
    own = made[made["own_action"] == "approve"].groupby("seat_day").size()
    lot = made[made["explored"]].groupby("seat_day").size()
    kinds = {"2025-03-01": 10, "2025-03-02": 0, "2025-03-05": 3}
    for day in made["seat_day"].unique():
        capacity = kinds.get(day, {"2025-03-08": 10, "2025-03-09": 0}.get(day, 40))
        kept = int(np.ceil(0.05 * capacity))
        assert own.get(day, 0) == capacity - kept  # there are takers enough on every day
        assert lot.get(day, 0) <= kept
    assert lot.sum() > 0
    assert (replayed(problem, made) == made["own_action"]).all()
    assert made["seat_after_approve"].eq(0).all()
    assert ((made["p_approve"] + made["p_decline"] - 1).abs() < 1e-12).all()


def test_no_draw_moves_another_rows_own_action(
    limited: Make, make_scored: Make, make_batch: Make
) -> None:
    """Seats are the policy's own before any draw: who is drawn out of one keeps it claimed."""
    out = [{"action": "visit", "from": ["approve"], "design": "uniform", "share": 0.3}]
    visit = {"reveals": True, "if_event": "-9", "if_no_event": "-9", "same_outcome_as": "approve"}
    scored = make_scored(600, 4)
    made = decide(limited(exploration=out, more={"visit": visit}), scored, make_batch())
    alone = decide(limited(), scored, make_batch())
    assert (made["explored"] & (made["action"] == "visit")).sum() > 10
    assert (made["own_action"] == alone["own_action"]).all()
    held = claims(limited(), made)["approve"]
    assert held == claims(limited(), alone)["approve"]


def test_a_decline_for_lack_of_a_seat_says_so(
    limited: Make, make_scored: Make, make_batch: Make
) -> None:
    problem = limited(capacity=30)
    made = decide(problem, make_scored(400, 1), make_batch())
    lost = made[made["seat_lost"] == "approve"]
    assert (lost["action"] == "decline").all()
    assert len(lost) > 100
    assert set(lost["reasons"]) == {json.dumps([{"capacity": "approve"}])}
    assert in_words(lost["reasons"].iloc[0]) == "no seat left for approve"
    said = describe(problem, made, len(made))
    assert "Seats of “approve” on 2025-03-01: 30 taken, 0 left, a seat is worth $" in said
    assert f"{len(lost)} applications went elsewhere for lack of one." in said
    first = "No application of an earlier day is known: today's so far stand for the rest of today."
    assert first in describe(problem, made, len(made), make_batch())
    week = decide(problem, make_scored(400, 7), make_batch())
    said = describe(problem, week, len(week), make_batch())
    assert first not in said
    assert "Seats of “approve” over 7 days: " in said


def test_whom_a_rule_sends_has_the_first_seats(
    limited: Make, make_scored: Make, make_batch: Make
) -> None:
    made = decide(limited(capacity=30), make_scored(400, 1), make_batch())
    friends = made[made["rule"] == "old friends"]
    assert 1 < len(friends) < 30
    assert (friends["action"] == "approve").all()
    crowd = decide(limited(capacity=1), make_scored(400, 1), make_batch())
    friends = crowd[crowd["rule"] == "old friends"]
    assert (friends["action"] == "approve").sum() == 1
    assert set(friends.loc[friends["action"] == "decline", "seat_lost"]) == {"approve"}
    assert (replayed(limited(capacity=1), crowd) == crowd["own_action"]).all()


def test_a_capacity_of_nothing_works(limited: Make, make_scored: Make, make_batch: Make) -> None:
    made = decide(limited(capacity=0), make_scored(200), make_batch())
    assert set(made["action"]) == {"decline"}


def test_a_day_is_the_one_of_the_calendar(
    limited: Make, make_scored: Make, make_batch: Make
) -> None:
    zone = {"zone": "America/Los_Angeles", "holidays": ["2025-03-05"]}
    problem = problem_from(as_config(limited()) | {"calendar": zone}, "small.toml")
    made = decide(problem, make_scored(), make_batch())
    assert made["seat_day"].iloc[0] == "2025-02-28"
    assert (made["action"] == "approve").groupby(made["seat_day"]).sum()["2025-03-05"] == 3


def test_earlier_claims_leave_fewer_seats(
    limited: Make, make_scored: Make, make_batch: Make
) -> None:
    held = {"approve": {"2025-03-01": Claimed(own=7)}}
    made = decide(limited(), make_scored(200, 1), make_batch(claims=held))
    assert (made["action"] == "approve").sum() == 3
    assert made["seat_before_approve"].eq(3).all()


def put(lake: Lake, scored: pd.DataFrame) -> None:
    """The applications, as their source has them."""
    rows = scored.drop(columns="score")
    names = {"subject": "customer_id", "as_of": "applied_at"}
    lake.append("applications", rows.rename(columns=names), "application_id")


@pytest.fixture
def racing(limited: Make, make_scored: Make, make_batch: Make, lake: Lake) -> tuple[Any, ...]:
    """Two batches of one day, both priced before either is in the ledger."""
    problem, scored = limited(), make_scored(400, 1)
    put(lake, scored)
    first, second = scored[::2], scored[1::2]
    about = {"definition": definition(problem), "model_version": saved(lake, problem, 25)}
    one, other = (make_batch(spine=rows, **about) for rows in (first, second))
    return problem, first, second, one, other


def test_a_batch_that_was_priced_with_seats_another_one_took_is_refused_and_priced_again(
    racing: tuple[Any, ...], lake: Lake
) -> None:
    problem, first, second, one, other = racing
    stale = decide(problem, second, other)
    commit(problem, lake, decide(problem, first, one))
    with pytest.raises(SeatError, match="seats of “approve” on 2025-03-01 are not what"):
        commit(problem, lake, stale)
    made = decide_and_commit(problem, lake, [second], other)
    assert made.new == 200
    held = read_ledger(problem, lake)
    assert len(held) == 400
    assert (held["action"] == "approve").sum() == 10


def test_whom_another_batch_decided_meanwhile_is_left_out(
    racing: tuple[Any, ...], lake: Lake
) -> None:
    problem, first, _, one, _ = racing
    commit(problem, lake, decide(problem, first[:150], one))
    made = decide_and_commit(problem, lake, [first], one)
    assert made.new == len(made.decided) == 50
    assert len(read_ledger(problem, lake)) == 200


def decide_part(lake: Lake, part: int) -> int:
    """One of four batches, every fourth row, from a plan that saw an empty ledger."""
    root = Path(lake.root).parent
    problem = problem_from(json.loads((root / "problem.json").read_text()))
    rows = pd.read_parquet(root / "scored.parquet")[part::4]
    slices = [rows[i : i + 40] for i in range(0, len(rows), 40)]
    new = 0
    for some in slices:
        batch = Batch(
            id=f"b{part}",
            model_version=json.loads((root / "model.json").read_text()),
            features=["amount"],
            spine=some,
            definition=definition(problem),
        )
        new += decide_and_commit(problem, lake, [some], batch, f"run{part}").new
    return new


@pytest.mark.slow
def test_four_batches_that_race_never_pass_the_capacity_and_lose_nothing(
    tmp_path: Path, limited: Make, make_scored: Make
) -> None:
    problem = limited(capacity=25, exploration=EXPLORED)
    (tmp_path / "lake").mkdir()
    scored, lake = make_scored(320, 2), Lake(str(tmp_path / "lake"))
    put(lake, scored)
    scored.to_parquet(tmp_path / "scored.parquet")
    (tmp_path / "model.json").write_text(json.dumps(saved(lake, problem, 25)))
    (tmp_path / "problem.json").write_text(json.dumps(as_config(problem)))
    racers = [Racer(decide_part, tmp_path / "lake", part) for part in range(4)]
    shoot(tmp_path / "lake")
    assert sum(racer.finish() for racer in racers) == 320
    held = read_ledger(problem, lake)
    assert held["application_id"].is_unique
    assert len(held) == 320
    own = held[held["own_action"] == "approve"].groupby("seat_day").size()
    lot = held[held["explored"]].groupby("seat_day").size()
    assert set(own) == {23}  # 25 less two for exploration; none stays empty
    assert lot.max() <= 2


CARD = {"amount": {"edges": [10_000.0, 20_000.0], "points": [25, 0, -25], "missing": 0}}


@pytest.fixture
def stocked(lake: Lake, make_scored: Make) -> Lake:
    put(lake, make_scored(900, 9))
    return lake


def saved(lake: Lake, problem: Problem, points: int) -> str:
    card = {"amount": {**CARD["amount"], "points": [points, 0, -points]}}
    model = Model(
        name="scorecard",
        fitted=ScorecardModel(1.6, 20, card),
        calibration=Calibration(0.0, 1.0),
        features=["amount"],
        definition=definition(problem),
        fingerprint="f" * 64,
    )
    return save(problem.name, lake, model, {})


def decided(lake: Lake, problem: Problem, version: str, **bounds: Any) -> tuple[Batch, Any]:
    batch = plan_batch(problem, lake, version, **bounds)
    scored = [score(problem, lake, batch, shard) for shard in batch.shards]
    return batch, decide_and_commit(problem, lake, scored, batch).decided


@pytest.mark.slow
def test_history_is_scored_once_by_the_model_that_decides(stocked: Lake, limited: Make) -> None:
    problem = limited()
    first, second = saved(stocked, problem, 25), saved(stocked, problem, 30)
    # The first day of deciding: the days before it are known, and nobody decided them.
    batch, made = decided(stocked, problem, first, since="2025-03-06", until="2025-03-06T12:00")
    assert batch.arrivals is not None
    assert len(batch.arrivals.sent) == 500
    assert len(stocked.read(arrivals(problem.name))) == 500
    assert made["seat_rho"].notna().all()
    # The next batch finds today's in the ledger and scores nothing again.
    batch, made = decided(stocked, problem, first, since="2025-03-06", until="2025-03-06T18:00")
    assert batch.arrivals is not None
    assert len(batch.arrivals.sent) == 550
    assert stocked.version(arrivals(problem.name)) == 1
    held = read_ledger(problem, stocked)
    pd.testing.assert_series_equal(
        pd.Series(np.sort(batch.arrivals.worth[:, 0])[-1:]),
        pd.Series([batch.arrivals.worth[:, 0].max()]),
    )
    worth = held["score"] * held[value_of("approve", "if_event")]
    worth += (1 - held["score"]) * held[value_of("approve", "if_no_event")]
    assert set(worth[held["as_of"] < "2025-03-06T12:00"].round(6)) <= set(
        batch.arrivals.worth[:, 0].round(6)
    )
    # A swap: what the old model decided is seen anew.
    batch, made = decided(stocked, problem, second, since="2025-03-06", until="2025-03-07T12:00")
    assert len(stocked.read(arrivals(problem.name))) == 500 + 575
    assert made["own_action"].eq("approve").groupby(made["seat_day"]).sum().max() <= 40
    whole = against_ledger(problem, stocked, batch)
    assert whole.spine.empty
