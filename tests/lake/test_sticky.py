"""Rows of the older rule get the chance they had; rows with a draw of their own keep theirs."""

import numpy as np
import pandas as pd
import pytest

from truerisk.lake.sticky import with_chances_held

DAY = pd.Timestamp("2025-03-14", tz="UTC")  # a window of 90 days began on the 13th


def older(*rows: tuple[str, int, float, bool]) -> pd.DataFrame:
    """(subject, days after DAY, π, drawn) as an older ledger holds them."""
    made = []
    for subject, days, pi, drawn in rows:
        action = "approve" if drawn or pi == 0 else "decline"
        reveal = pi or 1.0
        p = {"approve": reveal, "decline": 1 - reveal}
        made.append(
            {
                "subject": subject,
                "as_of": DAY + pd.Timedelta(days=days),
                "action": action,
                "explored": drawn,
                "exploration_rate": pi,
                "propensity": p[action],
                "p_reveal": reveal,
                **{f"p_{a}": v for a, v in p.items()},
            }
        )
    return pd.DataFrame(made)


def held(*rows: tuple[str, int, float, bool]) -> list[float]:
    return with_chances_held(older(*rows))["p_reveal"].round(6).tolist()


def test_after_misses_and_hits_the_chance_is_that_of_what_is_left() -> None:
    assert held(("a", 0, 0.2, False), ("a", 9, 0.3, False)) == [0.2, 0.125]
    assert held(("a", 0, 0.2, False), ("a", 9, 0.1, False)) == [0.2, 0.0]
    assert held(("a", 0, 0.2, True), ("a", 9, 0.3, True)) == [0.2, 1.0]
    assert held(("a", 0, 0.2, True), ("a", 9, 0.1, False)) == [0.2, 0.5]
    both = [("a", 0, 0.1, False), ("a", 1, 0.4, True), ("a", 2, 0.2, False), ("a", 3, 0.3, True)]
    assert held(*both) == [0.1, 0.333333, 0.333333, 0.5]


def test_other_subjects_windows_and_certain_rows_say_nothing() -> None:
    rows = [("a", 0, 0.2, False), ("b", 1, 0.3, False), ("a", 89, 0.3, False), ("a", 2, 0.0, False)]
    assert held(*rows) == [0.2, 0.3, 0.3, 1.0]


def test_probabilities_of_the_actions_move_along() -> None:
    rows = with_chances_held(
        older(("a", 0, 0.2, False), ("a", 9, 0.6, True), ("a", 12, 0.4, False))
    )
    np.testing.assert_allclose(rows["p_approve"], [0.2, 0.5, 0.5])
    np.testing.assert_allclose(rows["p_decline"], [0.8, 0.5, 0.5])
    np.testing.assert_allclose(rows["propensity"], [0.8, 0.5, 0.5])
    np.testing.assert_allclose(rows["exploration_rate"], [0.2, 0.5, 0.5])


def test_rows_in_any_order_count_in_that_of_time() -> None:
    rows = older(("a", 9, 0.3, False), ("a", 0, 0.2, False))
    assert with_chances_held(rows)["p_reveal"].round(6).tolist() == [0.125, 0.2]
    assert with_chances_held(rows.set_index(pd.Index([5, 5])))["p_reveal"].iloc[0] < 0.2


def test_rows_with_a_draw_of_their_own_are_as_they_are() -> None:
    rows = older(("a", 0, 0.2, False), ("a", 9, 0.3, False), ("a", 12, 0.4, False))
    rows["exploration_u"] = [np.nan, np.nan, 0.9]
    assert with_chances_held(rows)["p_reveal"].round(6).tolist() == [0.2, 0.125, 0.4]
    fresh = rows.assign(exploration_u=0.9)
    assert with_chances_held(fresh) is fresh


def test_a_contradiction_is_another_salts() -> None:
    """A hit at .1 after a miss at .2 cannot be of one draw: what came before says nothing."""
    assert held(("a", 0, 0.2, False), ("a", 1, 0.1, True), ("a", 2, 0.3, True)) == [0.2, 0.1, 1.0]


def test_against_a_million_draws() -> None:
    """The formula is the share of draws that fall below π, among those that fell as these did."""
    u = np.random.default_rng(0).random(1_000_000)
    pis = [0.15, 0.5, 0.25, 0.35]
    falls = [u < pi for pi in pis]
    seen = [False, True, False, True]
    among = np.ones(len(u), dtype=bool)
    chance = held(*[("a", i, pi, hit) for i, (pi, hit) in enumerate(zip(pis, seen))])
    for fell, hit, c in zip(falls, seen, chance):
        assert c == pytest.approx(fell[among].mean(), abs=0.005)
        among &= fell == hit
