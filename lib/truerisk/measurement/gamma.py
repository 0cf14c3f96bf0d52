"""Intervals where few events, or few non-events, are known: weighted counts, not normal sums.

Of Σ c·y over few events the normal interval knows too little: with none seen it has no width. The
sum is taken for a scaled Poisson count of equal mean and variance, whose limits are those of the
gamma distribution (Garwood 1936; for weighted sums Fay & Feuer, Statistics in Medicine 1997), and
everything else of an estimate keeps its variance; ends add as roots of squares (Zou & Donner 2008).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from truerisk.measurement.status import Reason
from truerisk.statistics.blocks import blocks

FEW = 20  # effective events, or non-events, below which counts decide an interval
AMPLE = 4  # times what is plenty
LEAST = 5  # below which nothing that contrasts the two has a number


@dataclass
class Side:
    """Of the events, or of the non-events, among some labels Σx and Σx², x = w·|h|."""

    total: float = 0.0
    squares: float = 0.0

    def effective(self, most: float) -> float:
        """What (Σx)²/Σx² is not below, whatever labels of at most ``most`` each come to them: with
        s more in all it is at least (Σx + s)²/(Σx² + most·s), which is least at s = Σx − 2Σx²/most
        or at 0."""
        if not self.squares:
            return 0.0
        if most * self.total <= 2 * self.squares:
            return self.total**2 / self.squares
        return 4 * (self.total - self.squares / most) / most


@dataclass
class Reach:
    """Sums over some labels: of events, of non-events, and what no x of any row exceeds; ``more``
    says that there are others than those added up."""

    events: Side = field(default_factory=Side)
    others: Side = field(default_factory=Side)
    most: float = 0.0
    more: bool = False

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        squares = x * x
        for side, u in ((self.events, y), (self.others, 1 - y)):
            side.total += float(x @ u)
            side.squares += float(squares @ u)
        self.most = max(self.most, float(x.max(initial=0.0)))

    def skip(self, most: float = 0.0) -> None:
        """Labels none of whose x exceeds ``most``."""
        self.most, self.more = max(self.most, most), True

    def ample(self, largest: int) -> bool:
        """Whether events and non-events are so many that others may be skipped."""
        return self._least(self.most) >= AMPLE * FEW * largest

    def plenty(self, largest: int) -> bool:
        """Whether effective events and non-events surely reach FEW: in clusters of at most
        ``largest`` rows, Kish's number is never below that of single rows over ``largest``."""
        return self._least(self.most if self.more else 0.0) >= FEW * largest

    def _least(self, most: float) -> float:
        return min(side.effective(most) for side in (self.events, self.others))


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What is known of outcomes; arrays of shape (n,).

    ``w`` weighs what is seen, 1/π or 1/(πq), 0 elsewhere; ``y`` is the event where seen; ``m``
    stands for it where it is not, None where nothing does. ``explored`` and ``sure`` are the rows
    seen with π < 1 and with π = 1; ``largest`` is how many rows the largest cluster has.
    """

    w: np.ndarray
    y: np.ndarray
    m: np.ndarray | None
    explored: np.ndarray
    sure: np.ndarray
    cluster: np.ndarray
    largest: int

    @property
    def seen(self) -> int:
        return len(self.explored) + len(self.sure)

    @cached_property
    def alike(self) -> bool:
        known = (self.y[rows] for rows in (self.explored, self.sure) if len(rows))
        ends = [end(y) for y in known for end in (np.min, np.max)]
        return not ends or min(ends) == max(ends)

    def counts(self, rows: np.ndarray, h: np.ndarray | None = None) -> tuple[float, float]:
        """Effective events and non-events among ``rows``: Kish's (Σx)²/Σx² of the clusters' sums
        of x = w·|h|·y, and of w·|h|·(1 − y)."""
        x = self.w[rows] if h is None else self.w[rows] * np.abs(h[rows])
        y = self.y[rows]
        return self._effective(rows, x * y), self._effective(rows, x * (1 - y))

    def plenty(self, rows: np.ndarray, h: np.ndarray | None = None) -> bool:
        """Whether both counts surely reach FEW, without adding up clusters."""
        reach = Reach()
        for block in blocks(len(rows)):
            some = rows[block]
            x = self.w[some] if h is None else self.w[some] * np.abs(h[some])
            reach.add(x, self.y[some])
        return reach.plenty(self.largest)

    @cached_property
    def decisive_plenty(self) -> bool:
        return self.plenty(self.decisive)

    @property
    def decisive(self) -> np.ndarray:
        """The rows that decide the error: the explored labels, or all where none is needed."""
        return self.explored if len(self.explored) else self.sure

    def least(self, outcomes: Sequence[int]) -> float:
        """The fewest effective events (1) or non-events (0) among the decisive labels."""
        found = self.counts(self.decisive)
        return min((found[1 - outcome] for outcome in outcomes), default=np.inf)

    def _effective(self, rows: np.ndarray, x: np.ndarray) -> float:
        sums = self.sums(rows, x)
        squares = float(sums @ sums)
        return float(sums.sum() ** 2 / squares) if squares else 0.0

    def sums(self, rows: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Σx of each cluster; shape (clusters with a row,)."""
        if self.largest <= 1:
            return x
        there = x != 0
        return np.bincount(np.unique(self.cluster[rows][there], return_inverse=True)[1], x[there])


