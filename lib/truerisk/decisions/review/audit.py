"""The audit: which reviewed applications pass whatever the verdict, drawn before any review.

Who knows the draw can choose whom the audited stand for, and no estimate would show it. It stands
in the ledger for the measurement; queue, letters and services carry neither it nor exploration.
"""

import numpy as np
import pandas as pd

from truerisk.columns import AUDIT_CHANCE, AUDITED, DUE
from truerisk.decisions.exploration.explore import draw
from truerisk.decisions.review.due import due_times
from truerisk.problem.spec import Problem

WORD = "audit"  # of this lottery; by that of exploration who is explored would be audited too


def review_columns(
    problem: Problem, scored: pd.DataFrame, action: np.ndarray, p: np.ndarray
) -> dict[str, pd.Series]:
    """What the ledger holds of reviews, none where the problem has none; null where not reviewed.

    ``action`` (n,) are the places of the actions that were taken, ``p`` (n, actions) their
    probabilities before the draw. The audit's chance is max(audit, min(1, audit_floor/π)), π that
    of the outcome's being revealed, so that πq is at least min(π, audit_floor).
    """
    if not problem.reviews:
        return {}
    names = list(problem.actions)
    q = pd.Series(np.nan, index=scored.index)
    due = pd.Series(pd.NaT, index=scored.index, dtype="datetime64[us, UTC]")
    for name in problem.reviews:
        review, mine = problem.actions[name], action == names.index(name)
        shown = next(shows for shows in problem.outcomes.values() if name in shows)
        pi = p[:, [names.index(a) for a in shown]].sum(axis=1)[mine]
        assert review.audit is not None
        q[mine] = np.maximum(review.audit, np.minimum(1, review.audit_floor / pi))
        due[mine] = due_times(review, problem.calendar, scored["as_of"][mine])
    salt = next((e.salt for e in problem.exploration if e.salt), problem.name)
    reviewed = q.notna()
    audited = pd.Series(pd.NA, index=scored.index, dtype="boolean")
    audited[reviewed] = draw(salt, WORD, scored.loc[reviewed, problem.key]) < q[reviewed]
    return {AUDIT_CHANCE: q, AUDITED: audited, DUE: due}
