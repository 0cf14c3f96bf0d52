"""Years of weekly looks in a world whose truth is known, as bare arrays: thousands are cheap.

60,000 applications a year, 27% of them declined by the score, about 320 of those explored. ``u`` is
a risk that no model sees. ``python tests/measurement/watching/years.py 2000`` prints
docs/watching.md's table.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np

from truerisk.measurement.watching.burn_in import LEAST_EXPLORED
from truerisk.measurement.watching.sequence import Sequence, confidence_sequence, units_of
from truerisk.measurement.watching.watch import ALPHA, BEST_WEEK, BEST_WEEK_OF_QUARTER
from truerisk.statistics.interval import Z

WEEKS, QUARTER = 52, 13
TOLERANCE = 0.02  # of calibration, as the gate has it
BASE, CUTOFF, HIDDEN = -1.85, 0.6128, 0.8  # 27% of a normal score lie above the cutoff


@dataclass(frozen=True)
class Year:
    """Arrays of shape (n,) in order of time."""

    m: np.ndarray
    y: np.ndarray
    seen: np.ndarray
    pi: np.ndarray
    week: np.ndarray
    subject: np.ndarray
    score: np.ndarray

    def where(self, mask: np.ndarray) -> "Year":
        return Year(*(getattr(self, f.name)[mask] for f in fields(self)))

    @property
    def pseudo(self) -> np.ndarray:
        return self.m + self.seen / self.pi * (self.y - self.m)


def risk(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-BASE - x))


@cache
def event_rate() -> float:
    """Of everyone, by quadrature over the normal score and the hidden risk."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()
    return float(weights @ risk(nodes[:, None] + HIDDEN * nodes) @ weights)


