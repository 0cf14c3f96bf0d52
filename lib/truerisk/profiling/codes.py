"""Values that look like codes for "no value": 365243, −999, 96 and 98, 9999-12-31, XNA.

A code lies at an end of a column's values, far from all others or in a shape that people choose
(nines, −1), and comes more than once. Whether it is one only its owner knows: it is proposed.
"""

import re
from collections.abc import Sequence

from truerisk.lake.reader.forms import NULLS

MOST = 4  # codes at one end
TIMES = 3  # rows, below which a value is an outlier and not a code
SHARE = 0.005  # of the rows, for a value in no shape of its own
APART = 0.5  # of the other values' range, between them and a value in the shape of a code
FAR = 10.0  # times that range, for one in no such shape
ORDINARY = 5  # other values, below which one in no shape is a level like them
SHAPE = re.compile(r"9{2,}|9*9[6-9]|8{2,}|7{3,}|1{4,}|365243")
DAYS = ("1900-01-01", "1899-12-30", "1899-12-31", "1970-01-01", "9999-12-31", "2999-12-31",
        "2099-12-31", "0001-01-01", "1111-11-11")  # fmt: skip
WORDS = NULLS | {"xna", "xap", "not provided", ""}
Counted = tuple[float, int]  # a value and its rows


def number_codes(low: Sequence[Counted], high: Sequence[Counted], rows: int) -> list[float]:
    """The codes among a column's smallest (ascending) and largest values (descending)."""
    top = _at_the_end(high, low[0][0] if low else 0.0, rows)
    rest = [value for value, _ in high if value not in top]
    bottom = _at_the_end(low, rest[0] if rest else 0.0, rows)
    return sorted(bottom + [v for v in top if v not in bottom])


def _at_the_end(end: Sequence[Counted], other: float, rows: int) -> list[float]:
    """The outermost values, as many as stand apart from the rest; ``other`` is the far end."""
    for k in range(1, min(MOST, len(end) - 1) + 1):
        codes, nearest = end[:k], end[k][0]
        gap, span = abs(codes[-1][0] - nearest), abs(nearest - other)
        shaped = all(_is_shaped(v, nearest) and n >= TIMES for v, n in codes)
        below = codes[-1][0] < 0 <= min(nearest, other)
        many = all(n >= max(TIMES, SHARE * rows) for _, n in codes)
        if shaped and (gap >= APART * span or below) and (span or len(end) > 2 or below):
            return [v for v, _ in codes]
        if many and len(end) - k >= ORDINARY and span and gap > FAR * span:
            return [v for v, _ in codes]
    return []


def _is_shaped(value: float, nearest: float) -> bool:
    if value != int(value):
        return False
    if value < 0 <= nearest and value in (-1, -2, -3, -7, -8, -9):
        return True
    return SHAPE.fullmatch(str(abs(int(value)))) is not None


def is_word(value: str) -> bool:
    """True for a text that means nothing: ``XNA``, ``n/a``, ``unknown``."""
    return value.strip().lower() in WORDS
