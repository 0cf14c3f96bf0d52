"""A model of a better score: the same score and one more, noisy reading of the outcome.

L, the log-odds of the event given the score, is the score recalibrated for everyone by its doubly
robust level and slope. The reading Z is normal evidence of size ε: its log-likelihood ratio is
N(+ε²/2, ε²) where the event happens and N(−ε²/2, ε²) where not, independent of all else, so that
the better score is L + Z (the binormal model of signal detection, Green & Swets 1966, on the
log-odds scale). Every application takes the action with the greatest expected dollars. AUC and
dollars then are functions of ε, the scores, and two calibration parameters. They assume that the
recalibrated score is the probability of the event: no curve is left in it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import expit, logit, ndtr

from truerisk.measurement.worth.action_values import ActionValues
from truerisk.measurement.worth.breakpoints import Breakpoints, Choice, breakpoints
from truerisk.statistics import influence
from truerisk.statistics.influence import Value
from truerisk.statistics.line import fit_line

EDGE, STEP, LIMIT = 1e-6, 0.01, 16.0  # of scores; of the grid of log-odds; its end
LEAST, MOST = 0.02, 6.0  # ε at which next to nothing, and practically everything, is known
SHIFT = 1e-3  # of a calibration parameter, for a derivative


@dataclass(frozen=True, kw_only=True)
class BetterScore:
    """``raw`` (n,) log-odds as scored; L = level + slope·raw; ``points`` where a row's best action
    changes; ``wrong`` (n,) = a − (a + b)·p and ``bend`` (2, 2) the calibration's residuals and
    curvature."""

    raw: np.ndarray
    level: float
    slope: float
    points: Breakpoints
    wrong: np.ndarray
    bend: np.ndarray

    @cached_property
    def log_odds(self) -> np.ndarray:
        return np.clip(self.level + self.slope * self.raw, -LIMIT, LIMIT)

    @cached_property
    def p(self) -> np.ndarray:
        return expit(self.log_odds)

    @cached_property
    def place(self) -> tuple[np.ndarray, np.ndarray]:
        """Each row's grid point and how far it is from there to the next, in steps."""
        place = np.clip((self.log_odds + LIMIT) / STEP, 0, _POINTS - 1.000001)
        return place.astype(int), place - place.astype(int)

    @cached_property
    def mass(self) -> tuple[np.ndarray, np.ndarray]:
        """Events and non-events on the grid."""
        left, right = self.place
        made = []
        for w in (self.p, 1 - self.p):
            low = np.bincount(left, w * (1 - right), _POINTS)
            made.append(low + np.bincount(left + 1, w * right, _POINTS))
        return made[0], made[1]

    def _share(self, size: float) -> np.ndarray:
        """P(L + Z⁺ > L' + Z⁻) by L − L' on the grid."""
        lags = np.arange(-_POINTS + 1, _POINTS) * STEP
        if not size:
            return (np.sign(lags) + 1) / 2
        return ndtr((lags + size**2) / (np.sqrt(2) * size))

    def area(self, size: float) -> float:
        """AUC of L + Z, a row's pair with itself left out."""
        event, none = self.mass
        own = (self.p * (1 - self.p)).sum()
        won = (event * _convolved(none, self._share(size))).sum() - own * ndtr(size / np.sqrt(2))
        return float(won / (event.sum() * none.sum() - own))

    def auc(self, size: float) -> Value:
        """``area`` with the influence of the rows, the calibration taken as given."""
        (left, right), (event, none) = self.place, self.mass
        share, n = self._share(size), len(self.raw)
        below, above = _convolved(none, share), _convolved(event[::-1], share)[::-1]
        f_b, g_a = ((x[left] * (1 - right) + x[left + 1] * right) / n for x in (below, above))
        theta, p = self.area(size), self.p
        up, down = f_b - theta * (1 - p).mean(), g_a - theta * p.mean()
        influence = (p * up + (1 - p) * down) / (p.mean() * (1 - p).mean())
        return Value(theta, influence, up - down)

    @cached_property
    def choice(self) -> Choice:
        return Choice(self.points, self.log_odds)

    def gain(self, size: float) -> Value:
        """Dollars per application of deciding on L + Z beside deciding on L."""
        one, zero = self.choice.gain(size)
        return influence.dollars(self.p, 1 - self.p, one, zero)

    def estimated(self, found: Value, of: Callable[["BetterScore"], float]) -> Value:
        """``found`` and what the estimated calibration adds to its influence function."""
        own = of(self)
        level = of(replace(self, level=self.level + SHIFT)) - own
        gradient = np.array([level, of(replace(self, slope=self.slope + SHIFT)) - own]) / SHIFT
        pull = np.linalg.solve(self.bend, gradient)
        each = pull[0] + pull[1] * self.raw
        return Value(found.theta, found.influence + each * self.wrong, each)

    def noise(self, s: ActionValues) -> Callable[[float], float]:
        """By size, the standard error of the gain had such a score been compared, pairwise, on this
        log.

        Only rows whose action changes vary: √(mean E[(aΔ₁ + bΔ₀)²])/√n, times the design effect of
        clusters; the gain itself, of the size of this error, adds next to nothing to it.
        """
        square = self.choice.square(self.p, s.a, s.b)
        return lambda size: s.design * float(np.sqrt(square(size) / len(s)))


def better_score(s: ActionValues, a: np.ndarray, b: np.ndarray) -> BetterScore | None:
    """The model of these rows; None where the score does not rank them by risk.

    Solves Σ(a − (a + b)·σ(level + slope·raw))(1, raw) = 0.
    """
    raw, both = logit(np.clip(s.rows.score, EDGE, 1 - EDGE)), a + b
    fitted = fit_line(raw, a, both)
    level, slope = map(float, fitted.coefficients)
    if not fitted.regular or slope <= 0:
        return None
    return BetterScore(
        raw=raw,
        level=level,
        slope=slope,
        points=breakpoints(list(s.value.values())),
        wrong=a - both * expit(level + slope * raw),
        bend=np.linalg.inv(fitted.inverse) / len(raw),
    )


def evidence(model: BetterScore, points: float) -> float | None:
    """The ε whose AUC exceeds the present one by ``points``; None where none does."""
    from scipy.optimize import brentq

    now = model.area(0.0)

    def short(size: float) -> float:
        return model.area(size) - now - points

    if not short(LEAST) < 0 < short(MOST):
        return None
    return float(brentq(short, LEAST, MOST, xtol=1e-6))


def _convolved(weights: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Σ_j w_j·kernel(x_i − x_j) on the grid."""
    from scipy.signal import fftconvolve

    return fftconvolve(weights, kernel)[_POINTS - 1 : 2 * _POINTS - 1]


_POINTS = round(2 * LIMIT / STEP) + 1
