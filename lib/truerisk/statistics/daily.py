"""The highest scores of each day up to a capacity; those equal at its end share what is left."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DailyRanking:
    """Rows by day, each day's highest score first: ``order`` (n,) sorts them so. A tie is the rows
    of one day and one score: ``ahead`` says how many of its day score higher, ``size`` how many it
    has, both (ties,)."""

    order: np.ndarray
    ahead: np.ndarray
    size: np.ndarray

    def up_to(self, room: float) -> np.ndarray:
        """Flags of the ``room`` highest scores of each day, (n,) in [0, 1]."""
        flags = np.empty(len(self.order))
        share = np.clip((room - self.ahead) / self.size, 0, 1)
        flags[self.order] = np.repeat(share, self.size)
        return flags


def daily_ranking(score: np.ndarray, day: np.ndarray) -> DailyRanking:
    """``score`` and ``day`` are (n,); days in any order."""
    order = np.argsort(-score)
    small = day.astype(np.min_scalar_type(int(day.max(initial=0))))  # sorted by its digits
    order = order[np.argsort(small[order], kind="stable")]
    s, d = score[order], day[order]
    new_day = np.append(True, d[1:] != d[:-1])[: len(s)]
    first = np.flatnonzero(new_day | np.append(True, s[1:] != s[:-1])[: len(s)])
    begins = np.maximum.accumulate(np.where(new_day, np.arange(len(s)), 0))
    return DailyRanking(order, first - begins[first], np.diff(first, append=len(s)))
