"""Rows in the order of a score, sorted once for every metric that ranks them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from truerisk.statistics.blocks import blocks
from truerisk.statistics.order import order_of, ordered


@dataclass(frozen=True)
class Ranking:
    """``order`` (n,) sorts rows by score, ``first`` (g,) is the place of each of g sets of equal
    scores, lowest first."""

    order: np.ndarray
    first: np.ndarray

    def __len__(self) -> int:
        return len(self.order)

    @property
    def last(self) -> np.ndarray:
        """The place of the last row of each set, (g,)."""
        return np.append(self.first[1:], len(self)) - 1

    @property
    def size(self) -> np.ndarray:
        """Rows of each set, (g,)."""
        return np.diff(self.first, append=len(self))

    def blocks(self) -> Iterator[tuple[np.ndarray | slice, np.ndarray]]:
        """Of some sets at a time, lowest first, the places of their rows and the size of each."""
        for k in blocks(len(self.first)):
            edges = self.first[k.start : k.stop + 1]
            if k.stop == len(self.first):
                edges = np.append(edges, len(self))
            yield self._places(edges[0], edges[-1]), np.diff(edges)

    def _places(self, first: int, end: int) -> np.ndarray | slice:
        return self.order[first:end]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """A value of each set (g,) for its rows, (n,), as the rows lie."""
        made = np.empty(len(self), dtype=values.dtype)
        made[self.order] = values if len(self.first) == len(self) else np.repeat(values, self.size)
        return made


class _Sorted(Ranking):
    """Of rows that lie in the order of their scores already."""

    def _places(self, first: int, end: int) -> slice:
        return slice(first, end)


def ranking(score: np.ndarray, cluster: np.ndarray | None = None) -> Ranking:
    """Rows of one score stand by their ``cluster``, then as they came."""
    if cluster is None or (cluster[1:] >= cluster[:-1]).all():
        order, sorted_ = ordered(score)
    else:
        by_cluster = order_of(cluster)
        order, sorted_ = ordered(score[by_cluster])
        order = by_cluster[order]
    return Ranking(order, starts(sorted_))


def sorted_ranking(score: np.ndarray) -> Ranking:
    """Rows that lie in the order of their scores already."""
    return _Sorted(np.arange(len(score)), starts(score))


def starts(values: np.ndarray) -> np.ndarray:
    """Where a new one of some sorted values begins."""
    return np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
