"""What an analyst would say of each application, when, and what the wait would cost."""

from dataclasses import dataclass

import numpy as np

ANALYSTS = ["Abel", "Bo", "Chris", "Dana", "Eli", "Fay"]
KAPPA = 0.85  # share of the fraud they review that analysts catch, on average
BEST, WORST = 0.06, -0.06  # how far the most and the least able are from it
FALSE_ALARM = 0.05  # share of honest applications that they would decline
HOURS, SPREAD = 5.0, 0.7  # until a verdict: median, and its standard deviation in logs
HARD, HARD_FRAUD, HARD_LONGER = 0.12, 0.40, 4.0  # hard cases: shares, and how much longer they take
LEAVES, LEAVES_LATE = 0.02, 0.10  # good customers that a review drives away; that a late one does
LATE_HOURS = 24.0
LEAVES_DECLINED = 0.25  # good customers that a decline drives away for ever


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """What reviewing each application would bring; arrays of shape (n,).

    ``declines`` is the verdict, ``hours`` from the application until it, ``analyst`` whose it is.
    ``leaves_reviewed`` and ``leaves_declined`` say which honest customers never come back.
    """

    analyst: np.ndarray
    declines: np.ndarray
    hours: np.ndarray
    leaves_reviewed: np.ndarray
    leaves_declined: np.ndarray


def catch_rates(kappa: float) -> np.ndarray:
    """Each analyst's own catch rate, in the order of ANALYSTS, evenly spread around ``kappa``."""
    return np.clip(
        kappa + np.linspace(WORST, BEST, len(ANALYSTS)) * min(1, (1 - kappa) / BEST), 0, 1
    )


def draw_verdicts(rng: np.random.Generator, event: np.ndarray, kappa: float = KAPPA) -> Verdicts:
    """Analysts see hints that no table holds: they catch ``kappa`` of the fraud, late where hard.

    Every draw is made for every application, so that one verdict does not move another.
    """
    count = len(event)
    analyst = rng.integers(len(ANALYSTS), size=count)
    chance = np.where(event, catch_rates(kappa)[analyst], FALSE_ALARM)
    declines = rng.random(count) < chance
    hard = rng.random(count) < np.where(event, HARD_FRAUD, HARD)
    hours = HOURS * np.exp(SPREAD * rng.normal(size=count)) * np.where(hard, HARD_LONGER, 1.0)
    leaves = rng.random((2, count))
    kept_waiting = np.where(hours > LATE_HOURS, LEAVES_LATE, LEAVES)
    return Verdicts(
        analyst=analyst,
        declines=declines,
        hours=hours,
        leaves_reviewed=~event & (leaves[0] < kept_waiting),
        leaves_declined=~event & (leaves[1] < LEAVES_DECLINED),
    )
