"""The rows of a log in the order in which a watch releases them, each once and for good.

What was shown for a week never changes afterwards: a week is released when all its applications
are mature, and its pseudo-labels rest on nothing that came later.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from truerisk.columns import SIDES, chance_of, value_of, valued_actions
from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.labelled import Labelled, with_labels
from truerisk.measurement.evidence.outcome_model import (
    LEAST_LABELS,
    as_number,
    cross_fit,
    guesses,
)
from truerisk.measurement.evidence.reviewed import rates_so_far
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.watching.watched import Watched
from truerisk.statistics.clusters import closed_up
from truerisk.wording.counted import counted

MEMORY = pd.Timedelta(days=366)  # older outcomes teach m nothing about today
WEEK = pd.Timedelta(days=7)


def release(
    log: Log | Evidence, features: Sequence[str], start: pd.Timestamp | None = None
) -> Watched:
    """The weeks before the first one with an immature row, from ``start`` (UTC) on.

    Rows before ``start`` only teach the outcome model. Raises LogError for a log without ``as_of``,
    or where no week is entirely mature.
    """
    known = evidence_of(log, features)
    log = known.every
    if "as_of" not in log or not isinstance(log["as_of"].dtype, pd.DatetimeTZDtype):
        raise LogError(
            'The log has no column "as_of" with instants in UTC; without it nothing can be '
            "watched week by week."
        )
    missing = int(log["as_of"].isna().sum())
    if missing:
        raise LogError(f"The log cannot be watched: as_of is null in {counted(missing, 'row')}.")
    monday = mondays(log["as_of"])
    immature = monday[~known.mature].min()  # NaT where there is none
    whole = known.mature & ~(monday >= immature).to_numpy()
    if not (whole & _since(log["as_of"], start)).any():
        raise LogError(
            f"No week of the log's {counted(len(log), 'row')} is entirely mature"
            f"{'' if start is None else f' since {start:%Y-%m-%d}'}; watch later."
        )
    frame, rows = _in_time(known, whole[known.mature], features)
    at, logged = frame["as_of"], rows.pi > 0
    keep = logged & _since(at, start)
    if not keep.any():
        raise LogError(
            f"The log cannot be watched: none of its {counted(len(at), 'row')} in entirely "
            "mature weeks "
            "had a logged chance to be revealed."
        )
    if "m" not in frame:
        frame = frame.assign(m=_fixed_before(frame, rows, features))
    if rows.q is not None and "m2" not in frame:
        look, _ = _weeks(frame["as_of"])
        frame = frame.assign(m2=rates_so_far(frame["verdict"], rows, frame["m"].to_numpy(), look))
    return _watched(frame, with_labels(rows, guesses(frame, rows, features)), keep)


def _in_time(
    known: Evidence, whole: np.ndarray, features: Sequence[str]
) -> tuple[pd.DataFrame, Rows]:
    """The mature rows of the ``whole`` weeks in order of time, as if there were no others, and
    those of their columns that are read."""
    actions = valued_actions(known.frame.columns)
    dollars = [value_of(c, side) for c in actions for side in SIDES]
    read = {"as_of", "m", "verdict", "m2", *features, *dollars, *map(chance_of, actions)}
    frame, rows = known.frame, known.rows
    at = frame["as_of"].astype("int64").to_numpy()
    order = np.flatnonzero(whole)
    order = order[np.argsort(at[order], kind="stable")]
    frame = pd.DataFrame({c: frame[c].array.take(order) for c in frame if c in read}, copy=False)
    rows = rows.at(order)
    return frame, replace(rows, cluster=closed_up(rows.cluster))


def _since(as_of: pd.Series, start: pd.Timestamp | None) -> np.ndarray:
    return np.ones(len(as_of), bool) if start is None else (as_of >= start).to_numpy()


def _watched(frame: pd.DataFrame, every: Labelled, keep: np.ndarray) -> Watched:
    """The kept rows with both worst cases of their unseen outcomes, and their dollars."""
    look, weeks = _weeks(frame["as_of"][keep])
    known = every.where(keep)
    rows, m, last = known.rows, known.m, known.last
    drawn = m + (last - m) / rows.pi
    least, most = (
        np.where(rows.unseen, drawn + (u - last) / rows.chance, known.a) for u in (0.0, 1.0)
    )
    dollars: list[np.ndarray | None] = [None, None]
    if actions := valued_actions(frame.columns):
        for i, ending in enumerate(SIDES):
            parts = (frame[chance_of(c)] * frame[value_of(c, ending)] for c in actions)
            dollars[i] = sum(parts, pd.Series(0.0, frame.index)).to_numpy(dtype=float)[keep]
    return Watched(
        rows=rows, m=m, last=last, a=known.a, b=known.b, w=known.w, look=look, weeks=weeks,
        quarters=_quarters(weeks), least=least, most=most, if_event=dollars[0],
        if_no_event=dollars[1],
    )  # fmt: skip


def mondays(as_of: pd.Series) -> pd.Series:
    """The Monday, 00:00 UTC, of each instant's ISO week."""
    day = as_of.dt.tz_convert("UTC").dt.floor("D")
    return day - pd.to_timedelta(day.dt.day_of_week, unit="D")


def _weeks(as_of: pd.Series) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """The number of each instant's week, (n,), and the Mondays of all weeks that there are."""
    look, weeks = pd.factorize(mondays(as_of), sort=True)
    return look, pd.DatetimeIndex(weeks)


def _quarters(weeks: pd.DatetimeIndex) -> pd.Index:
    thursday = weeks + pd.Timedelta(days=3)
    return pd.Index(
        [f"{year}Q{q}" for year, q in zip(thursday.year, thursday.quarter, strict=True)]
    )


def _fixed_before(frame: pd.DataFrame, rows: Rows, features: Sequence[str]) -> np.ndarray:
    """m(x) of each row from outcomes of earlier quarters only, shape (n,).

    Until 200 outcomes of an earlier quarter are there m is the score, which was fixed when the row
    was decided. Afterwards it is refitted each quarter on the year before it, and for each subject
    without its own earlier rows: draws that stuck to a subject are repeated by its later ones.
    """
    m = rows.score.copy()
    look, weeks = _weeks(frame["as_of"])
    quarter = np.unique(_quarters(weeks), return_inverse=True)[1][look]
    guessed = (rows.pi > 0) & ~(rows.seen & (rows.chance == 1))
    at = frame["as_of"]
    for one in np.unique(quarter[guessed]):
        now = quarter == one
        asked = now & guessed  # of the others ỹ is y, whatever m is
        begin = at[now].iloc[0]
        before = (quarter < one) & (at > begin - MEMORY).to_numpy()
        if rows.seen[before].sum() < LEAST_LABELS:
            continue
        # Who neither teaches nor is asked for only says which texts were met before, which one that
        # is first met later in the quarter must not renumber.
        part, kept = before | now, (before & rows.seen) | asked
        some = rows.where(kept)
        columns = pd.DataFrame(
            {c: as_number(frame.loc[part, c], before[part])[kept[part]] for c in features},
            np.arange(len(some)),
        )
        known = replace(some, seen=some.seen & before[kept])
        learnt = cross_fit(columns, known, features, asked[kept])
        m[asked] = learnt[asked[kept]]
    return m
