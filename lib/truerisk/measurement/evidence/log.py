"""A decision log, checked: what an unbiased estimate needs, or one sentence on what is missing.

One row per application. Needed: ``subject``, ``mature``, ``score`` in [0, 1], ``p_reveal`` in
[0, 1] (null where no propensity was logged), ``revealed`` and ``event`` (0/1, null where not seen).
For dollars also ``p_<action>``, ``value_<action>_if_event`` and ``value_<action>_if_no_event``.
Optional: ``action``, ``as_of`` (UTC), ``override`` (the action a person took instead, else null),
``status`` (followed, closed, not_taken, lost, pending), ``realised_value`` (dollars), ``cluster``
(else subject), those of reviews (reviewed.py), ``experiment``, ``arm`` and its propensities
(propensities.py), ``exploration_entry`` (which draw revealed), and ``m``, an outcome model's
cross-fitted P(event), which is fitted otherwise. Where actions show different outcomes,
``score_<action>`` and ``m_<action>`` are those of each outcome, named by the first action that
shows it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.columns import SIDES, chance_of, score_of, value_of, valued_actions
from truerisk.measurement.evidence.outcomes import Outcome, refuse, revealing_actions
from truerisk.measurement.evidence.reviewed import audit_chance, check_reviews, stopped
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.types import NEEDED as NEEDED
from truerisk.measurement.evidence.types import utc
from truerisk.statistics.clusters import codes

MOST_DOLLARS = 1e15  # of an application; beyond, no sum of cents would be exact


def check_values(frame: pd.DataFrame, over: bool = True) -> None:
    """LogError, with the count of its rows, where a log's mature rows contradict themselves;
    ``over``: no review of theirs is open any more."""
    score, logged, event = (frame[c].to_numpy() for c in ("score", "p_reveal", "event"))
    refuse("score lies outside [0, 1]", ~((score >= 0) & (score <= 1)))
    refuse("p_reveal lies outside [0, 1]", (logged < 0) | (logged > 1))
    refuse("p_reveal is 0 although the outcome was revealed", _shown(frame) & (logged == 0))
    refuse("event is neither 0 nor 1 nor null", ~(np.isnan(event) | (event == 0) | (event == 1)))
    if "action" in frame:
        undecided = frame["action"].isna().to_numpy()
        refuse("an outcome is there and action is null", undecided & ~np.isnan(event))
    dollars = [value_of(a, side) for a in valued_actions(frame.columns) for side in SIDES]
    for column in ("realised_value", *dollars):
        if column in frame:
            size = np.abs(frame[column].to_numpy())
            refuse(f"{column} is infinite", np.isinf(size))
            refuse(f"{column} lies beyond {MOST_DOLLARS:,.0f} dollars", size > MOST_DOLLARS)
    if "as_of" in frame:
        refuse("as_of is null", frame["as_of"].isna().to_numpy())
    check_reviews(frame, over)


def revealing_of(frame: pd.DataFrame) -> list[str]:
    """The actions that show an outcome: by their probabilities, or because they did."""
    named = revealing_actions(frame)
    if named or "action" not in frame:
        return named
    return list(frame.loc[_shown(frame), "action"].dropna().unique())


def rows_of(
    frame: pd.DataFrame, subject: np.ndarray, outcome: Outcome, cluster: Sequence[str] = ()
) -> Rows:
    """The mature rows as arrays, about one outcome; ``subject`` (n,) codes their subjects."""
    score, logged, event = (frame[c].to_numpy() for c in ("score", "p_reveal", "event"))
    shown, overridden = _shown(frame), _overridden(frame)
    if outcome.actions:
        if (own := score_of(outcome.name)) in frame:
            score = frame[own].to_numpy()
            refuse(f"{own} is null or outside [0, 1]", ~((score >= 0) & (score <= 1)))
        logged = np.sum([frame[chance_of(a)].to_numpy() for a in outcome.actions], axis=0)
        mine = frame["action"].isin(outcome.actions).to_numpy()
        shown = shown & mine
    pi, q, left = np.nan_to_num(logged), audit_chance(frame), stopped(frame)
    closed, not_taken, gone = _with_status(frame, "closed", "not_taken", "lost")
    event = np.where(shown & closed & np.isnan(event), 0.0, event)
    # What an audit did not let pass is as hidden as what was not drawn: the audited stand for it.
    drawn = _drawn(frame, pi, shown, overridden, outcome) & (pi > 0) & ~left
    if q is not None and outcome.actions:
        q = np.where(mine, q, 1.0)
    walked = drawn & ~overridden & not_taken
    # A hand that intervenes after the draw hides the outcome, and one that approves what was
    # declined shows an outcome that no draw chose: neither may enter a pseudo-label.
    seen = shown & ~np.isnan(event) & ~walked
    lost = drawn & ~overridden & ~seen & gone
    if cluster:
        by, names = " and ".join(cluster), list(cluster)
    else:
        by = "cluster" if "cluster" in frame else "subject"
        names = [by]
    refuse(f"{by} is null", frame[names].isna().any(axis=1).to_numpy())
    return Rows(
        score=score,
        pi=pi,
        seen=seen,
        y=np.where(seen, np.nan_to_num(event), 0.0),
        walked=walked,
        lost=lost,
        unseen=drawn & ~seen & ~walked & ~lost,
        cluster=subject if names == ["subject"] else codes(frame, names),
        day=_days(frame),
        q=q,
    )


def _with_status(frame: pd.DataFrame, *statuses: str) -> list[np.ndarray]:
    """Which rows have each of these statuses, (n,) each."""
    if "status" not in frame:
        return [np.zeros(len(frame), dtype=bool) for _ in statuses]
    code = pd.Index(statuses, dtype=object).get_indexer(pd.Index(frame["status"], dtype=object))
    return [code == k for k in range(len(statuses))]


def _days(frame: pd.DataFrame) -> np.ndarray:
    """A code per UTC day of as_of, 0 for the first that has a row; all 0 without as_of; (n,)."""
    if "as_of" not in frame:
        return np.zeros(len(frame), dtype=np.int32)
    day = utc(frame["as_of"]).astype("datetime64[D]").astype(np.int64)
    day = (day - day.min()).astype(np.int32)
    return (np.cumsum(np.bincount(day) > 0) - 1).astype(np.int32)[day]


def _drawn(
    frame: pd.DataFrame,
    pi: np.ndarray,
    shown: np.ndarray,
    overridden: np.ndarray,
    outcome: Outcome,
) -> np.ndarray:
    """Whether the draw took an action that shows the outcome, also where it is hidden or lost.

    It did where π = 1, and wherever it took an action that shows outcomes when no hand intervenes.
    """
    drawn = shown | (pi == 1)
    if "action" not in frame:
        return drawn | overridden
    names = outcome.actions or tuple(frame.loc[shown, "action"].unique())
    return drawn | frame["action"].isin(names).to_numpy()


def _shown(frame: pd.DataFrame) -> np.ndarray:
    """Revealed by the draw, not by a hand."""
    return frame["revealed"].to_numpy() & ~_overridden(frame)


def _overridden(frame: pd.DataFrame) -> np.ndarray:
    if "override" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return frame["override"].notna().to_numpy()
