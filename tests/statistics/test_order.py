"""order_of is a stable argsort, whatever the numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from truerisk.statistics.order import order_of, ordered

SIZES = st.integers(0, 40)
CLOSE = st.integers(0, 6).map(lambda k: float(np.nextafter(0.3, 1) if k == 1 else 0.3 + k * 2**-54))
KINDS = {
    "float": arrays(float, SIZES, elements=st.floats(allow_nan=False)),
    "close floats": arrays(float, SIZES, elements=CLOSE),
    "whole": arrays(np.int64, SIZES, elements=st.integers(-(2**63), 2**63 - 1)),
    "close whole": arrays(np.int64, SIZES, elements=st.integers(2**62, 2**62 + 5)),
    "codes": arrays(np.int64, SIZES, elements=st.integers(0, 9)),
    "hashes": arrays(np.uint64, SIZES, elements=st.integers(0, 2**64 - 1)),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_it_is_a_stable_argsort(kind: str, data: st.DataObject) -> None:
    values = data.draw(KINDS[kind])
    expected = np.argsort(values, kind="stable")
    order, sorted_ = ordered(values)
    assert (order_of(values) == expected).all() and (order == expected).all()
    assert (sorted_ == values[expected]).all()


def test_of_many_that_differ_in_their_last_bits_only() -> None:
    rng = np.random.default_rng(0)
    values = 0.5 + rng.integers(0, 2_000, 30_000) * 2.0**-53
    assert (order_of(values) == np.argsort(values, kind="stable")).all()
