"""The arrays that every estimate reads: one entry per mature application."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from truerisk.statistics.blocks import blocks
from truerisk.statistics.ranking import Ranking, ranking


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What estimates need of a log's mature rows; arrays of shape (n,).

    ``pi`` is the probability of an action that shows the outcome (0 where none was logged),
    ``seen`` R, ``y`` the event where seen else 0. Of the offers whose outcome is not there:
    ``walked`` were not taken by the applicant, ``lost`` went out of sight later (sold,
    transferred), ``unseen`` are hidden by a person's override or for no stated reason. ``cluster``
    is a code per cluster, ``day`` one per UTC day of as_of; ``also`` holds further columns. ``q``
    is the chance of the audit where a verdict other than pass, or none in time, left the row to it,
    1 elsewhere; None where nobody reviews.
    """

    score: np.ndarray
    pi: np.ndarray
    seen: np.ndarray
    y: np.ndarray
    walked: np.ndarray
    lost: np.ndarray
    unseen: np.ndarray
    cluster: np.ndarray
    day: np.ndarray
    q: np.ndarray | None = None
    also: Mapping[Hashable, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.score)

    def where(self, mask: np.ndarray) -> Self:
        """The rows of a mask; themselves where it holds everywhere."""
        return self if mask.all() else self.at(np.flatnonzero(mask))  # a mask is read slowly

    def at(self, places: np.ndarray) -> Self:
        """The rows at these places, in their order."""
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "also"}
        some: dict[str, Any] = {
            name: a if a is None else a.take(places) for name, a in kept.items()
        }
        return type(self)(**some, also={name: a.take(places) for name, a in self.also.items()})

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        """Rows below rows; a cluster is the same in all of them."""
        one = parts[0]
        reviewed = any(p.q is not None for p in parts)
        return cls(
            **{
                f.name: np.concatenate([getattr(p, f.name) for p in parts])
                for f in fields(cls)
                if f.name not in ("q", "also")
            },
            q=np.concatenate([p.audit for p in parts]) if reviewed else None,
            also={name: np.concatenate([p.also[name] for p in parts]) for name in one.also},
        )

    def adding(self, columns: Mapping[Any, np.ndarray]) -> Self:
        return replace(self, also={**self.also, **columns})

    def supposing(self, unknown: np.ndarray, y: np.ndarray) -> Self:
        """As if the outcomes of ``unknown`` had been seen and were ``y``; rows with π = 0 carry
        theirs without a weight."""
        return replace(
            self,
            seen=self.seen | (unknown & (self.pi > 0)),
            y=np.where(unknown, y, self.y),
            lost=self.lost & ~unknown,
            unseen=self.unseen & ~unknown,
        )

    @cached_property
    def shared(self) -> dict[Hashable, Any]:
        """What several metrics read of these rows, whom a threshold flags say, made once."""
        return {}

    def let_go(self) -> None:
        """Forget what is made of the rows for metrics that rank them, which takes as much room as
        the rows do; it is made again where it is asked for."""
        for name in ("shared", "ranking", "code"):
            self.__dict__.pop(name, None)

    @cached_property
    def chance(self) -> np.ndarray:
        """π·q: of the outcome's being seen, given the verdict where there is one, (n,)."""
        return self.pi if self.q is None else self.pi * self.q

    @property
    def audit(self) -> np.ndarray:
        """``q`` as an array, 1 where nobody reviews."""
        return np.ones(len(self)) if self.q is None else self.q

    @cached_property
    def explored(self) -> np.ndarray:
        """The places of the labels that were left to chance, seen with 0 < πq < 1."""
        return np.flatnonzero(self.seen & (self.chance > 0) & (self.chance < 1))

    @cached_property
    def sure(self) -> np.ndarray:
        """The places of the labels that were not, seen with πq = 1."""
        return np.flatnonzero(self.seen & (self.chance == 1))

    @cached_property
    def ranking(self) -> Ranking:
        """The rows in the order of their scores."""
        return ranking(self.score, self.cluster)

    @cached_property
    def largest(self) -> int:
        """The rows of the largest cluster."""
        starts = self.starts
        sizes = np.bincount(self.cluster) if starts is None else np.diff(starts, append=len(self))
        return int(sizes.max(initial=0))

    @cached_property
    def clusters(self) -> int:
        """How many clusters there are."""
        return (
            int((np.bincount(self.cluster) > 0).sum()) if self.starts is None else len(self.starts)
        )

    @cached_property
    def code(self) -> np.ndarray:
        """``cluster`` without the codes that no row has, (n,)."""
        if (starts := self.starts) is not None:
            return np.repeat(np.arange(len(starts)), np.diff(starts, append=len(self)))
        there = np.bincount(self.cluster) > 0
        return self.cluster if there.all() else (np.cumsum(there) - 1)[self.cluster]

    @property
    def alone(self) -> bool:
        """Whether every cluster is one row."""
        return self.largest <= 1

    @cached_property
    def starts(self) -> np.ndarray | None:
        """Where each cluster begins, (clusters,); None unless rows lie by their clusters' codes."""
        one, other = self.cluster[:-1], self.cluster[1:]
        if not (one <= other).all():
            return None
        new = np.ones(len(self), dtype=bool)
        np.not_equal(one, other, out=new[1:])
        return np.flatnonzero(new)

    @cached_property
    def blocks(self) -> list["Block"]:
        """All rows in blocks that part no cluster; in one where clusters lie scattered."""
        n, starts = len(self), self.starts
        if self.alone:
            return [Block(rows=rows) for rows in blocks(n)]
        if starts is None:
            return [Block(rows=slice(0, n), code=self.code)]
        firsts = np.unique(np.searchsorted(starts, [rows.start for rows in blocks(n)]))
        firsts = firsts[firsts < len(starts)]  # none begins after a large last cluster
        borders = np.append(starts, n)
        made = []
        for i, j in zip(firsts, [*firsts[1:], len(starts)]):
            size = np.diff(borders[i : j + 1])
            places = borders[i:j] - borders[i]
            more = size[size > 2]
            made.append(
                Block(
                    rows=slice(borders[i], borders[j]),
                    alone=places[size == 1],
                    pairs=places[size == 2],
                    several=np.flatnonzero(np.repeat(size > 2, size)),
                    starts=np.cumsum(more) - more,
                )
            )
        return made

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Σ of each cluster, shape (clusters,): in the order of their codes, or in that of the
        rows where each cluster is one row."""
        if self.alone:
            return values
        starts = self.starts
        return np.bincount(self.code, values) if starts is None else np.add.reduceat(values, starts)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some ``rows``, and the places of those that are ``alone`` in their cluster, of the first of
    each of the ``pairs`` and of those in clusters of ``several``, with the places among these where
    each cluster ``starts``; all are alone where nothing is said. Or the ``code`` of each one's
    cluster."""

    rows: slice
    alone: np.ndarray | None = None
    pairs: np.ndarray | None = None
    several: np.ndarray | None = None
    starts: np.ndarray | None = None
    code: np.ndarray | None = None

    def squares(self, values: np.ndarray) -> float:
        """Σ over clusters of (Σ values)², of some values of these rows."""
        return sum(float(sums @ sums) for sums in self._sums(values))

    def _sums(self, values: np.ndarray) -> Iterator[np.ndarray]:
        """Σ values of every cluster: of each kind of them at once, since most are small."""
        if self.code is not None:
            yield np.bincount(self.code, values)
        elif self.starts is None:
            yield values
        else:
            yield values[self.alone]
            yield values[self.pairs] + values[1:][self.pairs]
            if len(self.starts):
                yield np.add.reduceat(values[self.several], self.starts)
