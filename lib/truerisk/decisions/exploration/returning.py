"""Returning applicants: each application has a draw of its own, and from the ninth chance on less.

Without a limit who applies every week would take the budget. The limit falls on π, from what was
decided before and never from how a draw fell, so that π stays the exact chance given everything
before it and is 0 for nobody because of history.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.lake.identity import alike, as_text

PERIOD = pd.Timedelta(days=90)
FREE = 8  # chances in PERIOD that cost a subject nothing
AGAIN = 0.25  # of π, for every later one


@dataclass(frozen=True)
class Chances:
    """Decided applications that had a chance to be explored: whose, and when (UTC); any order."""

    subject: pd.Series
    as_of: pd.Series


def chances(decided: pd.DataFrame, subject: pd.Series) -> Chances:
    """The ledger's rows with an exploration rate, of the subjects at hand."""
    rows = decided.loc[decided["exploration_rate"] > 0, ["subject", "as_of"]]
    # The ledger holds subjects as text: the number 7 may stand there as "7.0", from an older day.
    rows = rows.assign(subject=alike(rows["subject"], subject))
    rows = rows[rows["subject"].isin(as_text(subject))].reset_index(drop=True)
    return Chances(rows["subject"], rows["as_of"])


def earlier(
    subject: pd.Series, as_of: pd.Series, open_: np.ndarray, before: Chances | None
) -> np.ndarray:
    """How many of the subject's applications within 90 days had a chance before each row; (n,).

    Of the ledger those on either side of as_of; of the batch, in order of time, the ``open_`` rows
    above. Whether k later leaves such a row without a chance is not asked: n is known before k.
    """
    moment = _moments(as_of)
    if before is None or before.subject.empty:
        plain = pd.api.types.is_integer_dtype(subject.dtype)  # whole numbers need no text
        mine, found = pd.factorize(subject if plain else as_text(subject))
        if len(found) == len(mine):  # as in most small batches
            return np.zeros(len(mine), dtype="int64")
        if moment[-1] - moment[0] <= PERIOD.to_timedelta64():
            return _above(open_, mine)
        theirs, then = mine[:0], moment[:0]
    else:
        texts, then = as_text(subject), _moments(before.as_of)
        who = pd.factorize(pd.concat([texts, before.subject], ignore_index=True))[0]
        mine, theirs = who[: len(texts)], who[len(texts) :]
    times = np.sort(np.concatenate([moment, then]))
    times = times[np.append(True, times[1:] > times[:-1])]
    first = np.searchsorted(times, moment - PERIOD.to_timedelta64(), "left")
    last = np.searchsorted(times, moment + PERIOD.to_timedelta64(), "right")
    step = len(times) + 1  # one number per (subject, place in time), in that order

    def below(subjects: np.ndarray, places: np.ndarray, bound: np.ndarray) -> np.ndarray:
        """Per row, how many come before a place in its own subject's time, others' included."""
        return np.searchsorted(np.sort(subjects * step + places), mine * step + bound)

    ledger, batch = np.searchsorted(times, then), np.searchsorted(times, moment[open_])
    found = below(theirs, ledger, last) - below(theirs, ledger, first)
    own, begin = mine[open_], np.zeros(len(mine), dtype="int64")
    return found + _above(open_, mine) - (below(own, batch, first) - below(own, batch, begin))


def _above(open_: np.ndarray, mine: np.ndarray) -> np.ndarray:
    """How many of the ``open_`` rows above each are of the same subject, (n,)."""
    return pd.Series(open_.astype("int64")).groupby(mine).cumsum().to_numpy() - open_


def share(n: np.ndarray) -> np.ndarray:
    """r, what is left of π after ``n`` earlier chances, shape (n,)."""
    return np.where(n < FREE, 1.0, AGAIN)


def _moments(as_of: pd.Series) -> np.ndarray:
    return as_of.dt.tz_convert(None).to_numpy(dtype="datetime64[us]")
