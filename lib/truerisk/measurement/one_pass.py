"""What intervals need of the influence functions of many metrics, in one pass over blocks of rows.

A block holds whole clusters, and no influence function is ever whole in memory. What a few events
decide, or few labels, needs one that is (gamma.py, bootstrap-t, bounds); this pass says where.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.gamma import Labels, Reach
from truerisk.statistics.influence import Value


@dataclass
class Spread:
    """Of one metric: Σ over ``clusters`` of (Σ IF)², and the reach of the explored labels and of
    those with π = 1, those that there are."""

    squares: float = 0.0
    clusters: int = 0
    reaches: list[Reach] = field(default_factory=list)
    largest: int = 1

    @property
    def se(self) -> float:
        """√(C/(C−1) · Σ_c S_c²), to be divided by n; infinite where one cluster is all there is."""
        if self.clusters < 2:
            return np.inf
        return float(np.sqrt(self.clusters / (self.clusters - 1) * self.squares))

    @property
    def plenty(self) -> bool:
        """Whether events and non-events are surely many in all that moves the estimate."""
        return all(reach.plenty(self.largest) for reach in self.reaches)


def one_pass(values: Sequence[Value], rows: Rows, labels: Labels) -> list[Spread]:
    """The spread of each of some metrics of the same rows."""
    kinds = [places for places in (labels.explored, labels.sure) if len(places)]
    found = [Spread(reaches=[Reach() for _ in kinds], largest=labels.largest) for _ in values]
    for block, starts in rows.blocks:
        known = list(_known(block, kinds, labels))
        for value, spread in zip(values, found):
            influence, slope = value.at(block)
            sums = rows.block_sums(influence, starts)
            spread.squares += float(sums @ sums)
            spread.clusters += len(sums)
            size = np.abs(slope)
            for reach, (places, w, y) in zip(spread.reaches, known):
                reach.add(w * size[places], y)
    return found


def _known(
    block: slice, kinds: Sequence[np.ndarray], labels: Labels
) -> Iterator[tuple[slice | np.ndarray, np.ndarray, np.ndarray]]:
    """Of each kind of labels: those of a block by their places in it, their weights and events."""
    for places in kinds:
        first, end = np.searchsorted(places, [block.start, block.stop])
        some = places[first:end]
        whole = end - first == block.stop - block.start
        yield slice(None) if whole else some - block.start, labels.w[some], labels.y[some]
