"""A source of outcomes that says what was done: of another action than decided it is no outcome."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from truerisk.decisions.decide import decide
from truerisk.decisions.ledger import commit, decision_log
from truerisk.features.dataset import build_dataset
from truerisk.lake.lake import Lake
from truerisk.measurement.measure import measure

Make = Callable[..., Any]
KNOWN = pd.Timestamp("2026-03-12", tz="UTC")
OWN = {"reveals": True, "own_outcome": True, "if_no_event": "0"}


def test_an_outcome_of_another_action_than_was_decided_is_an_override(
    lake: Lake, make_problem: Make, make_scored: Make, make_batch: Make
) -> None:
    problem = make_problem(
        actions={
            "approve": {**OWN, "if_event": "-0.65 * amount", "if_no_event": "0.13 * amount"},
            "decline": {**OWN, "if_event": "0"},
        },
        outcome={"action": "done", "chance": "odds"},
        exploration=[
            {"action": "approve", "from": ["decline"], "share": 0.3, "design": "uniform"},
            {"action": "decline", "from": ["approve"], "share": 0.3, "design": "uniform"},
        ],
        candidates={"prior": None, "response": {"iterations": 2}},
    )
    scored = make_scored(400, seed=3)
    scored = scored.assign(score_approve=scored["score"], score_decline=scored["score"] / 2)
    source = scored.drop(columns=["score", "score_approve", "score_decline"]).rename(
        columns={"subject": "customer_id", "as_of": "applied_at"}
    )
    lake.append("applications", source, "application_id")
    made = decide(problem, scored, make_batch())
    commit(problem, lake, made)
    other = np.arange(len(made)) % 10 == 0
    swapped = made["action"].map({"approve": "decline", "decline": "approve"})
    done = made["action"].astype("str").where(~other, swapped)
    done[1] = None  # where it does not say, the decision stands
    outcomes = pd.DataFrame(
        {
            "application_id": made["application_id"],
            "defaulted": (np.arange(len(made)) % 3 == 0).astype(int),
            "observed_at": made["as_of"] + pd.Timedelta("10D"),
            "done": done,
            "odds": 0.5,
        }
    )
    lake.append("outcomes", outcomes, "application_id")
    log = decision_log(problem, lake, KNOWN)
    assert log["override"].notna().to_numpy().tolist() == other.tolist()
    assert (log["override"][other] == done[other].to_numpy()).all()
    found = measure(log)
    labels = found[found["metric"].eq("event_rate") & found["estimator"].eq("dr")]
    kept = made["action"][~other].value_counts()
    for action, rows in labels.groupby("action"):
        assert set(rows["labels"]) == {kept[action]}
    frame = build_dataset(problem, lake, KNOWN).frame.set_index("application_id")
    assert frame["event"].isna().reindex(made["application_id"]).to_numpy().tolist() == (
        other.tolist()
    )