def year(
    seed: int,
    n: int = 60_000,
    explored: int = 320,
    m: str = "good",
    shift: float = 0.0,
    at: int = 0,
    repeats: int = 1,
    gap: int = 0,
) -> Year:
    """``m`` is ``good`` (all that a model can know of the risk) or ``poor`` (what the approved
    look like). From week ``at`` on everyone's risk is higher by ``shift``. Each subject applies
    ``repeats`` times, every ``gap`` weeks, with one draw and one outcome."""
    rng = np.random.default_rng(seed)
    x, u = rng.normal(size=(2, n // repeats))
    declined = x > CUTOFF
    pi = np.where(declined, explored / (0.27 * n), 1.0)
    seen, luck = rng.random(len(x)) < pi, rng.random(len(x))
    begin = rng.integers(0, WEEKS - gap * (repeats - 1), len(x))
    week = (begin[:, None] + gap * np.arange(repeats)).ravel()
    subject = np.repeat(np.arange(len(x)), repeats)[np.argsort(week, kind="stable")]
    week = np.sort(week)
    higher = np.where(week >= at, shift, 0.0)
    y = luck[subject] < risk(x + HIDDEN * u)[subject] + higher
    guess = known(x)[subject] if m == "good" else np.full(len(week), 0.13)
    return Year(guess, y, seen[subject], pi[subject], week, subject, x[subject])


def known(x: np.ndarray) -> np.ndarray:
    """P(event | x), the hidden risk averaged out."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    return sum(w * risk(x + HIDDEN * node) for node, w in zip(nodes, weights / weights.sum()))


def by_heart(log: Year) -> np.ndarray:
    """m that was refitted on the row's own outcome: that of the nearest revealed score."""
    order = np.argsort(log.score[log.seen])
    scores, y = log.score[log.seen][order], log.y[log.seen][order]
    right = np.searchsorted(scores, log.score).clip(1, len(scores) - 1)
    left = right - 1
    nearer = log.score - scores[left] < scores[right] - log.score
    return y[np.where(nearer, left, right)].astype(float)


def scopes(log: Year, value: np.ndarray) -> list[tuple[int, Sequence]]:
    """As watch() has them: since approval, then by quarter; each with its first week shown."""
    found = []
    counted = log.seen & (log.pi < 1) if (log.pi < 1).any() else log.seen
    quarters = [(q, QUARTER, BEST_WEEK_OF_QUARTER) for q in range(0, WEEKS, QUARTER)]
    for begin, weeks, best in [(0, WEEKS, BEST_WEEK), *quarters]:
        k = (log.week >= begin) & (log.week < begin + weeks)
        week, subject = log.week[k] - begin, log.subject[k]
        once = np.unique(subject[counted[k]], return_index=True)[1]
        known = np.cumsum(np.bincount(week[counted[k]][once], minlength=weeks)) >= LEAST_EXPLORED
        if known.any():
            first, ones = int(np.argmax(known)), np.ones(len(week))
            sequence = confidence_sequence(
                value[k], ones, units_of(subject, week), ALPHA / 2, best, first
            )
            found.append((begin + first, sequence))
    return found


def ever_missed(log: Year, wald: bool = False) -> bool:
    """Whether any of both scopes' looks excluded the truth; with ``wald`` the 95% interval's."""
    truth, every = event_rate(), scopes(log, log.pseudo)
    if wald:
        sequence = every[0][1]
        return bool((np.abs(sequence.value - truth) > Z * sequence.se).any())
    return any(((s.low > truth) | (s.high < truth)).any() for _, s in every)


def weeks_to_see(log: Year, at: int, series: str = "event_rate") -> float:
    """Weeks from ``at`` until either scope excludes what held before; infinite if never."""
    value, low, high = log.pseudo, event_rate(), event_rate()
    if series == "calibration_error_approved":
        log = log.where(log.pi == 1)
        value, low, high = log.y - known(log.score), -TOLERANCE, TOLERANCE
    seen = [np.inf]
    for first, s in scopes(log, value):
        weeks = first + np.flatnonzero((s.low > high) | (s.high < low))
        seen += list(weeks[weeks >= at] - at + 1)
    return float(min(seen))


def misses_by_heart(seed: int) -> bool:
    log = year(seed)
    return ever_missed(replace(log, m=by_heart(log)))


def misses_by_row(log: Year) -> bool:
    """Rows of a subject taken for different subjects, and its labels for different labels."""
    return ever_missed(replace(log, subject=np.arange(len(log.y))))


def share(of: Callable[[int], bool], count: int) -> float:
    return float(np.mean([of(seed) for seed in range(count)]))


def main(count: int) -> None:
    for name, options in WORLDS.items():
        missed = share(lambda s, o=options: ever_missed(year(s, **o)), count)  # type: ignore[misc]
        print(f"{name}: ever-miss {missed:.1%}")
    print(f"Wald: {share(lambda s: ever_missed(year(s), wald=True), count):.1%}")
    print(f"by heart: {share(misses_by_heart, count // 10):.1%}")
    for name in ("subjects four times in a week", "subjects four times in nine weeks"):
        options = WORLDS[name]
        missed = share(lambda s, o=options: misses_by_row(year(s, **o)), count // 4)  # type: ignore[misc]
        print(f"{name}, by row: {missed:.1%}")
    for at, explored, series in (
        (0, 320, "event_rate"),
        (26, 320, "event_rate"),
        (26, 480, "event_rate"),
        (32, 320, "event_rate"),
        (26, 320, "calibration_error_approved"),
        (32, 320, "calibration_error_approved"),
    ):
        weeks = np.array(
            [
                weeks_to_see(year(s, explored=explored, shift=0.05, at=at), at, series)
                for s in range(count // 4)
            ]
        )
        print(
            f"+.05 at week {at}, {explored} explored, {series}: within a quarter "
            f"{(weeks <= QUARTER).mean():.1%}, median week {np.median(weeks)}"
        )


WORLDS: dict[str, dict] = {
    "m good": {},
    "m poor": {"m": "poor"},
    "explored 3,000": {"explored": 3_000},
    "subjects four times in a week": {"repeats": 4, "explored": 1_300},
    "subjects four times in nine weeks": {"repeats": 4, "gap": 3, "explored": 1_300},
}

if __name__ == "__main__":
    main(int(sys.argv[1]))
