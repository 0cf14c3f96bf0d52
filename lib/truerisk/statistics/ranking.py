"""Rows in the order of a score, sorted once for every metric that ranks them."""

from dataclasses import dataclass, replace

import numpy as np


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

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum of each set, (g,), of ``values`` (n,) as the rows lie."""
        sorted_ = values[self.order]
        return sorted_ if len(self.first) == len(self) else np.add.reduceat(sorted_, self.first)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """A value of each set (g,) for its rows, (n,), as the rows lie."""
        made = np.empty(len(self), dtype=values.dtype)
        made[self.order] = values if len(self.first) == len(self) else np.repeat(values, self.size)
        return made


def ranking(score: np.ndarray, cluster: np.ndarray | None = None) -> Ranking:
    """Rows of one score stand by their ``cluster``, not as they came; else as they came."""
    order = np.argsort(score)
    if (score[order[1:]] == score[order[:-1]]).any():  # a stable sort takes twice as long
        order = np.lexsort((score,) if cluster is None else (cluster, score))
    return replace(sorted_ranking(score[order]), order=order)


def sorted_ranking(score: np.ndarray) -> Ranking:
    """Rows that lie in the order of their scores already."""
    new = np.append(True, score[1:] != score[:-1])[: len(score)]
    return Ranking(np.arange(len(score)), np.flatnonzero(new))
