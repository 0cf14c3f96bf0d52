"""The order of many numbers: each is sorted with its place in its lower bits, at a fraction of the
time that sorting places by their numbers takes. Where the bits that it loses decide, it is sorted
again by all of them."""

import numpy as np


def order_of(values: np.ndarray) -> np.ndarray:
    """The places of some numbers sorted, equal ones as they lie, (n,): a stable argsort."""
    order, exact = _order(values)
    return order if exact else _mended(order, values)[0]


def ordered(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``order_of`` some numbers, and these in that order, (n,) each."""
    order, exact = _order(values)
    return (order, values.take(order)) if exact else _mended(order, values)


def _order(values: np.ndarray) -> tuple[np.ndarray, bool]:
    """The order, and whether it is exact: numbers of too many bits lose their lowest ones."""
    bits = len(values).bit_length()
    places = np.arange(len(values), dtype=np.uint64)
    low = np.uint64((1 << bits) - 1)
    key = _key(values)
    fits = not len(key) or int(key.max()) >> (64 - bits) == 0
    if fits:
        key <<= np.uint64(bits)
    else:
        key &= ~low
    key |= places
    key.sort()
    key &= low
    return key.view(np.int64), fits


def _key(values: np.ndarray) -> np.ndarray:
    """Unsigned numbers (n,) that lie in the order of the values, which are whole or float64."""
    if values.dtype.kind == "f":
        key = (values + 0.0).view(np.int64)  # of −0 it makes 0
        key ^= (key >> 63) & np.int64(2**63 - 1)
        return key.view(np.uint64) ^ np.uint64(2**63)
    return (values - values.min(initial=0)).astype(np.uint64)


def _mended(order: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order where those that are alike but for the bits lost are sorted by all, and the numbers
    in that order."""
    found = values.take(order)
    wrong = np.flatnonzero(found[1:] < found[:-1])
    if len(wrong):
        high = _key(found) >> np.uint64(len(values).bit_length())
        alike = np.unique(high[wrong])
        first, end = (np.searchsorted(high, alike, side) for side in ("left", "right"))
        which = np.repeat(np.arange(len(alike)), end - first)
        some = np.arange(len(which)) + (end - np.cumsum(end - first))[which]
        again = some[np.lexsort((found[some], which))]
        order[some], found[some] = order[again], found[again]
    return order, found
