"""What a batch holds that the model never saw is said, by hashes alone."""

import numpy as np
import pandas as pd

from truerisk.models.fitted_keys import among, pack
from truerisk.models.levels import levels_of, strangers


def test_levels_that_were_not_fitted_are_counted_above_a_twentieth() -> None:
    fitted = pd.DataFrame({"job": ["a", "b", None] * 10, "age": np.arange(30.0)})
    levels = levels_of(fitted, ["job", "age"])
    assert list(levels) == ["job"] and len(levels["job"]) == 2
    assert "a" not in levels["job"], "a hash, not the level"
    batch = pd.DataFrame({"job": ["a"] * 94 + ["new"] * 6, "age": 1.0})
    assert strangers(levels, batch) == [
        "job: 6 of 100 applications hold a level that the model was not fitted on."
    ]
    assert strangers(levels, batch.iloc[2:97]) == []
    assert strangers(levels, batch.iloc[:0]) == []


def test_a_key_is_the_same_whatever_its_type_and_a_stranger_is_none() -> None:
    packed = pack(pd.Series([7, 8, 10**17 + 1]))
    assert len(packed) == 15
    assert among(pd.Series([7.0, 8.0, 9.0]), packed).tolist() == [True, True, False]
    assert among(pd.Series(["7", "x"]), packed).tolist() == [True, False]
    assert among(pd.Series([10**17 + 1, 10**17]), packed).tolist() == [True, False]
