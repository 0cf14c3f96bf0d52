"""Numbers and words as people read them."""

import pandas as pd
import pytest

from truerisk.wording import numbers
from truerisk.wording.dollars import dollar_change, dollars
from truerisk.wording.lists import listed


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (numbers.whole, 1234567, "1,234,567"),
        (numbers.percent, 0.1622, "16.2%"),
        (numbers.percent, -0.0001, "0.0%"),
        (numbers.points, 0.0234, "+2.3 pts"),
        (numbers.points, -0.0001, "+0.0 pts"),
        (numbers.decimal, 0.8456, "0.846"),
        (numbers.change, -0.0107, "−0.011"),
        (dollars, 939.4, "$939"),
        (dollars, -21.02, "−$21"),
        (dollars, 0.3, "$0.30"),
        (dollars, -0.001, "−$0.001"),
        (dollars, 0.0042, "$0.0042"),
        (dollars, 0.012, "$0.01"),
        (dollars, 0.99, "$0.99"),
        (dollars, 9.996, "$10"),
        (dollars, 1e-12, "$0"),
        (dollars, -0.0, "$0"),
        (dollars, None, "–"),
        (dollar_change, 12.0, "+$12"),
        (dollar_change, 0.003, "+$0.003"),
        (dollar_change, -0.25, "−$0.25"),
        (dollar_change, 0, "$0"),
        (numbers.whole, pd.NA, "–"),
        (dollars, float("nan"), "–"),
    ],
)
def test_a_number_as_text(form, value, text):
    assert form(value) == text


def test_a_span_has_one_unit():
    assert numbers.span(pd.Timedelta(minutes=5)) == "under an hour"
    assert numbers.span(pd.Timedelta(hours=1)) == "1 hour"
    assert numbers.span(pd.Timedelta(days=9)) == "9 days"


def test_a_list_in_words():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_a_month_is_that_of_utc_and_null_stays_null():
    at = pd.to_datetime(["2026-01-31 23:30", None, "2026-03-01 00:00"]).tz_localize(
        "America/New_York"
    )
    found = numbers.months(pd.Series(at, index=[5, 7, 9]))
    assert found.dropna().to_dict() == {5: "2026-02", 9: "2026-03"}
    assert found.index[found.isna()].tolist() == [7]
