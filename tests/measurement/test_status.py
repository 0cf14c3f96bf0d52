"""A status is made and read by its reason alone, and every reason is said on the pages."""

from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truerisk.measurement.status import OK, TEXT, Reason, reason_of
from truerisk.reports.kit.open_questions import SAID

WHICH = ["events", "non-events", "explored events", "explored non-events"]


def fields(reason: Reason) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(reason.value) if name is not None]


@given(st.data(), st.sampled_from(list(Reason)))
def test_a_status_tells_its_reason_and_its_numbers(data: st.DataObject, reason: Reason) -> None:
    number = st.integers(0, 10**7) if "share" not in fields(reason) else st.floats(0, 1)
    numbers = {
        name: data.draw(st.sampled_from(WHICH) if name in TEXT else number, name)
        for name in fields(reason)
    }
    found = reason_of(reason.status(**numbers))
    assert found is not None
    made, written = found
    assert made is reason
    assert set(written) == set(numbers)
    for name, value in numbers.items():
        if name in TEXT:
            assert written[name] == value
        elif "share" not in numbers:
            assert float(written[name].replace(",", "")) == value


@pytest.mark.parametrize("text", [OK, "withheld", "withheld: -3 outcomes are seen, and more", ""])
def test_another_text_has_no_reason(text: str) -> None:
    assert reason_of(text) is None


def test_every_reason_is_said_in_words() -> None:
    assert list(SAID) == list(Reason)
    for reason, (what, settles) in SAID.items():
        asked = {n for text in (what, settles) for _, n, _, _ in Formatter().parse(text) if n}
        assert asked <= {*fields(reason), "d"}, reason
