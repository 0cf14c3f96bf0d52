"""What intervals need of the influence functions of many metrics, in one pass over blocks of rows.

A block holds whole clusters, and no influence function is ever whole in memory. What a few events
decide, or few labels, needs one that is (gamma.py, bootstrap-t, bounds); this pass says where.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from truerisk.measurement.evidence.rows import Block, Rows
from truerisk.measurement.gamma import Labels, Reach
from truerisk.statistics.influence import Numbers, Value


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Of one metric: √(C/(C − 1) · Σ_c (Σ IF)²) over C clusters, n times the standard error, and
    whether events and non-events are surely ``plenty`` in all that moves the estimate."""

    deviation: float
    plenty: bool


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Of one kind of labels those of a block: their places in it, weights, the largest of these,
    and events."""

    places: slice | np.ndarray
    w: np.ndarray
    heaviest: float
    y: np.ndarray

    def add_to(self, reach: Reach, size: Numbers, top: float, largest: int) -> None:
        """Their x = w·|h|, ``size`` being |h| in the block and ``top`` the largest there."""
        ample = reach.ample(largest)
        if ample and self.heaviest * top <= reach.most:
            reach.skip()
            return
        x = self.w * (size[self.places] if isinstance(size, np.ndarray) else size)
        if ample:
            reach.skip(float(x.max(initial=0.0)))
        else:
            reach.add(x, self.y)


def one_pass(values: Sequence[Value], rows: Rows, labels: Labels) -> list[Spread]:
    """The spread of each of some metrics of the same rows."""
    kinds = [places for places in (labels.explored, labels.sure) if len(places)]
    squares = [0.0] * len(values)
    reaches = [[Reach() for _ in kinds] for _ in values]
    for block in rows.blocks:
        known = list(_known(block, kinds, labels))
        for i, value in enumerate(values):
            influence, slope = value.at(block.rows)
            squares[i] += block.squares(influence)
            size = np.abs(slope)
            top = float(size.max()) if isinstance(size, np.ndarray) else size
            for reach, some in zip(reaches[i], known):
                some.add_to(reach, size, top, labels.largest)
    count = rows.clusters
    return [
        Spread(
            deviation=float(np.sqrt(count / (count - 1) * total)) if count > 1 else np.inf,
            plenty=all(reach.plenty(labels.largest) for reach in reach_of),
        )
        for total, reach_of in zip(squares, reaches)
    ]


def _known(block: Block, kinds: Sequence[np.ndarray], labels: Labels) -> Iterator[_Known]:
    for places in kinds:
        first, end = np.searchsorted(places, [block.rows.start, block.rows.stop])
        some = places[first:end]
        whole = end - first == block.rows.stop - block.rows.start
        w = labels.w[some]
        yield _Known(
            places=slice(None) if whole else some - block.rows.start,
            w=w,
            heaviest=float(w.max(initial=0.0)),
            y=labels.y[some],
        )
