"""Before how much is known nothing alerts: the first labels say too little about the spread."""

import numpy as np

from truerisk.measurement.gamma import LEAST
from truerisk.measurement.watching.sequence import units_of
from truerisk.measurement.watching.series import Series
from truerisk.measurement.watching.watched import Watched
from truerisk.wording.counted import counted

LEAST_EXPLORED = 50
LEAST_ALIKE = 10  # events, and as many non-events: fewer would look like certainty


class BurnIn:
    """What is known at each look of a series, counts so far; arrays of shape (looks,).

    ``n`` counts applications, the others subjects: labels of one subject may all be alike.
    ``explored_events`` and ``explored_others`` are effective, weighted by what they move the
    series; the normal spread of a sequence is that of its few heavy ones. ``over`` says where a
    number may be shown.
    """

    def __init__(self, series: Series) -> None:
        on, seen, y = series.on, series.on.rows.seen, series.on.rows.y
        explored = seen & (on.rows.chance < 1)
        self.n = np.cumsum(np.bincount(on.look))
        self.explored, self.labels = on.subjects["explored"], on.subjects["labels"]
        self.events, self.others = on.subjects["events"], on.subjects["others"]
        weight = on.w * np.nan_to_num(series.size) * explored
        self.explored_events, self.explored_others = (
            _effective(on, weight * (y == v)) for v in (1, 0)
        )
        self.needed = on.subjects["needed"] > 0
        self.null = series.null
        counted = np.where(self.needed, self.explored, self.labels)
        alike = np.minimum(self.events, self.others)
        heavy = np.minimum(self.explored_events, self.explored_others) >= LEAST - 1e-9
        enough = (counted >= LEAST_EXPLORED) & (alike >= LEAST_ALIKE) & (heavy | ~self.needed)
        self.over = enough & (self.null == 0)

    def status(self, look: int) -> str:
        if self.over[look]:
            return "ok"
        if self.null:
            return f"withheld: dollars are null in {counted(self.null, 'application')}"
        held = self.explored if self.needed[look] else self.labels
        name = "explored label" if self.needed[look] else "label"
        said = (
            f"withheld: {counted(held[look], name)}, "
            f"{LEAST_EXPLORED} are needed; {counted(self.events[look], 'event')} and "
            f"{counted(self.others[look], 'non-event')} seen, {LEAST_ALIKE} of each are needed"
        )
        if self.needed[look]:
            events, others = self.explored_events[look], self.explored_others[look]
            said += (
                f"; of the explored {counted(int(events + 1e-9), 'event')} and "
                f"{counted(int(others + 1e-9), 'non-event')} (effective), "
                f"{LEAST} of each are needed"
            )
        return said


def _effective(on: Watched, x: np.ndarray) -> np.ndarray:
    """Kish's (Σx)²/Σx² of the subjects' sums so far, at each look."""
    looks, rows = int(on.look.max()) + 1, np.flatnonzero(x)
    if not len(rows):
        return np.zeros(looks)
    units = units_of(on.rows.cluster[rows], on.look[rows])
    sums = units.sums(x[rows])
    total = np.cumsum(np.bincount(units.week, weights=sums, minlength=looks))
    so_far = units.within(sums)
    squares = units.running(so_far, so_far, looks)
    return np.divide(total**2, squares, out=np.zeros(looks), where=squares > 0)
