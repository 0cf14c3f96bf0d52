"""Pseudo-labels: what stands for the event and for its absence in every row.

Every metric is written for two weights per row, ``a`` for the event and ``b`` for no event. In the
plain case: naive a = y, b = 1 − y on revealed rows; IPW a = (R/π)y, b = (R/π)(1 − y); DR a = ỹ,
b = 1 − ỹ with ỹ = m + (R/π)(y − m), left outside [0, 1].

Where offers are not taken (T) or outcomes get lost (F = 0 with P(F = 1) = q), everyone means
everyone who would take it: IPW weights are F/(πq) on those who took; DR puts
T·[m + (F/q)(y − m)] for y, P(T)·m for m, and the same for b, so that Σa / Σ(a + b) is
Σ[m_TY + (O/π)(TY − m_TY)] / Σ[m_T + (O/π)(T − m_T)].

Where people review, A is passed or reviewed, and what their verdict keeps hidden passes by an
audit's draw, R given A, with chance q: ỹ = m + (A/π)[m₂ − m + (R/q)(y − m₂)], m₂ the event's
probability given the verdict too. It holds for any m and m₂ that did not see the row, whatever a
verdict is worth. Where the verdict passes, q is 1 and ỹ the plain one; IPW weights are R/(πq).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from truerisk.measurement.evidence.rows import Rows
from truerisk.statistics.logistic import LogisticFit


@dataclass(frozen=True)
class Guess:
    """Cross-fitted P(event), and P(taken | offered) and P(followed | taken), None where all were;
    ``after`` is P(event | verdict), null where no audit decides, None where nobody reviews; each of
    shape (n,)."""

    event: np.ndarray
    taken: np.ndarray | None = None
    followed: np.ndarray | None = None
    after: np.ndarray | None = None

    def where(self, mask: np.ndarray) -> Self:
        return self if mask.all() else self.at(np.flatnonzero(mask))

    def at(self, places: np.ndarray) -> Self:
        """The rows at these places, in their order."""
        taken, followed, after = (
            None if part is None else part.take(places)
            for part in (self.taken, self.followed, self.after)
        )
        return type(self)(self.event.take(places), taken, followed, after)

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        """Rows below rows."""
        return cls(
            np.concatenate([p.event for p in parts]),
            np.concatenate([p.sure(p.taken) for p in parts]),
            np.concatenate([p.sure(p.followed) for p in parts]),
            np.concatenate([p.last for p in parts]) if any(p.reviewed for p in parts) else None,
        )

    @property
    def reviewed(self) -> bool:
        return self.after is not None

    @property
    def last(self) -> np.ndarray:
        """m₂: what stands for the outcome last, before it is seen; (n,)."""
        return (
            self.event
            if self.after is None
            else np.where(np.isnan(self.after), self.event, self.after)
        )

    def sure(self, chance: np.ndarray | None) -> np.ndarray:
        """P(taken) or P(followed) as an array, 1 where all were."""
        return np.ones(len(self.event)) if chance is None else chance


@dataclass(frozen=True)
class Pseudo:
    """``a`` and ``b``, and ``w``, the weight of what is known, each of shape (n,); ``guessed`` says
    that a guess stands for what is not."""

    a: np.ndarray
    b: np.ndarray
    w: np.ndarray
    guessed: bool = False

    @cached_property
    def fits(self) -> dict[str, LogisticFit]:
        """Fits to these labels that several metrics read, by name."""
        return {}

    def of(self, values: np.ndarray, expected: np.ndarray) -> np.ndarray:
        """What stands for other values that an action reveals, such as dollars; shape (n,).

        m_v + w(v − m_v) where guesses stand in, else w·v; ``values`` is null where unknown.
        """
        base = expected if self.guessed else 0.0
        known = np.where(np.isnan(values), base, values)
        return base + self.w * (known - base)


def naive(rows: Rows, guess: Guess) -> Pseudo:
    """The revealed rows, unweighted."""
    seen = rows.seen.astype(float)
    return Pseudo(seen * rows.y, seen * (1 - rows.y), seen)


def ipw(rows: Rows, guess: Guess) -> Pseudo:
    """Horvitz–Thompson weights, normalised by the metrics (Hájek); rows with π = 0 count as one.

    They enter only where their outcome does not matter: no number is printed otherwise.
    """
    w = np.where(rows.pi > 0, weights(rows, guess), 1.0)
    return Pseudo(w * rows.y, w * (1 - rows.y), w)


def dr(rows: Rows, guess: Guess) -> Pseudo:
    """Doubly robust; rows with π = 0 carry y as given (bounds)."""
    open_, w = rows.pi > 0, weights(rows, guess)
    m, m2 = at_draw(rows, guess), guess.last
    if not rows.walked.any() and not rows.lost.any():
        a = np.where(open_, m + w * (rows.y - m2), rows.y)
        return Pseudo(a, 1 - a, w, guessed=True)
    taken = guess.sure(guess.taken if rows.walked.any() else None)
    offered = rows.seen | rows.lost | rows.walked
    o = np.divide(offered, rows.chance, out=np.zeros(len(rows)), where=open_)
    took = offered & ~rows.walked
    f = rows.seen / guess.sure(guess.followed if rows.lost.any() else None)
    a = taken * m + o * (took * (m2 + f * (rows.y - m2)) - taken * m2)
    b = taken * (1 - m) + o * (took * (1 - m2 + f * (m2 - rows.y)) - taken * (1 - m2))
    return Pseudo(np.where(open_, a, rows.y), np.where(open_, b, 1 - rows.y), w, guessed=True)


ESTIMATORS = {"naive": naive, "ipw": ipw, "dr": dr}


def at_draw(rows: Rows, guess: Guess) -> np.ndarray:
    """m + (A/π)(m₂ − m), what is expected before an audit's draw; m where none decides; (n,)."""
    m = guess.event
    if not guess.reviewed:
        return m
    gained = guess.last - m  # 0 where no audit decides, and an audit decides where A
    return m + np.divide(gained, rows.pi, out=np.zeros(len(rows)), where=rows.pi > 0)


def weights(rows: Rows, guess: Guess) -> np.ndarray:
    """R/π, R/(πq) where an audit decided and again where outcomes were lost, with q of both; shape
    (n,), 0 where nothing is seen."""
    chance = rows.chance
    if rows.lost.any():
        chance = chance * guess.sure(guess.followed)
    return np.divide(rows.seen, chance, out=np.zeros(len(rows)), where=rows.seen & (chance > 0))
