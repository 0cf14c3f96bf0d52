"""Where an application's best action changes as the event becomes more likely."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logit, ndtr

from truerisk.measurement.worth.action_values import Sides


@dataclass(frozen=True)
class Breakpoints:
    """``at`` (k, n): log-odds, rising, where the best action changes (∞ where it does not);
    ``one`` and ``zero`` (k + 1, n): dollars of the action before, between and after them, if the
    event happens and if not."""

    at: np.ndarray
    one: np.ndarray
    zero: np.ndarray

    def now(self, log_odds: np.ndarray) -> Sides:
        """Dollars of the action taken at these log-odds."""
        state = (log_odds > self.at).sum(axis=0)[None]
        one, zero = (np.take_along_axis(v, state, 0)[0] for v in (self.one, self.zero))
        return one, zero

    def gain(self, log_odds: np.ndarray, size: float) -> Sides:
        """E[dollars of the action at L + Z] − dollars of that at L, given the event and given
        none; Z as in better_score.py."""
        if size == 0:
            return 0 * log_odds, 0 * log_odds
        then = (
            v[0] + (np.diff(v, axis=0) * self._past(log_odds, size, side)).sum(axis=0)
            for v, side in ((self.one, 0.5), (self.zero, -0.5))
        )
        one, zero = (later - now for later, now in zip(then, self.now(log_odds), strict=True))
        return one, zero

    def second(self, log_odds: np.ndarray, size: float, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """E[(a·Δ₁ + b·Δ₀)²] over Z, Δ the change of dollars where the action changes; (n,)."""
        one, zero = self.now(log_odds)
        p = 1 / (1 + np.exp(-log_odds))
        past = p * self._past(log_odds, size, 0.5) + (1 - p) * self._past(log_odds, size, -0.5)
        edge = np.ones((1, len(log_odds)))
        inside = -np.diff(np.concatenate([edge, past, 0 * edge]), axis=0)
        return (inside * (a * (self.one - one) + b * (self.zero - zero)) ** 2).sum(axis=0)

    def _past(self, log_odds: np.ndarray, size: float, side: float) -> np.ndarray:
        """P(L + Z > breakpoint), shape (k, n)."""
        return ndtr((log_odds - self.at + side * size**2) / size)


def breakpoints(actions: Sequence[Sides]) -> Breakpoints:
    """The upper envelope of p·v₁ + (1 − p)·v₀ over p in [0, 1], for every row; O(actions²·n)."""
    v1, v0 = (np.array([v[side] for v in actions]) for side in (0, 1))
    n = v1.shape[1]
    best = v0.max(axis=0)
    state = np.where(v0 == best, v1, -np.inf).argmax(axis=0)  # at p = 0; ties as p grows
    at, held, here = [], [state], np.zeros(n)
    for _ in range(len(actions) - 1):
        now1, now0 = (np.take_along_axis(v, state[None], 0)[0] for v in (v1, v0))
        steeper = (v1 - v0) - (now1 - now0)
        with np.errstate(divide="ignore", invalid="ignore"):
            cross = np.where(steeper > 0, (now0 - v0) / steeper, np.inf)
        cross = np.where(cross < here, np.inf, cross)
        first = cross.min(axis=0)
        moves = first < 1
        # Where several cross at once the steepest is best after it.
        next_ = np.where(cross == first, steeper, -np.inf).argmax(axis=0)
        state = np.where(moves, next_, state)
        here = np.where(moves, first, np.inf)
        at.append(np.where(moves, logit(np.where(moves, first, 0.5)), np.inf))
        held.append(state)
    states = np.array(held)
    return Breakpoints(
        np.array(at), np.take_along_axis(v1, states, 0), np.take_along_axis(v0, states, 0)
    )
