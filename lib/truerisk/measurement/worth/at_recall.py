"""The cutoff that reaches a recall: whom it flags, and what its own estimation adds."""

from dataclasses import dataclass

import numpy as np

from truerisk.measurement.worth.action_values import ActionValues
from truerisk.statistics.influence import Value

NEAR = 0.05  # rows of a local mean on either side, as a share of all
FEWEST = 50


@dataclass(frozen=True)
class AtRecall:
    """``f`` (n,) flags in [0, 1], ``count`` how many, ``owed`` (n,) = af − r·a, whose mean the
    recall sets to 0, and ``near`` (n,), the rows around the cutoff."""

    f: np.ndarray
    count: float
    owed: np.ndarray
    near: np.ndarray

    def per(self, a: np.ndarray, each: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, float]:
        """Row contributions to Σ[each·f + whole], with the cutoff's own error, and the exchange
        rate η/μ between ``each`` and events at the cutoff.

        IF = each·f + whole − (η/μ)(af − r·a); also a one-step correction, so that a cutoff between
        two rows is met in part. μ is the local mean of a, η of ``each``.
        """
        events = a[self.near].mean()
        if events <= 0:
            return np.full(len(a), np.nan), np.nan
        rate = float(each[self.near].mean() / events)
        return each * self.f + whole - rate * self.owed, rate


class Cutoffs:
    """The cutoff that reaches one recall under the labels that are asked of it, found once for all
    figures that ask the same."""

    def __init__(self, s: ActionValues, recall: float) -> None:
        self.s, self.recall = s, recall
        self._last: tuple[np.ndarray, AtRecall] | None = None

    def __call__(self, a: np.ndarray) -> AtRecall:
        if self._last is None or self._last[0] is not a:
            self._last = a, at_recall(self.s, a, self.recall)
        return self._last[1]


def at_recall(s: ActionValues, a: np.ndarray, recall: float) -> AtRecall:
    """The highest scores that hold ``recall`` of all events.

    C(k), the events among the first k, is no monotone function under doubly robust weights. Their
    number is that of the k with C(k) < recall·C(n), the monotone rearrangement of C: neither the
    first crossing, which comes too early, nor the last.
    """
    ends = np.append(np.flatnonzero(s.start[1:] != s.start[:-1]) + 1, len(s))
    c = np.append(0, np.cumsum(a)[ends - 1])
    target, low, high = recall * c[-1], np.minimum(c[1:], c[:-1]), np.maximum(c[1:], c[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.clip((target - low) / (high - low), 0, 1)
    below = np.where(high > low, inside, low < target)
    count = float((np.diff(ends, prepend=0) * below).sum())
    f, n = s.top(count), len(s)
    reach = min(max(NEAR * n, FEWEST), max(min(count, n - count), FEWEST / 2))
    near = np.abs(np.arange(n) + 0.5 - count) <= reach
    return AtRecall(f, count, a * (f - recall), near)


def mean_at(
    cutoffs: Cutoffs,
    a: np.ndarray,
    each: np.ndarray,
    whole: np.ndarray,
    up: np.ndarray,
) -> Value:
    """Mean of each·f + whole per row at a recall; ``up`` is ∂each/∂a."""
    found = cutoffs(a)
    made, rate = found.per(a, each, whole)
    slope = up * found.f - rate * (found.f - cutoffs.recall)
    return Value(float(made.mean()), made - made.mean(), slope)
