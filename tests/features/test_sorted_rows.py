"""Ranges of sorted rows: extremes, different values, nearest rows, against plain loops."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truerisk.features.sql import sorted_rows
from truerisk.features.sql.sorted_rows import codes, different, extremes, nearest, previous

SOME = settings(max_examples=60, derandomize=True, deadline=None, database=None)
ROW = st.tuples(st.integers(0, 2), st.integers(0, 3), st.booleans())
ROWS = st.lists(ROW, max_size=25)


def ranges(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Every range of n places, empty ones too, by start and end."""
    every = [(i, j) for i in range(n + 1) for j in range(i, n + 1)]
    start, end = np.array(every, np.int64).T
    return start, end


@SOME
@given(values=st.lists(st.integers(-5, 5), max_size=12))
def test_extremes_are_those_of_each_range(values: list[int]) -> None:
    start, end = ranges(len(values))
    for least, of in ((True, min), (False, max)):
        found = extremes(np.array(values, np.int64), start, end, least)
        assert all(m == of(values[i:j]) for m, i, j in zip(found, start, end) if i < j)


@pytest.mark.slow
@SOME
@pytest.mark.parametrize("apart", [1, 2**50], ids=["one number", "an order of rows"])
@given(rows=ROWS)
def test_different_values_of_a_range_are_counted_once(rows: list[tuple], apart: int) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    entity, code, kept = (np.array([r[i] for r in rows]) for i in range(3))
    before = previous(entity.astype(int), code.astype(int) * apart, kept.astype(bool))
    for who in range(3):
        first, last = (int(np.searchsorted(entity, who, side)) for side in ("left", "right"))
        start, end = (first + part for part in ranges(last - first))
        for pairs in (1, sorted_rows.PAIRS):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sorted_rows, "PAIRS", pairs)
                found = different(before, start, end)
            wanted = [len({c for _, c, k in rows[i:j] if k}) for i, j in zip(start, end)]
            assert found.tolist() == wanted


@SOME
@given(kept=st.lists(st.booleans(), max_size=20))
def test_the_nearest_row_is_the_last_before_or_the_first_after(kept: list[bool]) -> None:
    flags, n = np.array(kept, bool), len(kept)
    for at in range(n):
        assert nearest(flags, True)[at] == max((i for i in range(at + 1) if kept[i]), default=-1)
        assert nearest(flags, False)[at] == min((i for i in range(at, n) if kept[i]), default=n)


def test_codes_are_one_for_each_value_over_all_chunks() -> None:
    values = pa.chunked_array([["a", None, "b"], ["b", "a", "c"], []], pa.string())
    found = codes(values)
    assert found.tolist()[1] == -1
    assert len(set(found.tolist())) == 4
    assert found[0] == found[4] and found[2] == found[3]
    assert codes(pa.chunked_array([], pa.int64())).tolist() == []
