"""Where an application's best action changes as the event becomes more likely."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

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


class Choice:
    """The actions taken at log-odds L (n,), and at L + Z, Z as in better_score.py."""

    def __init__(self, points: Breakpoints, log_odds: np.ndarray) -> None:
        self.points, self.log_odds = points, log_odds
        self._last: tuple[float, Sides] | None = None

    @cached_property
    def now(self) -> Sides:
        """Dollars of the action taken at L."""
        one, zero = self.points.one[0], self.points.zero[0]
        for at, later1, later0 in zip(self.points.at, self.points.one[1:], self.points.zero[1:]):
            past = self.log_odds > at
            one, zero = np.where(past, later1, one), np.where(past, later0, zero)
        return one, zero

    def past(self, size: float) -> Sides:
        """P(L + Z > breakpoint) given the event and given none, (k, n) each; the last size's are
        kept, as both a gain and its noise ask for them."""
        if self._last is None or self._last[0] != size:
            away = self.log_odds - self.points.at
            half = size**2 / 2
            self._last = size, (ndtr((away + half) / size), ndtr((away - half) / size))
        return self._last[1]

    def gain(self, size: float) -> Sides:
        """E[dollars of the action at L + Z] − dollars of that at L, given the event and given
        none."""
        if size == 0:
            return 0 * self.log_odds, 0 * self.log_odds
        parts = zip((self.points.one, self.points.zero), self.past(size), self.now, strict=True)
        one, zero = (v[0] + (np.diff(v, axis=0) * past).sum(axis=0) - now for v, past, now in parts)
        return one, zero

    def square(
        self, p: np.ndarray, event: np.ndarray, none: np.ndarray
    ) -> Callable[[float], float]:
        """By size, the mean over rows and Z of (change)²: ``event``·(dollars if it happens) +
        ``none``·(dollars if not) of the action at L + Z less those of that at L; ``p`` (n,) is
        P(event)."""
        one, zero = self.now
        squares = (event * (self.points.one - one) + none * (self.points.zero - zero)) ** 2
        stays, steps = squares[0], np.diff(squares, axis=0)

        def mean(size: float) -> float:
            past1, past0 = self.past(size)
            return float((stays + ((p * past1 + (1 - p) * past0) * steps).sum(axis=0)).mean())

        return mean


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
