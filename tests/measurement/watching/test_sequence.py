"""Sequences that are looked at weekly hold in 95% of years; Wald intervals do not."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import optimize, stats

from tests.measurement.watching import years
from tests.measurement.watching.years import (
    ever_missed,
    misses_by_heart,
    misses_by_row,
    weeks_to_see,
    year,
)
from truerisk.measurement.watching.sequence import (
    confidence_sequence,
    half_width,
    rho_squared,
    units_of,
)
from truerisk.statistics.influence import ratio
from truerisk.statistics.interval import Z, clustered_se

slow = pytest.mark.slow
FEW = 12_000  # as many explored labels among fewer approved ones: as wide, and five times cheaper


def rarely(missed: list[bool]) -> bool:
    """No more often than 999 of 1,000 sets of 5% draws would."""
    return sum(missed) <= stats.binom.ppf(0.999, len(missed), 0.05)


def often(missed: list[bool]) -> bool:
    """So often that 5% draws would do it once in ten million."""
    return sum(missed) > stats.binom.ppf(1 - 1e-7, len(missed), 0.05)


def every(of: Callable[[int], bool], count: int) -> list[bool]:
    return [of(seed) for seed in range(count)]


def test_the_half_width_is_the_published_boundary() -> None:
    """The form in which the authors' R package drconfseq writes it (std_conjmix_margin)."""
    t, rho2, alpha = np.array([5.0, 100.0, 4_000.0]), rho_squared(300, 0.05), 0.05
    margin = np.sqrt(2 * (t * rho2 + 1) * np.log(np.sqrt(t * rho2 + 1) / alpha) / (t**2 * rho2))
    np.testing.assert_allclose(half_width(2.0 / np.sqrt(t), t, 300, alpha), 2.0 * margin)


@pytest.mark.parametrize("alpha", [0.05, 0.025])
def test_the_sequence_is_narrowest_at_t_star(alpha: float) -> None:
    def half(t_star: float) -> float:
        return float(half_width(np.array([1.0]), np.array([100.0]), t_star, alpha)[0])

    best = optimize.minimize_scalar(half, bounds=(10, 1_000), method="bounded")
    assert half(100) < 1.002 * best.fun


def test_running_values_are_those_of_each_prefix() -> None:
    """Subjects return within a week and in later weeks; weeks differ in size and in their mean."""
    rng, n = np.random.default_rng(0), 900
    week = np.sort(rng.choice(6, n, p=[0.05, 0.3, 0.1, 0.25, 0.1, 0.2]))
    cluster = rng.integers(0, 250, n)
    denominator = rng.uniform(0.5, 1.5, n)
    numerator = (
        denominator * (0.2 + 0.1 * week) + rng.normal(size=n) + rng.normal(size=250)[cluster]
    )
    found = confidence_sequence(numerator, denominator, units_of(cluster, week), 0.05, 4.0, first=1)
    units = [len(set(zip(cluster[week <= w], week[week <= w], strict=True))) for w in range(6)]
    assert found.units.tolist() == units[1:]
    assert found.t_star == units[1] / 2 * 4
    for i, w in enumerate(range(1, 6)):
        k = week <= w
        value = ratio(numerator[k], denominator[k], np.ones(k.sum()))
        se = clustered_se(value.influence, cluster[k])
        assert found.value[i] == pytest.approx(value.theta)
        assert found.se[i] == pytest.approx(se)
        half = half_width(np.array([se]), np.array([units[w]]), found.t_star, 0.05)[0]
        assert (found.low[i], found.high[i]) == pytest.approx(
            (value.theta - half, value.theta + half)
        )


def test_the_shown_weeks_do_not_change_when_others_follow() -> None:
    rng = np.random.default_rng(0)
    week = np.sort(rng.integers(0, 20, 2_000))
    x, ones, cluster = rng.normal(size=2_000), np.ones(2_000), rng.integers(0, 900, 2_000)
    whole = confidence_sequence(x, ones, units_of(cluster, week), 0.025, 26, 3)
    k = week < 9
    part = confidence_sequence(x[k], ones[k], units_of(cluster[k], week[k]), 0.025, 26, 3)
    np.testing.assert_allclose(part.low, whole.low[:6])
    np.testing.assert_allclose(part.high, whole.high[:6])


def test_the_world_is_the_one_the_targets_speak_of() -> None:
    log = year(0)
    assert (log.pi < 1).mean() == pytest.approx(0.27, abs=0.005)
    assert (log.seen & (log.pi < 1)).sum() == pytest.approx(320, abs=60)
    many = year(1, n=300_000)
    assert many.y.mean() == pytest.approx(years.event_rate(), abs=0.0025)


@pytest.mark.slow
@slow
@pytest.mark.parametrize("m", ["good", "poor"])
def test_52_weekly_looks_hold_the_truth_in_95_of_100_years(m: str) -> None:
    assert rarely(every(lambda s: ever_missed(year(s, n=FEW, m=m)), 300))


@pytest.mark.slow
@slow
def test_so_they_do_with_ten_times_the_labels_where_the_first_look_comes_early() -> None:
    assert rarely(every(lambda s: ever_missed(year(s, n=FEW, explored=3_000)), 150))


@pytest.mark.slow
@slow
def test_wald_intervals_looked_at_weekly_fail() -> None:
    assert often(every(lambda s: ever_missed(year(s, n=FEW), wald=True), 150))


@pytest.mark.slow
@slow
def test_an_outcome_model_refitted_on_the_rows_own_outcome_fails() -> None:
    assert often(every(misses_by_heart, 25))


@pytest.mark.slow
@slow
@pytest.mark.parametrize("name", ["four times in a week", "four times in nine weeks"])
def test_subjects_that_return_are_one_and_their_rows_taken_singly_fail(name: str) -> None:
    world = years.WORLDS[f"subjects {name}"] | {"n": FEW}
    assert rarely(every(lambda s: ever_missed(year(s, **world)), 150))
    assert often(every(lambda s: misses_by_row(year(s, **world)), 60))


def test_the_sequence_is_at_most_1_7_times_as_wide_as_wald_from_week_13() -> None:
    for seed in range(5):
        first, found = years.scopes(log := year(seed, n=FEW), log.pseudo)[0]
        width = (found.high - found.low) / (2 * Z * found.se)
        assert (width[12 - first :] <= 1.7).all()
        assert (width >= 1.65).all()


@pytest.mark.slow
@slow
def test_a_shift_is_seen_within_a_quarter_by_those_whose_outcomes_all_come() -> None:
    """A +.05 shift in everyone's risk, at a quarter's beginning: the target is 80 of 100."""

    def seen(seed: int) -> bool:
        log = year(seed, shift=0.05, at=26)
        return weeks_to_see(log, 26, "calibration_error_approved") <= years.QUARTER

    assert np.mean(every(seen, 25)) >= 0.95


@pytest.mark.slow
@slow
def test_the_event_rate_alone_needs_480_explored_labels_a_year_for_that() -> None:
    """With 320 even one look at the quarter's end could not: z = .05 / .015 against 2.7."""

    def seen(explored: int) -> float:
        logs = (year(s, shift=0.05, at=26, explored=explored) for s in range(80))
        return float(np.mean([weeks_to_see(log, 26) <= years.QUARTER for log in logs]))

    assert 0.35 < seen(320) < 0.75
    assert seen(480) > 0.7


def test_before_the_shift_the_approved_raise_no_alarm() -> None:
    log = year(3, shift=0.05, at=26)
    early = log.where(log.week < 26)
    assert weeks_to_see(early, 0, "calibration_error_approved") == np.inf
