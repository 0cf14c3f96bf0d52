"""A log against its own chances: were actions drawn as often as their probabilities say?

Every estimate for everyone stands on π. Over rows with 0 < π < 1 the number that were drawn to be
revealed is Σπ give or take √Σπ(1 − π), whoever applied, whatever was decided before and whatever
became of it later; a log that says otherwise was not drawn by what it says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from truerisk.columns import DRAWN, DRAWN_CHANCE
from truerisk.errors import LogError
from truerisk.measurement.evidence.types import utc
from truerisk.statistics.clusters import codes
from truerisk.statistics.order import order_of
from truerisk.statistics.ranking import starts

SAID, REFUSED = 1e-2, 1e-4  # of the p-value, shared among the groups that are looked at
NORMAL = 100  # Σπ(1 − π) from which the normal tail stands for Poisson's
OFFERED = ("not_taken", "lost")  # statuses of what was drawn to be revealed and was not


@dataclass(frozen=True, kw_only=True)
class Draws:
    """One group's draws: ``drawn`` of ``rows`` to be revealed, ``expected`` Σπ, two-sided ``p``.

    ``group`` is (kind,) or (kind, names …): all, first, returning, arm, exploration entry, month.
    """

    group: tuple[str, ...]
    rows: int
    drawn: int
    expected: float
    p: float

    @property
    def words(self) -> str:
        kind, *names = self.group
        who = {"all": "", "first": "first ", "returning": "returning "}.get(kind, "")
        of = f" of {kind} {' of '.join(names)}" if names else ""
        return (
            f"of {self.rows:,} {who}applications{of} with 0 < p_reveal < 1, {self.drawn:,} were "
            f"drawn and {self.expected:,.1f} expected"
        )


def draws(
    log: pd.DataFrame, revealing: Sequence[str], subject: np.ndarray | None = None
) -> list[Draws]:
    """The draws of each group of a log with the propensities that hold, immature rows included.

    ``revealing`` are the actions that show the outcome, ``subject`` (n,) codes of the subjects
    where these are known. A log whose p_reveal holds an audit's chance too, a data set's, tells of
    the draw itself by columns of its own; another without ``action`` tells of a draw by
    ``revealed``, where the row is mature and no hand intervened.
    """
    known, hit = _drawn(log, revealing)
    who = codes(log, ["subject"]) if subject is None else subject
    return [d for g in _groups(log, known, who) for d in _tested(g, hit)]


def check_draws(
    log: pd.DataFrame, revealing: Sequence[str], subject: np.ndarray | None = None
) -> list[str]:
    """A sentence for every group whose draws are doubtful; LogError where they cannot be.

    Doubtful below .01 and refused below 1e-4, both divided by the number of groups.
    """
    found = draws(log, revealing, subject)
    level = max(len(found), 1)
    wrong = sorted((d for d in found if d.p < REFUSED / level), key=lambda d: d.p)
    if wrong:
        more = f", and so in {len(wrong) - 1:,} more groups" if len(wrong) > 1 else ""
        raise LogError(
            f"The log cannot be measured: its draws are not those of its p_reveal: {wrong[0].words}"
            f" (p = {wrong[0].p:.1g}{more}); log for each row the probability that its own draw "
            "had, given all that was decided before it."
        )
    return [
        f"Draws and their chances differ: {d.words} (p = {d.p:.2g}, {level} groups were looked at)."
        for d in found
        if d.p < SAID / level
    ]


@dataclass(frozen=True)
class _Chances:
    """The places of rows that were left to chance, and π there, (k,) each."""

    rows: np.ndarray
    pi: np.ndarray


@dataclass(frozen=True)
class _Grouping:
    """Some rows with a code each (−1: in no group), (k,), and the names of the codes."""

    kind: str
    of: _Chances
    code: np.ndarray
    names: Sequence[tuple[str, ...]]


def _drawn(log: pd.DataFrame, revealing: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Whether it is known how a row's draw fell, and whether it fell on revealing; (n,) each."""
    if DRAWN in log:
        return log[DRAWN].notna().to_numpy(), log[DRAWN].eq(True).to_numpy(dtype=bool)
    if "action" in log:
        told = log["action"].notna().to_numpy(dtype=bool) & bool(revealing)
        return told, log["action"].isin(list(revealing)).to_numpy(dtype=bool)
    known = log["mature"].to_numpy(dtype=bool)
    if "override" in log:
        known = known & log["override"].isna().to_numpy(dtype=bool)
    hit = log["revealed"].to_numpy(dtype=bool)
    if "status" in log:
        hit = hit | log["status"].isin(OFFERED).to_numpy(dtype=bool)
    return known, hit


