"""What a watch looks at: rows in the order of their release, week by week."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from truerisk.measurement.evidence.labelled import Labelled
from truerisk.measurement.watching.sequence import Units, units_of


@dataclass(frozen=True, kw_only=True)
class Watched(Labelled):
    """Eligible rows in order of time; arrays of shape (n,).

    ``look`` numbers the weeks with applications; ``weeks`` are their Mondays, UTC, and ``quarters``
    the calendar quarters of their Thursdays, as "2026Q3", (looks,) each. ``least`` and ``most`` are
    what ``a`` would be if an unseen outcome were no event, or one. ``if_event`` and ``if_no_event``
    are the dollars of the policy that ran, Σ_a p_a·v_a, None without dollars.
    """

    look: np.ndarray
    weeks: pd.DatetimeIndex
    quarters: pd.Index
    least: np.ndarray
    most: np.ndarray
    if_event: np.ndarray | None
    if_no_event: np.ndarray | None

    def of_quarter(self, quarter: str) -> "Watched":
        """The rows of one quarter, whose first week is look 0."""
        looks = np.flatnonzero(self.quarters == quarter)
        part = self.where(np.isin(self.look, looks))
        return replace(part, weeks=self.weeks[looks], quarters=self.quarters[looks]).from_look(
            int(looks[0])
        )

    def from_look(self, first: int) -> "Watched":
        return replace(self, look=self.look - first)

    @cached_property
    def units(self) -> Units:
        """The cluster-weeks of the rows."""
        return units_of(self.rows.cluster, self.look)

    @cached_property
    def subjects(self) -> dict[str, np.ndarray]:
        """Subjects with a row of each kind at or before each look, (looks,)."""
        rows = self.rows
        kinds = {
            "explored": rows.seen & (rows.chance < 1),
            "labels": rows.seen,
            "events": rows.seen & (rows.y == 1),
            "others": rows.seen & (rows.y == 0),
            "needed": rows.chance < 1,
        }
        return {kind: self._subjects(mask) for kind, mask in kinds.items()}

    def _subjects(self, mask: np.ndarray) -> np.ndarray:
        first = np.full(int(self.rows.code.max()) + 1, -1)
        # Rows are in order of time; written backwards, each subject's earliest look is what stays.
        first[self.rows.code[mask][::-1]] = self.look[mask][::-1]
        return np.cumsum(np.bincount(first[first >= 0], minlength=int(self.look.max()) + 1))
