"""What holds of a decision today: the action as decided, or what a person made of it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from truerisk.lake.lake import Lake
from truerisk.lake.overrides import overrides
from truerisk.lake.reviews import reviewed
from truerisk.problem.actions import LATE
from truerisk.problem.spec import Problem

WAITS = "waits"  # in review, without a verdict yet


@dataclass(frozen=True, kw_only=True)
class Held:
    """``action`` holds now; ``passes`` says whether the application got what reveals, None where
    it waits for a person; ``by`` is decision, verdict, late, waits or contest."""

    action: str
    passes: bool | None
    by: str


def held(problem: Problem, lake: Lake, row: dict[str, Any], known_at: pd.Timestamp) -> Held:
    """What holds of one decision, ``row`` of the ledger, as known at ``known_at`` (UTC)."""
    action, own = str(row["action"]), pd.DataFrame([row])
    by_hand = overrides(lake, problem.name, known_at).get(row["decision_id"])
    if by_hand is not None:
        return Held(action=by_hand, passes=by_hand in problem.revealing, by="contest")
    if action in problem.reviews:
        review = reviewed(problem, lake, own, known_at).iloc[0]
        if review["override"] is not None:
            late = str(review["override"])
            return Held(action=late, passes=late in problem.revealing, by="verdict")
        if review["verdict"] is not None:
            by = LATE if review["verdict"] == LATE else "verdict"
            return Held(action=str(review["becomes"]), passes=bool(review["passes"]), by=by)
        return Held(action=action, passes=None, by=WAITS)
    return Held(action=action, passes=action in problem.revealing, by="decision")
