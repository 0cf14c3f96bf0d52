"""Flags above a threshold, a share or a daily capacity, with the threshold's own variance."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.measurement import worlds
from truerisk.errors import LogError
from truerisk.measurement.evidence.pseudo import Pseudo
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.measure import measure
from truerisk.measurement.metrics import cutoff
from truerisk.measurement.options import Flagging
from truerisk.statistics.interval import clustered_se, two_way_se

Row = Callable[..., pd.Series]


def rows(score: np.ndarray, day: np.ndarray | None = None) -> Rows:
    n = len(score)
    no, one = np.zeros(n, bool), np.ones(n)
    day = np.zeros(n, int) if day is None else day
    return Rows(
        score=score,
        pi=one,
        seen=~no,
        y=one,
        walked=no,
        lost=no,
        unseen=no,
        cluster=np.arange(n),
        day=day,
    )


def labels(n: int, seed: int) -> tuple[Rows, Pseudo]:
    rng = np.random.default_rng(seed)
    score = worlds.sigmoid(-2 + 1.2 * rng.normal(size=n))
    seen = rng.random(n) < 0.4
    y = (rng.random(n) < score).astype(float)
    a = 0.15 + seen / 0.4 * (y - 0.15)
    return rows(score), Pseudo(a, 1 - a, seen / 0.4)


def test_counts_equal_those_of_a_sorted_table() -> None:
    rng = np.random.default_rng(0)
    score, y = rng.permutation(1_000) / 1_000, (rng.random(1_000) < 0.2).astype(float)
    r, p = rows(score), Pseudo(y, 1 - y, np.ones(1_000))
    top = np.argsort(-score)[:100]
    for flags in (cutoff.at_share(score, 0.1), cutoff.at_threshold(score, 0.9)):
        assert flags.f.sum() == 100
        assert cutoff.recall(r, p, flags).theta == pytest.approx(y[top].sum() / y.sum())
        assert cutoff.precision(r, p, flags).theta == pytest.approx(y[top].mean())
        wrong = 1 - y[top]
        rate = cutoff.false_positive_rate(r, p, flags).theta
        assert rate == pytest.approx(wrong.sum() / (1 - y).sum())
        assert cutoff.false_positives(r, p, flags).theta == pytest.approx(wrong.sum() / 1_000)


def test_equal_scores_share_the_last_places() -> None:
    score = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    assert cutoff.at_share(score, 0.4).f == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0])
    day = np.array([0, 0, 1, 1, 1])
    assert cutoff.per_day(score, day, 1).f == pytest.approx([1, 0, 0.5, 0.5, 0])
    assert cutoff.per_day(score, day, 9).f == pytest.approx(np.ones(5))


def test_those_near_the_cutoff_are_the_nearest_by_rank() -> None:
    """Each row looked at by itself: what is left for its score, and how far off its rank is."""
    rng = np.random.default_rng(2)
    for n in (1, 2, 3, 10, 57, 400):
        for most in (1, 3, 10**9):
            score = rng.integers(0, most, n) / most
            for share in (1e-9, 0.04, 1 / 3, 0.5, 0.999, 1.0):
                found = cutoff.at_share(score, share)
                above = (score > score[:, None]).sum(axis=1)
                alike = (score == score[:, None]).sum(axis=1)
                assert (found.f == np.clip((share * n - above) / alike, 0, 1)).all()
                rank = above + alike / 2
                last = np.sort(rank)[max(int(np.ceil(share * n)) - 1, 0)]
                far = np.abs(rank - last)
                reach = np.sort(far)[max(int(n**cutoff.NEIGHBOURS), 1) - 1]
                assert found.near is not None and (found.near == np.flatnonzero(far <= reach)).all()


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["recall", "precision", "false_positive_rate"])
def test_the_error_at_a_share_is_that_of_resampling_with_the_threshold(metric: str) -> None:
    """The bootstrap finds the threshold anew each time; a fixed one has another error."""
    of = getattr(cutoff, metric)
    r, p = labels(2_000, 5)
    found = of(r, p, cutoff.at_share(r.score, 0.15))
    se = clustered_se(found.influence, r.cluster)
    rng, thetas = np.random.default_rng(1), []
    for _ in range(400):
        i = rng.integers(0, 2_000, 2_000)
        again, q = rows(r.score[i]), Pseudo(p.a[i], p.b[i], p.w[i])
        thetas.append(of(again, q, cutoff.at_share(again.score, 0.15)).theta)
    assert se == pytest.approx(np.std(thetas), rel=0.12)


def test_whom_a_recall_flags_holds_that_share_of_the_events() -> None:
    rng = np.random.default_rng(3)
    for scores in (7, 40, 10**6):
        score, y = rng.integers(0, scores, 500) / scores, (rng.random(500) < 0.3).astype(float)
        r, p = rows(score), Pseudo(y, 1 - y, np.ones(500))
        for recall in (0.01, 0.5, 0.8, 0.99):
            flags = cutoff.at_recall(r.ranking, p.a, recall)
            assert cutoff.recall(r, p, flags).theta == pytest.approx(recall)
            lowest = score[flags.f > 0].min()
            assert (flags.f[score > lowest] == 1).all()
            wrong = cutoff.false_positives(r, p, flags).theta * 500
            least, most = (((score > lowest) * (1 - y)).sum(), ((score >= lowest) * (1 - y)).sum())
            assert least <= wrong + 1e-9 and wrong - 1e-9 <= most
    none = cutoff.at_recall(r.ranking, np.zeros(500), 0.5)
    p = Pseudo(np.zeros(500), np.ones(500), np.ones(500))
    assert np.isnan(cutoff.precision(r, p, none).theta)


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["precision", "false_positives"])
def test_the_error_at_a_recall_is_that_of_many_worlds(metric: str) -> None:
    """Taking the threshold as given misjudges it."""
    thetas, ours, fixed = [], [], []
    of = getattr(cutoff, metric)
    for seed in range(300):
        r, p = labels(2_000, seed)
        flags = cutoff.at_recall(r.ranking, p.a, 0.6)
        found = of(r, p, flags)
        thetas.append(found.theta)
        ours.append(clustered_se(found.influence, r.cluster))
        fixed.append(clustered_se(of(r, p, cutoff.Flags(flags.f)).influence, r.cluster))
    assert np.mean(ours) == pytest.approx(np.std(thetas), rel=0.1)
    assert abs(np.mean(fixed) / np.std(thetas) - 1) > 0.2


@pytest.mark.slow
def test_taking_the_threshold_as_given_misjudges_precision_at_a_share() -> None:
    """What the design warns of: over 300 worlds the fixed-threshold error is wrong by a tenth."""
    thetas, ours, fixed = [], [], []
    for seed in range(300):
        r, p = labels(2_000, seed)
        flags = cutoff.at_share(r.score, 0.15)
        found = cutoff.recall(r, p, flags)
        thetas.append(found.theta)
        ours.append(clustered_se(found.influence, r.cluster))
        bare = cutoff.recall(r, p, cutoff.Flags(flags.f))
        fixed.append(clustered_se(bare.influence, r.cluster))
    assert np.mean(ours) == pytest.approx(np.std(thetas), rel=0.08)
    assert abs(np.mean(fixed) / np.std(thetas) - 1) > 0.03
    assert abs(np.mean(fixed) - np.std(thetas)) > 1.5 * abs(np.mean(ours) - np.std(thetas))


def test_days_that_differ_widen_the_interval_of_a_daily_capacity(row: Row) -> None:
    """Some days bring bad applications: clustered by subject alone the interval is too narrow."""
    log = worlds.draw(7, n=6_000, pi=0.4)
    order = np.argsort(log["p"].to_numpy() + np.random.default_rng(0).normal(0, 0.05, 6_000))
    day = np.empty(6_000, int)
    day[order] = np.arange(6_000) // 100
    as_of = pd.Timestamp("2026-03-01 12:00", tz="UTC") + pd.to_timedelta(day, unit="D")
    found = measure(log.assign(as_of=as_of), flagging=Flagging(capacities=[20]))
    one = row(found, "precision", at="20 a day")
    assert one["status"] == "ok"
    r = rows(log["score"].to_numpy(), day)
    m = log["m"] + log["revealed"] / log["p_reveal"] * (log["event"].fillna(0) - log["m"])
    p = Pseudo(m.to_numpy(), 1 - m.to_numpy(), np.ones(6_000))
    value = cutoff.precision(r, p, cutoff.per_day(r.score, day, 20))
    assert one["value"] == pytest.approx(value.theta)
    alone = clustered_se(value.influence, r.cluster)
    assert two_way_se(value.influence, r.cluster, day) > 1.3 * alone


def test_a_capacity_per_day_needs_days() -> None:
    with pytest.raises(LogError, match='no column "as_of", which a capacity per day needs'):
        measure(worlds.draw(0, n=600), flagging=Flagging(capacities=[5]))