def _groups(log: pd.DataFrame, known: np.ndarray, subject: np.ndarray) -> Iterator[_Grouping]:
    logged = DRAWN_CHANCE if DRAWN in log else "p_reveal"
    drawn, one = _left_to_chance(log[logged], known), ((),)
    yield _Grouping("all", drawn, np.zeros(len(drawn.rows), dtype=np.int64), one)
    dated = "as_of" in log and pd.api.types.is_datetime64_any_dtype(log["as_of"])
    again = _returning(subject, utc(log["as_of"]) if dated else None)
    if again.any():
        later = again[drawn.rows]
        yield _Grouping("first", drawn, np.where(later, -1, 0), one)
        yield _Grouping("returning", drawn, np.where(later, 0, -1), one)
    if "arm" in log:
        # Given its arm, an application's chance is the arm's own and no mixture.
        own = _left_to_chance(log["arm_p_reveal"], known) if "arm_p_reveal" in log else drawn
        columns = ["arm", "experiment"] if "experiment" in log else ["arm"]
        yield _Grouping("arm", own, *_named(*(log[c].iloc[own.rows] for c in columns)))
    if "exploration_entry" in log:
        named = _named(log["exploration_entry"].iloc[drawn.rows])
        yield _Grouping("exploration entry", drawn, *named)
    if dated:
        day, days = pd.factorize(_days(log["as_of"].iloc[drawn.rows]))
        code, names = _named(pd.Series(days.astype("datetime64[D]").astype("datetime64[M]")))
        yield _Grouping("month", drawn, code[day], names)


def _left_to_chance(chance: pd.Series, known: np.ndarray) -> _Chances:
    """The ``known`` rows with 0 < π < 1."""
    pi = _numbers(chance)
    rows = np.flatnonzero(known & (pi > 0) & (pi < 1))
    return _Chances(rows, pi[rows])


def _numbers(column: pd.Series) -> np.ndarray:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)


def _returning(subject: np.ndarray, when: np.ndarray | None) -> np.ndarray:
    """Rows of a subject that has an earlier one, (n,); in the log's order where it has no times."""
    found = np.bincount(subject)[subject] > 1  # all who have several
    rows = np.flatnonzero(found)
    rows = rows[order_of(subject[rows])]
    who = subject[rows]
    first = begins = starts(who)
    if when is not None and len(rows):
        earliest = np.repeat(np.fmin.reduceat(when[rows], begins), np.diff(begins, append=len(who)))
        early = np.flatnonzero(when[rows].view(np.int64) == earliest.view(np.int64))
        first = early[np.searchsorted(early, begins)]
    found[rows[first]] = False
    return found


def _days(as_of: pd.Series) -> np.ndarray:
    """Days since 1970 of each instant, UTC, whole numbers; null is none of them."""
    return utc(as_of).astype("datetime64[D]").astype(np.int64)


def _named(*columns: pd.Series) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """A code per row for its values of the columns, −1 where one is null, and these values."""
    codes, values = zip(*(pd.factorize(c, sort=True) for c in columns), strict=True)
    sizes = [len(v) for v in values]
    known = np.logical_and.reduce([c >= 0 for c in codes])
    code = (
        np.ravel_multi_index([np.maximum(c, 0) for c in codes], sizes) if min(sizes) else codes[0]
    )
    names = [tuple(map(_said, name)) for name in product(*values)]
    return np.where(known, code, -1), names


def _said(value: object) -> str:
    return f"{value:%Y-%m}" if isinstance(value, pd.Timestamp) else str(value)


def _tested(group: _Grouping, hit: np.ndarray) -> Iterator[Draws]:
    there = group.code >= 0
    code, pi = group.code[there], group.of.pi[there]
    weights = None, hit[group.of.rows[there]], pi, pi * (1 - pi)
    counts = [np.bincount(code, w, len(group.names)) for w in weights]
    for name, n, drawn, expected, variance in zip(group.names, *counts, strict=True):
        if n:
            p = two_sided(float(drawn), float(expected), float(variance))
            yield Draws(
                group=(group.kind, *name),
                rows=int(n),
                drawn=int(drawn),
                expected=float(expected),
                p=p,
            )


def two_sided(drawn: float, expected: float, variance: float) -> float:
    """Twice the smaller tail, at most 1."""
    from scipy.special import ndtr, pdtr, pdtrc

    if variance >= NORMAL:
        return float(2 * ndtr(-abs(drawn - expected) / np.sqrt(variance)))
    # P(X ≤ d) and P(X ≥ d) of Poisson's distribution.
    above = pdtrc(drawn - 1, expected) if drawn > 0 else 1.0
    return float(min(1.0, 2 * min(pdtr(drawn, expected), above)))
