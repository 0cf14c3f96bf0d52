"""Experiments: the mixture holds for a subject's first application, the arm's own afterwards."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.measure import measure

WORLDS = 60
CUTS = np.array([0.10, 0.25])  # an arm approves scores below this
EXPLORED = 0.25


def experiment(seed: int, subjects: int = 3_000) -> pd.DataFrame:
    """Who was declined applies again, and by then is worse: the strict arm sees most of them."""
    rng = np.random.default_rng(seed)
    x, arm = rng.normal(size=subjects), rng.integers(0, 2, subjects)
    visits = []
    back = np.ones(subjects, bool)
    for visit in range(2):
        who = np.flatnonzero(back)
        score = worlds.sigmoid(worlds.BASE + worlds.SLOPE * x[who])
        risk = worlds.sigmoid(worlds.BASE + worlds.SLOPE * x[who] + 1.8 * visit)
        chance = np.where(score[:, None] < CUTS, 1.0, EXPLORED)
        own = chance[np.arange(len(who)), arm[who]]
        revealed = rng.random(len(who)) < own
        y = (rng.random(len(who)) < risk).astype(float)
        visits.append(
            pd.DataFrame(
                {
                    "subject": who,
                    "as_of": pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=30 * visit),
                    "mature": True,
                    "score": score,
                    "experiment": "cutoff",
                    "arm": np.array(["strict", "wide"])[arm[who]],
                    "arm_share": 0.5,
                    "p_reveal": chance.mean(axis=1),
                    "arm_p_reveal": own,
                    "revealed": revealed,
                    "event": np.where(revealed, y, np.nan),
                    "m": 0.1,
                    "risk": risk,
                }
            )
        )
        back[who] = ~revealed
    return pd.concat(visits, ignore_index=True)


@pytest.mark.slow
def test_a_returning_subject_counts_by_its_own_arm() -> None:
    truth = float(experiment(999, 400_000)["risk"].mean())
    held = 0
    for seed in range(WORLDS):
        log = experiment(seed, 10_000)
        one = worlds.event_rate(log)["ipw"]
        held += bool(one["low"] <= truth <= one["high"])
        with pytest.raises(LogError, match=r"returning applications with|draws are not those"):
            worlds.event_rate(log.drop(columns="experiment"))
    assert held >= stats.binom.ppf(0.001, WORLDS, 0.95)


def test_the_first_application_keeps_the_mixture() -> None:
    log = experiment(0)
    frame = evidence_of(log).frame
    first = ~log.duplicated("subject")
    assert (frame.loc[first, "p_reveal"] == log.loc[first, "p_reveal"]).all()
    assert (frame.loc[~first, "p_reveal"] == log.loc[~first, "arm_p_reveal"]).all()
    assert (~first).sum() > 500


@pytest.mark.parametrize("column", ["as_of", "arm", "arm_share", "arm_p_reveal"])
def test_an_experiment_needs_its_columns(column: str) -> None:
    with pytest.raises(LogError, match=f'has an experiment and no column "{column}"'):
        measure(experiment(0, 300).drop(columns=column))


def test_an_arm_that_is_not_known_is_counted() -> None:
    log = experiment(0, 300)
    log.loc[:4, "arm"] = None
    with pytest.raises(LogError, match="arm, arm_share or arm_p_reveal is null in 5 of"):
        measure(log)


def test_a_split_that_lost_subjects_is_refused() -> None:
    """A fifth of one arm's subjects never reached the log."""
    log = experiment(1)
    gone = (log["arm"] == "wide") & (log["subject"] % 5 == 0)
    with pytest.raises(LogError, match=r'"cutoff" fails its ratio test .*of 2,\d+ subjects, 50%'):
        measure(log[~gone].reset_index(drop=True))


@pytest.mark.slow
def test_fair_splits_pass() -> None:
    """Among 100 fair splits the test cries at most once or twice."""
    cries = 0
    for seed in range(100):
        try:
            evidence_of(experiment(seed, 400))
        except LogError:
            cries += 1
    assert cries <= 2
