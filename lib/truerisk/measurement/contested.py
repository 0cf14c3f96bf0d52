"""What contests came to: how many, by whom, how often decisions were overturned, and in dollars.

These are counts of what people did, exact for the decisions that were contested; who contests is no
sample of who applied, and nothing here enters an estimate.
"""

import numpy as np
import pandas as pd

from truerisk.columns import (
    IF_EVENT,
    IF_NO_EVENT,
    SAME_OUTCOME,
    SCORE,
    score_of,
    value_of,
    valued_actions,
)
from truerisk.errors import LogError
from truerisk.statistics.interval import wilson

NEEDED = ("decision_id", "action", "score")
ASKED = ("decision_id", "state", "reviewer", "was", "action")
EVERYONE = ""  # the row of all reviewers
STATES = OPEN, OVERDUE, UPHELD, CHANGED = ("open", "overdue", "upheld", "changed")


def contested(log: pd.DataFrame, contests: pd.DataFrame) -> pd.DataFrame:
    """One row for all contests of the log's decisions, reviewer "", then one per reviewer.

    ``log`` has ``decision_id``, ``action``, ``score`` and the dollars of every action; ``contests``
    is what ``tr.contests`` gives. Columns: ``contests``, ``open`` and of them ``overdue`` (both in
    the first row only), ``upheld``, ``changed``, ``overturned`` (changed of those decided, null
    where none is) with ``low`` and ``high`` (Wilson's 95% interval), ``dollars``: what the changes
    are worth in expectation at the logged scores, the action that holds against the one before it,
    which after a review is that of the verdict (or of lateness); negative where they cost.
    """
    for given, needed in ((log, NEEDED), (contests, ASKED)):
        missing = [c for c in needed if c not in given]
        if missing:
            raise LogError(
                f"contested() needs the column {missing[0]!r}; give it a decision log, and what "
                "tr.contests says."
            )
    own = contests[contests["decision_id"].isin(log["decision_id"])].reset_index(drop=True)
    own = own.assign(dollars=_dollars(log, own))
    rows = [_row(own, EVERYONE)]
    for reviewer in sorted(own["reviewer"].dropna().unique()):
        rows.append(_row(own[own["reviewer"].eq(reviewer)], str(reviewer)))
    return pd.DataFrame(rows)


def _row(own: pd.DataFrame, reviewer: str) -> dict[str, object]:
    count = {
        state: int(own["state"].eq(state).sum()) for state in ("open", OVERDUE, UPHELD, CHANGED)
    }
    decided = count[UPHELD] + count[CHANGED]
    share = count[CHANGED] / decided if decided else np.nan
    low, high = wilson(share, decided) if decided else (np.nan, np.nan)
    return {
        "reviewer": reviewer,
        "contests": len(own),
        "open": count[OPEN] + count[OVERDUE],
        "overdue": count[OVERDUE],
        "upheld": count[UPHELD],
        "changed": count[CHANGED],
        "overturned": share,
        "low": low,
        "high": high,
        "dollars": float(own["dollars"].sum()),
    }


def _dollars(log: pd.DataFrame, own: pd.DataFrame) -> np.ndarray:
    """Expected dollars of each contest's change, 0 where nothing changed, (contests,)."""
    names = valued_actions(log.columns)
    rows = log.set_index("decision_id").reindex(own["decision_id"])
    shown = log.attrs.get(
        SAME_OUTCOME, {}
    )  # each outcome has its own score where there are several
    own_score = [score_of(shown.get(name, name)) for name in names]
    columns = [column if column in rows else SCORE for column in own_score]
    score = rows[columns].to_numpy(dtype=float)
    worth = score * rows[[value_of(n, IF_EVENT) for n in names]].to_numpy(dtype=float)
    worth += (1 - score) * rows[[value_of(n, IF_NO_EVENT) for n in names]].to_numpy(dtype=float)
    place = {name: i for i, name in enumerate(names)}
    changed = own["state"].eq(CHANGED).to_numpy()
    each = np.flatnonzero(changed)
    to, was = (own.loc[changed, c].map(place).to_numpy(dtype=int) for c in ("action", "was"))
    made = np.zeros(len(own))
    made[each] = worth[each, to] - worth[each, was]
    return made
