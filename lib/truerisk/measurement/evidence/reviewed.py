"""What a person's verdict leaves to an audit: its chance, and the event's rate by verdict.

A log of reviews holds ``verdict`` (text; a lateness is one as well; null where nobody reviewed),
``q``, the chance of the audit where the verdict keeps the outcome hidden and 1 where it lets it be
seen, and ``audited``, whether the audit's draw fell on the row. ``reviewer`` and ``audit_q``, the
audit's chance of every reviewed row before its verdict, let the draws be checked (audits.py).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from truerisk.measurement.evidence.outcomes import refuse
from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.clusters import FOLDS

LATE = "late"  # the verdict of a row whose time ran out
Sums = Callable[[np.ndarray], np.ndarray]  # Σx over the rows that teach each row


def check_reviews(frame: pd.DataFrame, over: bool = True) -> None:
    """LogError, with the count of its rows, where mature rows contradict their reviews; ``over``:
    the time of every review has passed."""
    if "verdict" not in frame:
        return
    reviewed, q = frame["verdict"].notna().to_numpy(), frame["q"].to_numpy(dtype=float)
    hand = frame["override"].notna().to_numpy() if "override" in frame else np.zeros(len(q), bool)
    refuse("q is null or outside (0, 1] beside a verdict", reviewed & ~((q > 0) & (q <= 1)))
    refuse("q lies below 1 where no verdict is there", ~reviewed & (q < 1))
    refuse(
        "an outcome was revealed that the verdict kept hidden and no audit let pass",
        frame["revealed"].to_numpy() & ~hand & _stopped(frame),
    )
    if "action" in frame and over:
        waits = frame["action"].isin(frame.loc[reviewed, "action"].dropna().unique()).to_numpy()
        refuse(
            "a reviewed row has no verdict (lateness is one: its default acts)",
            waits & ~reviewed & ~hand,
        )


def audit_chance(frame: pd.DataFrame) -> np.ndarray | None:
    """q of each row, (n,), 1 where no audit decides; None where none does anywhere."""
    if "verdict" not in frame:
        return None
    q = np.where(frame["verdict"].notna(), frame["q"].to_numpy(dtype=float), 1.0)
    return q if (q < 1).any() else None


def stopped(frame: pd.DataFrame) -> np.ndarray:
    """Rows that the verdict kept hidden and the audit did not let pass, (n,)."""
    return _stopped(frame) if "verdict" in frame else np.zeros(len(frame), dtype=bool)


def _stopped(frame: pd.DataFrame) -> np.ndarray:
    q = frame["q"].to_numpy(dtype=float)
    return frame["verdict"].notna().to_numpy() & (q < 1) & ~frame["audited"].to_numpy(dtype=bool)


def rates(verdict: pd.Series, rows: Rows, m: np.ndarray) -> np.ndarray:
    """ΣWy/ΣW of the audited with a row's verdict in other clusters, W = 1/(πq); (n,).

    ``m`` where there are none, null where no audit decides. A rate that knew the row, or another
    row of its subject, would bias what it stands for.
    """
    decides = np.flatnonzero(rows.audit < 1)
    code = pd.factorize(verdict.iloc[decides])[0]
    each = code * (int(rows.cluster.max(initial=0)) + 1) + rows.cluster[decides]
    own = np.unique(each, return_inverse=True)[1]
    return _rates(rows, m, decides, lambda x: np.bincount(code, x)[code] - np.bincount(own, x)[own])


def rates_so_far(verdict: pd.Series, rows: Rows, m: np.ndarray, look: np.ndarray) -> np.ndarray:
    """``rates`` of rows in earlier looks only, (n,), and of other folds of clusters."""
    decides = np.flatnonzero(rows.audit < 1)
    code, when = pd.factorize(verdict.iloc[decides])[0], look[decides]
    fold = rows.cluster[decides] % FOLDS

    fold = rows.cluster[decides] % FOLDS
    shape = (int(code.max(initial=0)) + 1, FOLDS, int(look.max(initial=0)) + 2)

    def before(x: np.ndarray) -> np.ndarray:
        sums = np.zeros(shape)
        np.add.at(sums, (code, fold, when + 1), x)
        so_far = np.cumsum(sums, axis=2)
        return so_far.sum(axis=1)[code, when] - so_far[code, fold, when]

    return _rates(rows, m, decides, before)


def _rates(rows: Rows, m: np.ndarray, decides: np.ndarray, others: Sums) -> np.ndarray:
    """The rates of the rows where an audit ``decides``; ``others`` sums over those that teach."""
    seen, chance = rows.seen[decides], rows.chance[decides]
    w = np.divide(seen, chance, out=np.zeros(len(decides)), where=seen & (chance > 0))
    there = others((w > 0).astype(float)) > 0
    found = np.full(len(rows), np.nan)
    found[decides] = m[decides]
    rate = np.divide(others(w * rows.y[decides]), others(w), out=found[decides], where=there)
    found[decides] = np.clip(rate, 0, 1)
    return found
