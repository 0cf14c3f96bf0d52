"""7, 7.0 and "7" are one where ids are numbers; a text is what it says."""

from decimal import Decimal

import pandas as pd
import pytest

from truerisk.lake.identity import alike, as_text, is_number, written_like

WHOLE = [
    pd.Series([7, 8]),
    pd.Series([7.0, 8.0]),
    pd.Series([7, 8], dtype="Int64"),
    pd.Series([Decimal("7.00"), Decimal(8)]),
]


@pytest.mark.parametrize("values", WHOLE, ids=lambda v: str(v.dtype))
def test_whole_numbers_are_written_without_a_point(values: pd.Series) -> None:
    assert as_text(values).tolist() == ["7", "8"]
    assert alike(pd.Series(["7", "8.0", " 9", "x", "1e999999999"]), values).tolist() == [
        "7", "8", "9", "x", "1e999999999",
    ]  # fmt: skip
    assert written_like("7.0", values) == written_like("7", values) == "7"


def test_texts_are_what_they_say() -> None:
    texts = pd.Series(["7", "7.0", "007"])
    assert not is_number(texts)
    assert as_text(texts).tolist() == alike(texts, texts).tolist() == ["7", "7.0", "007"]
    assert alike(pd.Series([7.0]), texts).tolist() == ["7"]
    assert written_like("7.0", texts) == "7.0"


def test_large_and_broken_numbers_stay_apart() -> None:
    assert as_text(pd.Series([2**60 + 1, 2**60])).tolist() == [str(2**60 + 1), str(2**60)]
    assert as_text(pd.Series([7.5, 8.0])).tolist() == ["7.5", "8"]
    assert as_text(pd.Series([], dtype="float64")).tolist() == []
