"""A log is held to its own chances, wherever it is measured."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.evidence.draws import check_draws, draws
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.fairness import fairness
from truerisk.measurement.measure import measure
from truerisk.measurement.vintages.vintages import vintages
from truerisk.measurement.watching.watch import watch
from truerisk.measurement.worth.policy_dollars import policy_dollars

BEGIN = pd.Timestamp("2026-01-05", tz="UTC")
HORIZON = pd.Timedelta(days=30)


def log_of(seed: int = 0, n: int = 3_000) -> pd.DataFrame:
    """Three months of draws as logged, all mature, with a group."""
    log = worlds.draw(seed, n=n)
    days = np.sort(np.random.default_rng(seed).random(n)) * 85
    as_of = BEGIN + pd.to_timedelta(days, unit="D").round("s")
    followed = pd.Series(as_of + HORIZON).where(log["revealed"])
    happened = log["event"].eq(1)
    return log.assign(
        as_of=as_of,
        sex=np.where(log["u"] > 0, "f", "m"),
        followed_until=followed,
        event_at=followed.where(happened),
    )


def all_revealed(log: pd.DataFrame) -> pd.DataFrame:
    """Every declined is logged at its chance, and every one was revealed."""
    shown = worlds.reveal(log, np.ones(len(log), bool))
    followed = shown["as_of"] + HORIZON
    return shown.assign(followed_until=followed, event_at=followed.where(shown["event"].eq(1)))


KNOWN_AT = BEGIN + pd.Timedelta(days=120)
VERBS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "measure": measure,
    "vintages": lambda log: vintages(log, HORIZON, KNOWN_AT),
    "watch": lambda log: watch(log, {}),
    "fairness": lambda log: fairness(log, "sex"),
    "worth": policy_dollars,
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_log_whose_draws_cannot_be_its_own_is_refused_by_every_verb(verb: str) -> None:
    log = log_of()
    VERBS[verb](log)
    declined = int((log["p_reveal"] < 1).sum())
    expected = declined * worlds.PI
    said = rf"of {declined:,} applications .* {declined:,} were drawn and {expected:,.1f} expected"
    for given in (all_revealed(log), all_revealed(log).drop(columns=["action"])):
        if "action" not in given:
            given = given.drop(columns=[c for c in given if c.startswith(("p_a", "p_d"))])
        with pytest.raises(LogError, match=rf"{said} \(p = [0-9e.-]+, and so in 3 more groups\)"):
            VERBS[verb](given if verb != "worth" else all_revealed(log))


def test_the_young_count_too() -> None:
    """Only rows that are not mature yet were drawn otherwise than logged."""
    log = log_of(1)
    young = log["as_of"] > BEGIN + pd.Timedelta(days=54)
    action = log["action"].mask(young & (log["p_reveal"] < 1), "decline")
    shown = log["revealed"] & ~young
    wrong = log.assign(mature=~young, action=action, revealed=shown, event=log["y"].where(shown))
    with pytest.raises(LogError, match=r"of month 2026-03 .* 0 were drawn"):
        measure(wrong)
    fair = wrong.assign(action=log["action"])
    assert len(measure(fair))
    untold = wrong.drop(columns=["action", *(c for c in log if c.startswith(("p_a", "value")))])
    assert len(measure(untold)), "what is not revealed yet says nothing of a draw"


def test_what_came_after_the_draw_is_no_part_of_it() -> None:
    """Half of the explored are taken back by hand, walk away or are lost."""
    log = log_of(2)
    explored = log.index[log["revealed"] & (log["p_reveal"] < 1)]
    half = log.index.isin(explored[::2])
    gone = log.assign(revealed=log["revealed"] & ~half, event=log["event"].mask(half))
    for changed in (
        gone.assign(override=np.where(half, "decline", None)),
        gone.assign(status=np.where(half, "not_taken", "followed")),
        gone.assign(status=np.where(half, "lost", "followed")),
        gone,
    ):
        assert evidence_of(changed).doubts == evidence_of(log).doubts
    plain = gone.drop(columns=["action", "p_approve", "p_decline"])
    assert not evidence_of(plain.assign(status=np.where(half, "lost", "followed"))).doubts
    with pytest.raises(LogError, match="draws are not those"):
        _ = evidence_of(plain).doubts


@pytest.mark.parametrize("dated", [True, False])
def test_who_returns_is_who_came_before(dated: bool) -> None:
    """Times in any order, equal ones as the rows lie, unknown ones last; subjects of any name."""
    rng = np.random.default_rng(4)
    log = log_of(n=500).assign(subject=[f"s{k}" for k in rng.integers(0, 150, 500)])
    when = log["as_of"].dt.floor("7D").sample(frac=1, random_state=1).array
    log = log.assign(as_of=pd.Series(when).mask(rng.random(500) < 0.05))
    given = log if dated else log.drop(columns="as_of")
    ordered = log.sort_values("as_of", kind="stable", na_position="last") if dated else log
    later = ordered["subject"].duplicated().reindex(log.index)
    chance = log["p_reveal"].between(0, 1, inclusive="neither")
    rows = {d.group: d.rows for d in draws(given, ["approve"])}
    assert rows["returning",] == (later & chance).sum() > 0
    assert rows["first",] == (~later & chance).sum() > 0


def test_a_sticky_draw_is_found_among_the_returning() -> None:
    """Half of the missed come again with a higher π, which the same u meets too rarely."""
    rng = np.random.default_rng(3)
    u = rng.random(3_000)
    first = pd.DataFrame({"subject": np.arange(3_000), "p_reveal": 0.25, "u": u})
    again = first[(u >= 0.25) & (np.arange(3_000) % 2 == 0)].assign(p_reveal=0.3)
    log = pd.concat([first, again], ignore_index=True)
    log = log.assign(
        as_of=BEGIN + pd.to_timedelta([0] * 3_000 + [9] * len(again), unit="D"),
        action=np.where(log["u"] < log["p_reveal"], "approve", "decline"),
    )
    found = {d.group: d for d in draws(log, ["approve"])}
    assert found[("returning",)].p < 1e-15 and found[("first",)].p > 1e-3
    with pytest.raises(LogError, match=rf"of {len(again):,} returning applications with"):
        check_draws(log, ["approve"])


@pytest.mark.parametrize("kind", ["arm", "exploration_entry"])
def test_arms_and_entries_are_looked_at_by_themselves(kind: str) -> None:
    """One draws too often and the other too rarely; together they are as logged."""
    rng = np.random.default_rng(4)
    group = np.tile(["one", "other"], 2_000)
    hit = rng.random(4_000) < np.where(group == "one", 0.13, 0.27)
    log = pd.DataFrame({"subject": np.arange(4_000), "p_reveal": 0.2, kind: group})
    log["action"] = np.where(hit, "approve", "decline")
    with pytest.raises(LogError, match=rf"of {kind.replace('_', ' ')} o\w+ with"):
        check_draws(log, ["approve"])
    assert not check_draws(log.drop(columns=kind), ["approve"])


def test_an_arm_is_held_to_its_own_chance_and_no_mixture() -> None:
    rng = np.random.default_rng(5)
    wide = np.tile([True, False], 2_000)
    own = np.where(wide, 0.4, 0.1)
    log = pd.DataFrame(
        {
            "subject": np.arange(4_000),
            "p_reveal": 0.25,
            "arm": np.where(wide, "wide", "strict"),
            "experiment": "cutoff",
            "arm_p_reveal": own,
            "action": np.where(rng.random(4_000) < own, "approve", "decline"),
        }
    )
    assert not check_draws(log, ["approve"])
    assert [d.group for d in draws(log, ["approve"])][1] == ("arm", "strict", "cutoff")


def test_small_counts_take_poissons_tail_and_large_ones_the_normal() -> None:
    def p(n: int, hits: int, pi: float) -> float:
        log = pd.DataFrame({"subject": np.arange(n), "p_reveal": pi})
        log["action"] = np.where(np.arange(n) < hits, "approve", "decline")
        return draws(log, ["approve"])[0].p

    assert p(100, 12, 0.05) == pytest.approx(2 * stats.poisson.sf(11, 5))
    assert p(100, 0, 0.05) == pytest.approx(2 * stats.poisson.cdf(0, 5))
    assert p(100, 5, 0.05) == 1.0
    assert p(1_000, 250, 0.2) == pytest.approx(2 * stats.norm.sf(50 / np.sqrt(160)))


def test_doubts_are_said_between_the_two_levels() -> None:
    """p of .01 and 1e-4, divided by the groups: 1 here."""
    log = pd.DataFrame({"subject": np.arange(1_000), "p_reveal": 0.2})
    for z, said in ((2.3, 0), (2.8, 1), (3.7, 1)):
        hits = 200 + round(z * np.sqrt(160))
        log["action"] = np.where(np.arange(1_000) < hits, "approve", "decline")
        found = check_draws(log, ["approve"])
        assert len(found) == said
        assert all(f"{hits} were drawn and 200.0 expected" in s for s in found)
    log["action"] = np.where(np.arange(1_000) < 200 + 4 * np.sqrt(160), "approve", "decline")
    with pytest.raises(LogError):
        check_draws(log, ["approve"])


def test_certain_rows_and_logs_without_a_chance_are_no_draws() -> None:
    log = pd.DataFrame({"subject": range(4), "p_reveal": [0, 1, None, 1.0], "action": "approve"})
    assert draws(log, ["approve"]) == []
    assert check_draws(log.iloc[:0], ["approve"]) == []


@pytest.mark.slow
def test_honest_logs_are_hardly_ever_doubted_and_never_refused() -> None:
    """A doubt in 1% of logs, whatever the number of groups."""
    rng, doubted, n = np.random.default_rng(6), 0, 1_500
    log = pd.DataFrame({"subject": rng.integers(0, 900, n)})
    log["as_of"] = BEGIN + pd.to_timedelta(rng.random(n) * 200, unit="D")
    log["p_reveal"] = rng.choice([0.01, 0.05, 0.2, 0.4], n)
    for _ in range(60):
        log["action"] = np.where(rng.random(n) < log["p_reveal"], "approve", "decline")
        doubted += bool(check_draws(log, ["approve"]))
    assert doubted <= stats.binom.ppf(0.999, 60, 0.01)
