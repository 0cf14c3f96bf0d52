"""What was done with each application and what followed, where actions show different outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from truerisk.problem.spec import Problem
from truerisk.statistics.clusters import codes


@dataclass(frozen=True, kw_only=True)
class Taken:
    """``outcomes`` names the outcomes; of each row (n,) ``shown`` is the place of the one that its
    action showed, ``event`` what it was, ``chance`` that action's probability before the draw, in
    (0, 1], and ``subject`` a code of whom it is about."""

    outcomes: Sequence[str]
    shown: np.ndarray
    event: np.ndarray
    chance: np.ndarray
    subject: np.ndarray

    def __len__(self) -> int:
        return len(self.event)

    def at(self, rows: np.ndarray) -> Self:
        """The rows of a mask."""
        return type(self)(
            outcomes=self.outcomes,
            shown=self.shown[rows],
            event=self.event[rows],
            chance=self.chance[rows],
            subject=self.subject[rows],
        )

    def pseudo(self, m: np.ndarray) -> np.ndarray:
        """ỹ of every outcome, (n, outcomes): m_a + 1{A = a}(y − m_a)/p_a, for ``m`` of that shape
        by models that saw no row of the subject."""
        made = m.astype(float)
        rows = np.arange(len(self))
        made[rows, self.shown] += (self.event - m[rows, self.shown]) / self.chance
        return made


def taken_of(problem: Problem, frame: pd.DataFrame, rows: np.ndarray) -> Taken:
    """What was done with some rows of a data set, a mask (n,), and what followed."""
    place = {a: k for k, actions in enumerate(problem.outcomes.values()) for a in actions}
    some = frame[rows]
    return Taken(
        outcomes=tuple(problem.outcomes),
        shown=some["shown"].map(place).to_numpy(dtype=int),
        event=some["event"].to_numpy(dtype=float),
        chance=some["chance"].to_numpy(dtype=float),
        subject=codes(some, ["subject"]),
    )


def labels_of(problem: Problem, frame: pd.DataFrame, rows: np.ndarray) -> np.ndarray | Taken:
    """What a candidate learns of some rows: their events, and what was done where that matters."""
    if len(problem.outcomes) > 1:
        return taken_of(problem, frame, rows)
    return frame.loc[rows, "event"].to_numpy()
