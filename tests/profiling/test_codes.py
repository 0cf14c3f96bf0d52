"""Values that look like codes for no value, and those that do not."""

import numpy as np
import pytest

from truerisk.profiling.codes import is_word, number_codes


def ends(values):
    """The smallest and the largest different values with their rows."""
    found, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
    pairs = list(zip(found.tolist(), counts.tolist()))
    return pairs[:12], pairs[::-1][:12], len(values)


rng = np.random.default_rng(3)
LATE = rng.poisson(0.4, 5000)
CODED = {
    "days employed": (np.r_[-rng.integers(30, 15_000, 4000), [365_243] * 700], [365_243]),
    "bureau counts": (np.r_[LATE, [96] * 5, [98] * 200], [96, 98]),
    "score": (np.r_[rng.integers(300, 850, 4000), [-999] * 90], [-999]),
    "minus one": (np.r_[rng.integers(0, 40, 4000), [-1] * 90], [-1]),
    "nines": (np.r_[rng.normal(50, 10, 4000).round(1).clip(0, 98), [9999] * 9], [9999]),
    "both ends": (np.r_[rng.integers(1, 80, 4000), [-99] * 9, [999] * 9], [-99, 999]),
    "far and in no shape": (np.r_[rng.integers(0, 10, 4000), [1234] * 200], [1234]),
}
PLAIN = {
    "a flag": rng.integers(0, 2, 4000),
    "percent up to 99": rng.integers(0, 100, 4000),
    "terms": rng.choice([36, 60, 120], 4000),
    "incomes": np.exp(rng.normal(10, 1, 4000)).round(),
    "counts with a tail": rng.geometric(0.2, 4000),
    "balances below zero": rng.normal(0, 1000, 4000).round(),
    "one outlier in a shape": np.r_[rng.integers(0, 10, 4000), 9999],
}


@pytest.mark.parametrize("name", CODED)
def test_a_code_is_found(name):
    values, codes = CODED[name]
    assert number_codes(*ends(values)) == codes


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_no_code_is_left_alone(name):
    assert number_codes(*ends(PLAIN[name])) == []


def test_words_that_mean_nothing():
    assert all(map(is_word, ["XNA", " n/a ", "Unknown", "", "-"]))
    assert not any(map(is_word, ["car", "0", "None of these"]))
