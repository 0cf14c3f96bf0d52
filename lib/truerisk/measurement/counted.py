"""Figures that need no estimator: what was decided, and what exploring brought, as counted."""

import numpy as np
import pandas as pd

from truerisk.columns import IF_EVENT, IF_NO_EVENT, chance_of, value_of, valued_actions
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.influence import Value
from truerisk.statistics.interval import clustered_se, share_interval, wald, wilson

LEAST = 30  # subjects; of fewer, counts are shown and nothing else


def too_few(rows: Rows, group: np.ndarray) -> str:
    """Why nothing is said of the group, or '' where something may be."""
    subjects = len(np.unique(rows.cluster[group]))
    return "" if subjects >= LEAST else f"withheld: {subjects} subjects, {LEAST} are needed"


def counted(n: int, lost: float) -> dict:
    """The fields of an estimate that weighs nothing; ``lost`` is the share without a propensity."""
    return {
        "estimator": "counted",
        "population": "all" if not lost else "eligible",
        "n": n,
        "effective_n": float(n),
        "labels": 0,
        "explored_labels": 0,
        "largest_weight": 1.0,
        "share_not_identified": lost,
    }


def plainly(found: Value, rows: Rows, group: np.ndarray, kind: str, trouble: str) -> dict:
    """value, low, high and status: ``kind`` is share (logit), log (of a ratio) or plain (Wald)."""
    blank = dict.fromkeys(("value", "low", "high"))
    if trouble:
        return blank | {"status": trouble}
    if not np.isfinite(found.theta):
        return blank | {"status": "withheld: undefined, nothing varies or nobody is approved"}
    se, theta = clustered_se(found.influence, rows.cluster), found.theta
    if kind == "log":
        theta, (low, high) = np.exp(theta), np.exp(wald(theta, se))
    elif kind == "plain":
        low, high = wald(theta, se)
    elif theta in (0, 1):
        low, high = wilson(theta, len(np.unique(rows.cluster[group])))
    else:
        low, high = share_interval(theta, se)
    return {"value": float(theta), "low": float(low), "high": float(high), "status": "ok"}


def exploration_dollars(frame: pd.DataFrame, rows: Rows) -> np.ndarray | None:
    """Dollars of the action taken minus those of the other actions, as the policy mixes them; (n,).

    v_a(y) − Σ_{b≠a} p_b·v_b(y) / Σ_{b≠a} p_b, with the outcome that is known; 0 where none is or
    nothing else could have been taken. None for a log without dollars or actions.
    """
    actions = valued_actions(frame.columns)
    if not actions or "action" not in frame:
        return None
    event = rows.y > 0
    own, other, chance = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
    for name in actions:
        worth = np.where(event, frame[value_of(name, IF_EVENT)], frame[value_of(name, IF_NO_EVENT)])
        taken = frame["action"].eq(name).to_numpy(dtype=bool)
        p = np.where(taken, 0.0, frame[chance_of(name)].to_numpy(dtype=float))
        own += np.where(taken, worth, 0.0)
        other += p * worth
        chance += p
    mixed = np.divide(other, chance, out=np.zeros(len(rows)), where=chance > 0)
    return np.where(rows.seen & (chance > 0), own - mixed, 0.0)
