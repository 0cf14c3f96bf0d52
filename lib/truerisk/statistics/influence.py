"""Metrics with influence functions, written for the weights a (event) and b (no event)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from truerisk.statistics.blocks import blocks
from truerisk.statistics.ranking import Ranking, ranking

Numbers = np.ndarray | float  # of every row, or the same for all


@dataclass(frozen=True)
class Value:
    """θ, its influence function (n,), and ``slope`` (n,) = n·∂θ/∂ỹ_i: a grows by what b loses.

    SE(θ) = sd(influence) / √n. The slope's sign decides which unseen outcomes make a bound, its
    size how few events count.
    """

    theta: float
    influence: np.ndarray
    slope: np.ndarray

    def at(self, part: slice) -> tuple[np.ndarray, Numbers]:
        """Influence and slope of some of the rows."""
        return self.influence[part], self.slope[part]


class Rowwise(Value):
    """A Value whose influence and slope are made for the rows that are read, ``made(rows)``: an
    interval reads a block of them at a time, and of millions of rows nothing else is kept."""

    n: int
    made: Callable[[slice], tuple[np.ndarray, Numbers]]

    def __init__(
        self, theta: float, n: int, made: Callable[[slice], tuple[np.ndarray, Numbers]]
    ) -> None:
        self.__dict__.update(theta=theta, n=n, made=made)

    def at(self, part: slice) -> tuple[np.ndarray, Numbers]:
        return self.made(part)

    @cached_property
    def influence(self) -> np.ndarray:
        return self.made(slice(None))[0]

    @cached_property
    def slope(self) -> np.ndarray:
        slope = self.made(slice(None))[1]
        return slope if isinstance(slope, np.ndarray) else np.full(self.n, slope)


def nothing(n: int) -> Value:
    """What is undefined: NaN, which no row moves."""
    return Value(np.nan, np.zeros(n), np.zeros(n))


class Ratio(Rowwise):
    """θ = Σnum / Σden, IF_i = (num_i − θ·den_i) / mean(den), which is ``whole``.

    ``terms`` of some rows are num and den, and what these gain as a grows by what b loses. NaN when
    the denominators sum to 0.
    """

    whole: float

    def __init__(
        self, n: int, terms: Callable[[slice], tuple[np.ndarray, np.ndarray, Numbers, Numbers]]
    ) -> None:
        above = below = 0.0
        for block in blocks(n):
            num, den, _, _ = terms(block)
            above += float(num.sum())
            below += float(den.sum())
        self.__dict__["whole"] = whole = below / n if n else 0.0
        theta = above / n / whole if whole else np.nan

        def made(part: slice) -> tuple[np.ndarray, Numbers]:
            num, den, by_num, by_den = terms(part)
            if not whole:
                return np.zeros(len(num)), 0.0
            moved = by_num if isinstance(by_den, float) and not by_den else by_num - theta * by_den
            return (num - theta * den) / whole, moved / whole

        super().__init__(theta, n, made)


def ratio(
    numerator: np.ndarray,
    denominator: np.ndarray,
    by_a: np.ndarray,
    of_denominator: Numbers = 0.0,
) -> Value:
    """``Ratio`` of arrays (n,); ``by_a`` and ``of_denominator`` are what num and den gain as a
    grows by what b loses."""

    def terms(part: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray, Numbers]:
        by_den = of_denominator
        if isinstance(by_den, np.ndarray):
            by_den = by_den[part]
        return numerator[part], denominator[part], by_a[part], by_den

    return Ratio(len(numerator), terms)


def minus(one: Value, other: Value, n: int) -> Value:
    """θ₁ − θ₂, with the influence function of the difference: both are of the same rows."""

    def made(part: slice) -> tuple[np.ndarray, Numbers]:
        first, second = one.at(part), other.at(part)
        return first[0] - second[0], first[1] - second[1]

    return Rowwise(one.theta - other.theta, n, made)


def event_rate(a: np.ndarray, b: np.ndarray) -> Value:
    """Share of events, Σa / Σ(a + b)."""
    return Ratio(len(a), lambda part: (a[part], a[part] + b[part], 1.0, 0.0))


def dollars(a: np.ndarray, b: np.ndarray, if_event: np.ndarray, if_no_event: np.ndarray) -> Value:
    """Dollars per application, Σ(v₁a + v₀b) / Σ(a + b), v the policy's expected dollars (n,)."""

    def terms(part: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        v1, v0, for_, against = if_event[part], if_no_event[part], a[part], b[part]
        return v1 * for_ + v0 * against, for_ + against, v1 - v0, 0.0

    return Ratio(len(a), terms)


def auc(a: np.ndarray, b: np.ndarray, score: np.ndarray | Ranking) -> Value:
    """Σ_{i≠j} a_i b_j K_ij / Σ_{i≠j} a_i b_j with K = 1{s_i > s_j} + ½·1{s_i = s_j}.

    One sort, O(n log n), ties count half, the diagonal is left out.
    IF_i = [a_i(F_b(s_i) − θ·b̄) + b_i(G_a(s_i) − θ·ā)] / (ā·b̄), where F_b(s) is the mean of b below
    s and G_a(s) the mean of a above it. NaN when all weight is on one side.
    """
    n, by = len(a), score if isinstance(score, Ranking) else ranking(score)
    all_a, all_b, own = float(a.sum()), float(b.sum()), float(a @ b)
    pairs = all_a * all_b - own
    if not all_a or not all_b or not pairs:
        return nothing(n)
    below, above = np.empty(n), np.empty(n)  # n·F_b and n·G_a of each row
    sum_a = sum_b = won = 0.0
    for places, size in by.blocks():
        x, until_a = a[places], np.cumsum(np.append(sum_a, a[places]))
        until_b = np.cumsum(np.append(sum_b, b[places]))
        end = np.cumsum(size)
        lower = np.repeat((until_b[end - size] + until_b[end]) / 2, size)
        below[places] = lower
        above[places] = np.repeat(all_a - (until_a[end - size] + until_a[end]) / 2, size)
        won += float(x @ lower)
        sum_a, sum_b = until_a[-1], until_b[-1]
    theta, scale = (won - own / 2) / pairs, all_a * all_b / n

    def made(part: slice) -> tuple[np.ndarray, np.ndarray]:
        up, down = (below[part] - theta * all_b) / scale, (above[part] - theta * all_a) / scale
        return a[part] * up + b[part] * down, up - down

    return Rowwise(theta, n, made)
