"""What was done with each application and what followed, where actions show different outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np


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
