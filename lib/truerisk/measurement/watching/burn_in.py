"""Before how much is known nothing is shown: the first labels say too little about the spread."""

import numpy as np

from truerisk.measurement.watching.series import Series, Watched

LEAST_EXPLORED = 50
LEAST_ALIKE = 10  # events, and as many non-events: fewer would look like certainty


class BurnIn:
    """What is known at each look of a series, counts so far; arrays of shape (looks,).

    ``n`` counts applications, the others subjects: labels of one subject may all be alike.
    ``over`` says where a number may be shown.
    """

    def __init__(self, series: Series) -> None:
        on, seen, y = series.on, series.on.rows.seen, series.on.rows.y
        self.n = np.cumsum(np.bincount(on.look))
        self.explored = _subjects(on, seen & (on.rows.pi < 1))
        self.labels = _subjects(on, seen)
        self.events, self.others = (_subjects(on, seen & (y == v)) for v in (1, 0))
        self.needed = _subjects(on, on.rows.pi < 1) > 0
        self.null = series.null
        counted = np.where(self.needed, self.explored, self.labels)
        alike = np.minimum(self.events, self.others)
        self.over = (counted >= LEAST_EXPLORED) & (alike >= LEAST_ALIKE) & (self.null == 0)

    def status(self, look: int) -> str:
        if self.over[look]:
            return "ok"
        if self.null:
            return f"withheld: dollars are null in {self.null:,} applications"
        counted = self.explored if self.needed[look] else self.labels
        return (
            f"withheld: {counted[look]} {'explored ' if self.needed[look] else ''}labels, "
            f"{LEAST_EXPLORED} are needed; {self.events[look]} events and {self.others[look]} "
            f"non-events seen, {LEAST_ALIKE} of each are needed"
        )


def _subjects(on: Watched, mask: np.ndarray) -> np.ndarray:
    """Subjects with a row of the mask at or before each look; rows are in order of time."""
    first = np.unique(on.rows.cluster[mask], return_index=True)[1]
    return np.cumsum(np.bincount(on.look[mask][first], minlength=int(on.look.max()) + 1))
