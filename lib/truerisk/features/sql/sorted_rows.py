"""Windows over rows that lie in the order of entity and time: each is a range of places.

What cannot be had from running totals is read from the ranges themselves: extremes, the different
values, the nearest row that counts. Places are whole numbers, so every answer is exact.
"""

import numpy as np
import pyarrow as pa

PAIRS = 4_000_000  # of a window's row and a row in it, at a time
WIDEST = 2**62


def extremes(values: np.ndarray, start: np.ndarray, end: np.ndarray, least: bool) -> np.ndarray:
    """The least or the greatest of each range of ``values``; anything where a range is empty.

    Ranges in order of their starts and ends cost no more than their lengths together.
    """
    if not len(start):
        return values[:0]
    both = np.column_stack([start, end]).ravel()
    reduce = np.minimum.reduceat if least else np.maximum.reduceat
    return reduce(np.append(values, values.dtype.type(0)), both)[::2]


def codes(values: pa.ChunkedArray) -> np.ndarray:
    """A whole number for each different value, −1 for null."""
    found = values.dictionary_encode().combine_chunks()
    if isinstance(found, pa.ChunkedArray):  # of no or several chunks
        found = pa.concat_arrays(found.chunks or [pa.array([], found.type)])
    return found.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def previous(entity: np.ndarray, code: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The place of the entity's previous kept row with the same code, −1 where there is none.

    What is not kept has a previous row that no range begins after.
    """
    found = np.full(len(entity), len(entity), np.int64)
    place = np.flatnonzero(kept)
    if not len(place):
        return found
    entity, code = entity[place], code[place]
    kinds, bits = int(code.max()) + 1, len(found).bit_length()
    if (int(entity.max()) + 1) * kinds << bits < WIDEST:
        both = np.sort((entity * kinds + code) << bits | place)  # faster than an order of rows
        same, place = both >> bits, both & ((1 << bits) - 1)
        again = same[1:] == same[:-1]
    else:
        order = np.lexsort((place, code, entity))
        entity, code, place = entity[order], code[order], place[order]
        again = (entity[1:] == entity[:-1]) & (code[1:] == code[:-1])
    found[place[0]] = -1
    found[place[1:]] = np.where(again, place[:-1], -1)
    return found


def different(before: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """How many rows of each range have their previous one before it: one for each value in it."""
    found = np.zeros(len(start), np.int64)
    upto = np.cumsum(end - start)
    first = 0
    while first < len(start):
        done = upto[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(upto, done + PAIRS, "right")))
        since, many = start[first:last], (end - start)[first:last]
        ends = np.cumsum(many)
        place = np.arange(ends[-1]) + np.repeat(since - ends + many, many)
        new = np.append(0, np.cumsum(before[place] < np.repeat(since, many)))
        found[first:last] = new[ends] - new[ends - many]
        first = last
    return found


def nearest(kept: np.ndarray, last: bool) -> np.ndarray:
    """For each place the last kept one up to it, or the first from it; outside where none is."""
    n = len(kept)
    if last:
        return np.maximum.accumulate(np.where(kept, np.arange(n), -1))
    return np.minimum.accumulate(np.where(kept, np.arange(n), n)[::-1])[::-1]
