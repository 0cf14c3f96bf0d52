"""Durations have a fixed length and one spelling."""

from datetime import timedelta

import pytest

from truerisk.problem.duration import parse_duration, short


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("12h", 12 * 3600), ("30d", 30 * 86400), ("0d", 0), ("36500d", 36500 * 86400)],
)
def test_a_duration_is_a_whole_number_of_seconds_hours_or_days(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "spelling"),
    [("48h", "2d"), ("36h", "36h"), ("7200s", "2h"), ("86400s", "1d"), ("90s", "90s")],
)
def test_one_length_has_one_spelling(text: str, spelling: str) -> None:
    assert short(parse_duration(text)) == spelling
    assert parse_duration(spelling) == parse_duration(text)


@pytest.mark.parametrize(
    "value", ["1 month", "1m", "1y", "30", "-1d", "1.5d", "30d ", "", 30, None]
)
def test_calendar_months_fractions_signs_and_bare_numbers_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not a duration; write a whole number and s, h or d"):
        parse_duration(value)


def test_more_than_a_century_is_refused_instead_of_overflowing() -> None:
    with pytest.raises(ValueError, match=r"'9999999999d' is too long; .* at most '36500d'"):
        parse_duration("9999999999d")