def too_few(labels: Labels, needs: Sequence[int]) -> str:
    """Why a figure that needs events (1) or non-events (0) has no number, or ''."""
    if needs and labels.alike:
        return Reason.ALIKE.status(n=labels.seen)
    if not needs or labels.decisive_plenty:
        return ""
    for outcome in needs:
        count = labels.least([outcome])
        if count < LEAST - 1e-9:
            which = "events" if outcome else "non-events"
            which = f"explored {which}" if len(labels.explored) else which
            return Reason.FEW_OUTCOMES.status(n=int(count + 1e-9), which=which, need=LEAST)
    return ""


def gamma_interval(
    theta: float,
    influence: np.ndarray,
    h: np.ndarray,
    labels: Labels,
    level: float,
    z: float,
    variance: Callable[[np.ndarray], float],
) -> tuple[float, float] | None:
    """Low and high that miss with a chance of ``level``; None where events and non-events of what
    moves the estimate are many.

    ``h`` (n,) = n·∂θ/∂ỹ, ``z`` the normal quantile of the level, ``variance`` of a sum of given
    parts over the log. Among the explored rows, and among those with π = 1, the rarer outcome u
    (events, or non-events with −h) is counted: with c the positive part of h·w, T = Σcu, v = Σ(cu)²
    (clusters added first), g = Σc²/Σc, its limits are v/(2T)·χ²_{2T²/v}(α/2), 0 if T = 0, and
    (v + g²)/(2(T + g))·χ²_{2(T+g)²/(v+g²)}(1 − α/2); likewise the negative part. The rest is the
    influence function with m for y, and what the draw adds to it: Σ R(1 − π)/π²·h²(m − p̂)², p̂ the
    weighted event rate, which stands for m where nothing else does.
    """
    rest, drawn = influence, 0.0
    down = up = 0.0
    few = False
    for rows in (labels.explored, labels.sure):
        if not len(rows) or labels.plenty(rows, h):
            continue
        found = labels.counts(rows, h)
        if min(found) >= FEW - 1e-9 or not h[rows].any():
            continue
        few = True
        own, w, y = h[rows], labels.w[rows], labels.y[rows]
        rate = float(w @ y / w.sum())
        m = np.full(len(rows), rate) if labels.m is None else labels.m[rows]
        rest = _without(rest, rows, own * w * (y - m))
        drawn += float((w * (w - 1)) @ (own * (m - rate)) ** 2)
        if found[0] > found[1]:
            y, own = 1 - y, -own
        for sign in (1, -1):
            lower, upper = _reach(labels, rows, np.maximum(sign * own, 0.0) * w, y, level)
            down += (lower if sign > 0 else upper) ** 2
            up += (upper if sign > 0 else lower) ** 2
    if not few:
        return None
    normal = z * z * (variance(rest) + drawn)
    n = len(influence)
    return float(theta - np.sqrt(normal + down) / n), float(theta + np.sqrt(normal + up) / n)


def _without(whole: np.ndarray, rows: np.ndarray, part: np.ndarray) -> np.ndarray:
    left = whole.copy()
    left[rows] -= part
    return left


def _reach(
    labels: Labels, rows: np.ndarray, c: np.ndarray, u: np.ndarray, level: float
) -> tuple[float, float]:
    """How far the limits of Σcu lie below and above it."""
    from scipy.special import gammaincinv

    if not c.any():
        return 0.0, 0.0
    unit = int(np.frexp(c.max())[1])  # in powers of two, so that squares of tiny dollars are not 0
    c = np.ldexp(c, -unit)
    sums, gap = labels.sums(rows, c * u), float(c @ c / c.sum())
    total, v = float(sums.sum()), float(sums @ sums)
    low = v / total * float(gammaincinv(total**2 / v, level / 2)) if total > 0 else 0.0
    more, wider = total + gap, v + gap**2
    high = wider / more * float(gammaincinv(more**2 / wider, 1 - level / 2))
    return float(np.ldexp(total - low, unit)), float(np.ldexp(high - total, unit))
