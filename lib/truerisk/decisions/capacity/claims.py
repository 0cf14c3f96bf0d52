"""Seats: how many a day has, who has claimed them, and what exploration has for itself."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import BEFORE, EXPLORE_BEFORE, SEAT_DAY, seat_of
from truerisk.decisions.capacity.calendar import kinds, moments
from truerisk.errors import SeatError
from truerisk.lake.duck import session
from truerisk.lake.lake import Lake
from truerisk.lake.tables import ledger
from truerisk.problem.actions import KINDS
from truerisk.problem.spec import Problem

NEEDED = ("action", "own_action", "explored", "as_of")  # columns of the ledger


@dataclass(frozen=True)
class Claimed:
    """Seats of one action on one day: claimed by the policy's own choice, and by exploration.

    Whoever the policy gave a seat keeps it claimed where a draw takes the row elsewhere.
    """

    own: int = 0
    explored: int = 0


NEAR = pd.Timedelta(days=2)  # a local day lies within

Claims = dict[str, dict[str, Claimed]]  # action → local day, ISO → seats


def claims(problem: Problem, decided: pd.DataFrame) -> Claims:
    """The seats that rows of the ledger hold; ``decided`` has the columns of NEEDED."""
    found: Claims = {}
    if not problem.limited or decided.empty:
        return found
    day = moments(decided["as_of"], problem.calendar.zone).day
    done, drawn = decided["action"], decided["explored"].astype(bool)
    own = decided["own_action"].fillna(done) if "own_action" in decided else done
    for action in problem.limited:
        mine = own.eq(action).to_numpy()
        lots = (drawn & done.eq(action)).to_numpy() & ~mine
        each = pd.DataFrame({"own": mine, "explored": lots})[mine | lots]
        counts = each.groupby(day[mine | lots]).sum()
        found[action] = {
            str(np.datetime64(today, "D")): Claimed(int(one), int(other))
            for today, one, other in counts.itertuples(name=None)
        }
    return found


def seats_left(problem: Problem, day: np.datetime64, held: Claims) -> tuple[np.ndarray, np.ndarray]:
    """What is left of a local day for the policy and for exploration, (L,) each; never below 0.

    Exploration's own are ``explore_seats`` of the day's capacity, rounded up, where an entry goes
    there; neither lends the other any. What either claimed under an earlier policy, with another
    share, is the other's no more: the two never add up to more than the capacity.
    """
    kind = KINDS[int(kinds(np.array([day]), problem.calendar.holidays)[0])]
    explored = {entry.action for entry in problem.exploration}
    own, other = [], []
    for name in problem.limited:
        action = problem.actions[name]
        assert action.capacity is not None
        every, taken = action.capacity[kind], held.get(name, {}).get(str(day), Claimed())
        kept = math.ceil(round(action.explore_seats * every, 9)) if name in explored else 0
        own.append(every - max(kept, taken.explored) - taken.own)
        other.append(min(kept, every - taken.own) - taken.explored)
    return np.maximum(own, 0).astype(float), np.maximum(other, 0).astype(float)


def refuse_taken(problem: Problem, lake: Lake, version: int, decided: pd.DataFrame) -> None:
    """SeatError where the ledger at ``version`` leaves other seats than rows were priced with."""
    if not problem.limited or decided.empty:
        return
    held = claims(problem, _held(problem, lake, version, decided["as_of"]))
    for today, rows in decided.groupby(SEAT_DAY):
        left = seats_left(problem, np.datetime64(str(today), "D"), held)
        for what, now in zip((BEFORE, EXPLORE_BEFORE), left, strict=True):
            for name, seats in zip(problem.limited, now, strict=True):
                if rows[seat_of(what, name)].iloc[0] != seats:
                    raise SeatError(
                        f"{problem.where}: the seats of “{name}” on {today} are not what the batch "
                        "was priced with, since another batch claimed some; decide it again."
                    )


def _held(problem: Problem, lake: Lake, version: int, as_of: pd.Series) -> pd.DataFrame:
    """Rows of the ledger around the days at hand, with the columns of NEEDED."""
    first, last = (f"{t.isoformat()}" for t in (as_of.min() - NEAR, as_of.max() + NEAR))
    with session() as con:
        rows = lake.scan(con, ledger(problem.name), version)
        columns = ", ".join(c for c in NEEDED if c in rows.columns)
        rows.create_view("held")
        return (
            con.sql(
                f"SELECT {columns} FROM held WHERE as_of BETWEEN TIMESTAMPTZ '{first}' "
                f"AND TIMESTAMPTZ '{last}'"
            )
            .to_arrow_table()
            .to_pandas()
        )
