"""What a person changed after the draw: the action that holds instead of the one decided."""

from collections.abc import Mapping

import pandas as pd

from truerisk.lake.lake import Lake
from truerisk.lake.pins import pin
from truerisk.lake.tables import contests_of
from truerisk.problem.spec import Problem

CHANGED = "changed"


def overrides(
    lake: Lake, problem: str, known_at: pd.Timestamp, version: int | None = None
) -> pd.Series:
    """decision_id → the action of its newest contest that changed it, as known at ``known_at``.

    Empty where nobody contested. ``version`` pins the table.
    """
    table = contests_of(problem)
    version = lake.version(table) if version is None else version
    if version is None:
        return pd.Series(dtype="str", name="override")
    rows = lake.read(table, version)
    rows = rows[rows["outcome"].eq(CHANGED) & (rows["at"] <= known_at)]
    last = rows.sort_values("at", kind="stable").groupby("decision_id")["action"].last()
    return last.rename("override")


def by_hand(
    problem: Problem,
    lake: Lake,
    decided: pd.DataFrame,
    known_at: pd.Timestamp,
    review: pd.DataFrame,
    versions: Mapping[str, object],
    done: pd.Series | None = None,
) -> pd.Series:
    """The action that a person put in place of each decided one, null where it stands; (n,).

    Of a contest, of a verdict that came too late (``review`` is what ``reviewed`` makes of
    ``decided``), or as the source of outcomes says: ``done``, where it does, is the action that was
    taken, by key, and where it is not the decided one the outcome is another action's. What let
    pass whom verdict or audit had let pass, or stopped whom they had stopped, changed nothing. Logs
    and training both read it here: an outcome that it hides from the one trains no model of the
    other.
    """
    found = overrides(lake, problem.name, known_at, pin(lake, contests_of(problem.name), versions))
    hand = pd.Series(None, index=decided.index, dtype="object")
    if len(found):
        changed = decided["decision_id"].map(found)
        hand = changed.astype("object").where(changed.notna() & changed.ne(decided["action"]), None)
    hand = hand.where(hand.notna(), review["override"])
    if done is not None:
        taken = decided[problem.key].map(done).astype("object")
        other = taken.notna() & taken.ne(decided["action"]) & review["verdict"].isna()
        hand = hand.where(hand.notna() | ~other, taken)
    same = review["verdict"].notna() & (hand.isin(problem.revealing) == review["passes"])
    return hand.mask(same, None)
