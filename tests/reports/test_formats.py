"""Numbers and words as people read them."""

import pandas as pd
import pytest

from truerisk.reports import formats
from truerisk.reports.wording import listed, past


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (formats.whole, 1234567, "1,234,567"),
        (formats.percent, 0.1622, "16.2%"),
        (formats.percent, -0.0001, "0.0%"),
        (formats.points, 0.0234, "+2.3 pts"),
        (formats.points, -0.0001, "+0.0 pts"),
        (formats.decimal, 0.8456, "0.846"),
        (formats.change, -0.0107, "−0.011"),
        (formats.dollars, 939.4, "$939"),
        (formats.dollars, -21.02, "−$21"),
        (formats.dollars, 0.3, "$0.30"),
        (formats.dollars, -0.001, "−$0.001"),
        (formats.dollars, 0.0042, "$0.0042"),
        (formats.dollars, 0.012, "$0.01"),
        (formats.dollars, 0.99, "$0.99"),
        (formats.dollars, 9.996, "$10"),
        (formats.dollars, 1e-12, "$0"),
        (formats.dollars, -0.0, "$0"),
        (formats.dollars, None, "–"),
        (formats.dollar_change, 12.0, "+$12"),
        (formats.dollar_change, 0.003, "+$0.003"),
        (formats.dollar_change, -0.25, "−$0.25"),
        (formats.dollar_change, 0, "$0"),
        (formats.whole, pd.NA, "–"),
        (formats.dollars, float("nan"), "–"),
    ],
)
def test_a_number_as_text(form, value, text):
    assert form(value) == text


def test_a_span_has_one_unit():
    assert formats.span(pd.Timedelta(minutes=5)) == "under an hour"
    assert formats.span(pd.Timedelta(hours=1)) == "1 hour"
    assert formats.span(pd.Timedelta(days=9)) == "9 days"


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("approve", "approved"),
        ("pass", "passed"),
        ("contact", "contacted"),
        ("skip", "skipped"),
        ("deny", "denied"),
        ("review", "reviewed"),
        ("send_offer", 'given "send offer"'),
    ],
)
def test_an_action_in_the_past(action, text):
    assert past(action) == text


def test_a_list_in_words():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
