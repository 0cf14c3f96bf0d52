"""Half of the declined apply again: intervals hold the truth, and a sticky draw's do not."""

import pytest
from scipy import stats

from tests.measurement import returning_worlds as returning
from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import evidence_of


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["fresh", "held"])
def test_with_fresh_draws_and_with_an_older_ledger_read_as_it_was_the_truth_is_held(
    rule: str,
) -> None:
    for hits, _ in returning.held(rule, 60).values():
        low, high = stats.binom.interval(0.9999, 60, 0.95)
        assert low <= hits <= high


@pytest.mark.slow
def test_a_sticky_draw_with_its_chance_as_logged_fails() -> None:
    for hits, _ in returning.held("sticky", 40).values():
        assert returning.fails(hits, 40)


def test_a_sticky_draw_is_refused_and_a_fresh_one_is_not() -> None:
    _ = evidence_of(returning.draw(0)).rows
    _ = evidence_of(returning.draw(0, "held")).rows
    with pytest.raises(LogError, match="returning applications with 0 < p_reveal < 1"):
        _ = evidence_of(returning.draw(0, "sticky")).rows


@pytest.mark.thorough
@pytest.mark.parametrize("rule", ["fresh", "held"])
def test_coverage_is_ninety_five_percent(rule: str) -> None:
    count = 1_500
    for hits, error in returning.held(rule, count).values():
        assert returning.ASKED[0] <= hits / count <= returning.ASKED[1]
        assert abs(error) < 0.002
