"""What is known of every application by an instant: its age, its event, its early closing.

Beside the columns of evidence/log.py a log says of its immature rows by ``event_at`` (of the
event, null where none was seen) and ``followed_until`` (null where the outcome cannot be seen;
``known_at`` while it is followed still; earlier and without an event: closed), both UTC and none
after ``known_at``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.outcome_model import guesses
from truerisk.measurement.evidence.pseudo import Guess, weights
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.evidence.source import Log
from truerisk.wording.counted import counted

TOLD_BY = ("event_at", "followed_until")
LEAST_FOLLOWED = 30


@dataclass(frozen=True, kw_only=True)
class History:
    """Every row of a log, mature or not; arrays of shape (n,), ages in horizons.

    ``rows.seen`` is followed (so far) and ``rows.y`` the event by now; without a history immature
    rows are not seen. ``end`` is the age at the event or the closing, the whole horizon or more
    where neither was seen. ``missing`` names a column whose lack leaves immature rows unknown.
    """

    rows: Rows
    guess: Guess
    as_of: pd.Series
    mature: np.ndarray
    age: np.ndarray
    end: np.ndarray
    closed: np.ndarray
    missing: str

    @property
    def event(self) -> np.ndarray:
        return self.rows.y > 0

    @property
    def open(self) -> np.ndarray:
        """Followed, immature, and nothing has ended it: neither an event nor its absence."""
        return self.rows.seen & ~self.mature & ~self.event & ~self.closed

    @cached_property
    def weight(self) -> np.ndarray:
        """R/π, or R/(πq) where outcomes were lost."""
        return weights(self.rows, self.guess) * (self.rows.pi > 0)


def history(
    log: Log | Evidence, horizon: pd.Timedelta, known_at: pd.Timestamp, features: Sequence[str]
) -> History:
    """The log's rows with their outcome model; LogError where times contradict the outcomes.

    P(event) is fitted on mature rows only and stands for the immature ones too; null values of a
    column ``m`` are filled by that fit.
    """
    evidence = evidence_of(log, [*TOLD_BY, *features])
    log, mature = evidence.every, evidence.mature
    if "as_of" not in log:
        raise LogError('The log has no column "as_of"; vintages need it.')
    as_of = _times(log["as_of"])
    _refuse("as_of is null", as_of.isna().to_numpy())
    _refuse(
        f'"mature" is not as_of + {horizon} <= {known_at:%Y-%m-%d %H:%M}',
        mature != (as_of + horizon <= known_at).to_numpy(),
    )
    if mature.any():
        _ = evidence.frame  # refuses what contradicts itself before immature rows are added
    missing = next((c for c in TOLD_BY if c not in log), "")
    revealed = log["revealed"].to_numpy()
    event = np.where(mature, log["event"].to_numpy(), np.nan)
    age = _in_horizons(known_at - as_of, horizon)
    end, happened = np.full(len(log), np.inf), np.zeros(len(log), dtype=bool)
    if not missing:
        happened_at = _times(log["event_at"])
        until = _times(log["followed_until"])
        for name, at in zip(TOLD_BY, (happened_at, until)):
            _refuse(f'"{name}" lies after known_at', (at > known_at).to_numpy())
            _refuse(f'"{name}" lies before as_of', (at < as_of).to_numpy())
        followed = until.notna().to_numpy() & ~_gone(log)
        happened = (happened_at <= as_of + horizon).to_numpy() & followed
        ended = happened | (until < known_at).to_numpy()
        end = np.where(
            ended, _in_horizons(happened_at.where(happened, until) - as_of, horizon), end
        )
        immature = followed & ~mature
        revealed = revealed | immature
        event = np.where(immature, happened, event)
        _check_followed(immature, ended, happened)
    so_far = evidence.as_if_mature(revealed, event)
    if not mature.any() and "action" in log:
        _ = so_far.doubts
    frame, rows = so_far.frame, so_far.rows
    if not missing:
        told = rows.seen & mature
        _refuse('"followed_until" is null although the outcome is there', told & ~followed)
        _refuse('"event_at" contradicts "event"', told & (happened != (rows.y > 0)))
    closed = rows.seen & (rows.y == 0) & (end < 1)
    known = replace(
        rows, seen=rows.seen & mature, lost=rows.lost & mature, walked=rows.walked & mature
    )
    given = frame["m"].to_numpy(dtype=float) if "m" in frame else np.full(len(log), np.nan)
    blank = np.isnan(given)
    if blank.any():
        frame = frame.drop(columns="m", errors="ignore")
    guess = guesses(frame, known, features)
    guess = replace(guess, event=np.where(blank, guess.event, given))
    return History(
        rows=rows,
        guess=guess,
        as_of=as_of,
        mature=mature,
        age=age,
        end=end,
        closed=closed,
        missing=missing,
    )


def _gone(log: pd.DataFrame) -> np.ndarray:
    """Not taken, or out of sight: the end of following is no closing."""
    if "status" not in log:
        return np.zeros(len(log), dtype=bool)
    return log["status"].isin(["not_taken", "lost"]).to_numpy()


def _times(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column, utc=True).reset_index(drop=True)


def _in_horizons(elapsed: pd.Series, horizon: pd.Timedelta) -> np.ndarray:
    return elapsed.to_numpy() / horizon.to_timedelta64()


def _check_followed(immature: np.ndarray, ended: np.ndarray, happened: np.ndarray) -> None:
    """Accounts whose news merely come late would all pass for closed, that is for good."""
    quiet = immature & ~happened
    if quiet.sum() >= LEAST_FOLLOWED and ended[quiet].all():
        raise LogError(
            f'"followed_until" lies before known_at in all {int(quiet.sum()):,} immature rows '
            "without an event, which says that they closed; put known_at there while an "
            "application is followed, and measure as of the time until which outcomes are complete."
        )


def _refuse(what: str, rows: np.ndarray) -> None:
    count = int(rows.sum())
    if count:
        raise LogError(
            f"Vintages cannot be measured: {what} in {count:,} of {counted(len(rows), 'row')}."
        )
