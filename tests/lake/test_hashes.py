"""Few texts are hashed here, many by the engine: one and the same function."""

import numpy as np
import pandas as pd
import pytest

from truerisk.lake import hashes


@pytest.mark.parametrize("prefix", ["salt|explore|", "it's|", "ü|"])
def test_few_and_many_texts_have_the_same_hashes(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = pd.Series(["", "a", "7.0", "é", "o'k", "x" * 200, "two\nlines"], dtype="str")
    few = hashes.uniform(prefix, texts), hashes.short(prefix, texts)
    monkeypatch.setattr(hashes, "FEW", 0)
    assert (hashes.uniform(prefix, texts) == few[0]).all()
    pd.testing.assert_series_equal(hashes.short(prefix, texts), few[1])
    assert (few[0] >= 0).all()
    assert (few[0] < 1).all()
    assert np.unique(few[0]).size == len(texts)


def test_the_engine_keeps_the_order_of_many_rows() -> None:
    texts = pd.Series(np.arange(300_000).astype(str)[::-1], dtype="str")
    many = hashes.uniform("s|", texts)
    some = texts[::60_001]
    assert (many[::60_001] == hashes.uniform("s|", some)).all()
