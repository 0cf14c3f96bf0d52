"""Few explored events: the interval of counts, against an oracle and against worlds of known truth.

``few.py`` has the worlds; docs/truth.md their table.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.measurement import few, worlds
from truerisk.measurement import estimate
from truerisk.measurement.estimate import estimates
from truerisk.measurement.evidence import outcome_model
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.pseudo import dr
from truerisk.measurement.evidence.rows import Rows
from truerisk.measurement.gamma import FEW, Labels, Reach
from truerisk.measurement.measure import measure
from truerisk.measurement.metrics import requested_metrics
from truerisk.measurement.options import Flagging


def dr_rows(found: pd.DataFrame) -> pd.DataFrame:
    kept = found["estimator"].eq("dr") & found["population"].eq("all")
    return found[kept & found["policy"].isna() & found["at"].isna()].set_index("metric")


def limits(c: np.ndarray, u: np.ndarray, cluster: np.ndarray) -> tuple[float, float, float]:
    """Σcu and its limits: a count of x, each worth the same, has limits χ²/2 (Garwood)."""
    if not c.any():
        return 0.0, 0.0, 0.0
    total = float(c @ u)
    squares = float((pd.Series(c * u).groupby(cluster).sum() ** 2).sum())
    gap = float((c**2).sum() / c.sum())
    low = 0.0
    if total:
        worth = squares / total
        low = worth * stats.chi2.ppf(0.025, 2 * total / worth) / 2
    worth = (squares + gap**2) / (total + gap)
    return total, low, worth * stats.chi2.ppf(0.975, 2 * (total + gap) / worth) / 2


def by_hand(log: pd.DataFrame, h: np.ndarray, known: np.ndarray) -> tuple[float, float]:
    """Interval of a mean Σ(known + h·ỹ)/n, written out (measurement.md, "few explored events")."""
    pi, m, seen = (log[c].to_numpy() for c in ("p_reveal", "m", "revealed"))
    y = log["event"].fillna(0.0).to_numpy()
    subject = log["subject"].to_numpy()
    weight, explored = seen / pi, seen & (pi < 1)
    each = known + h * (m + weight * (y - m))
    theta, n = each.mean(), len(log)
    plain = known + h * np.where(explored | ~seen, m, y) - theta
    rate = (weight * y)[explored].sum() / weight[explored].sum()
    draw = (explored * (1 - pi) / pi**2 * h**2 * (m - rate) ** 2).sum()
    down = up = stats.norm.ppf(0.975) ** 2 * (
        (pd.Series(plain).groupby(subject).sum() ** 2).sum() + draw
    )
    for sign in (1, -1):
        c = np.maximum(sign * h, 0) * weight * explored
        total, low, high = limits(c, y, subject)
        ends = (total - low, high - total)
        down, up = down + ends[sign < 0] ** 2, up + ends[sign > 0] ** 2
    return theta - np.sqrt(down) / n, theta + np.sqrt(up) / n


@pytest.mark.parametrize("draws", few.DRAWS)
@pytest.mark.parametrize("repeats", [1, 3])
def test_intervals_of_few_events_are_the_oracles(draws: str, repeats: int) -> None:
    log = few.draw(3, 0.03, 90, few.DRAWS[draws], "approved")
    log["subject"] = np.arange(len(log)) // repeats
    found = dr_rows(measure(log.drop(columns=["x", "risk"])))
    s, ones = log["score"].to_numpy(), np.ones(len(log))
    for metric, h, known in (
        ("event_rate", ones, 0 * ones),
        ("calibration_error", ones, -s),
        ("brier", 1 - 2 * s, s**2),
        ("log_loss", np.log1p(-s) - np.log(s), -np.log1p(-s)),
    ):
        low, high = by_hand(log, h, known)
        row = found.loc[metric]
        assert (row["low"], row["high"]) == pytest.approx((low, high), rel=1e-9), metric


def test_with_no_explored_event_the_upper_end_is_that_of_a_count_of_none() -> None:
    """45 of 3,000 declined explored, none with the event: up to 1 − .025^(1/45) of them may."""
    log = few.draw(0, 0.015, 45, 0.0, "approved")
    explored = log["revealed"] & (log["p_reveal"] < 1)
    log.loc[explored, "event"] = 0.0
    row = dr_rows(measure(log)).loc["event_rate"]
    share, exact = (log["p_reveal"] < 1).mean(), 1 - 0.025 ** (1 / explored.sum())
    assert share * exact < row["high"] < 1.4 * share * exact + 0.01


@pytest.mark.slow
def test_with_few_nonevents_they_are_what_counts() -> None:
    log = few.draw(1, 0.03, 120, 0.0, "true").drop(columns=["x", "risk"])
    turned = log.assign(event=1 - log["event"], m=1 - log["m"], score=1 - log["score"])
    few_events, few_others = dr_rows(measure(log)), dr_rows(measure(turned))
    for metric in ("event_rate", "brier"):
        one, other = few_events.loc[metric], few_others.loc[metric]
        if metric == "event_rate":
            one = 1 - one[["high", "low"]]
        assert list(other[["low", "high"]]) == pytest.approx(
            list(one[["high", "low"]] if metric == "event_rate" else one[["low", "high"]])
        )


def test_many_events_have_the_usual_interval() -> None:
    log = worlds.draw(0, pi=0.4)
    row = dr_rows(measure(log)).loc["calibration_error"]
    assert row["high"] - row["value"] == pytest.approx(row["value"] - row["low"], rel=1e-9)


def test_rare_events_among_the_approved_alone_are_counted_too() -> None:
    """Everybody approved, three events in 2,000: Garwood's interval of three."""
    n = 2_000
    event = np.where(np.arange(n) < 3, 1.0, 0.0)
    log = pd.DataFrame(
        {"subject": np.arange(n), "mature": True, "score": 0.01, "p_reveal": 1.0,
         "revealed": True, "event": event}
    )  # fmt: skip
    found = measure(log)
    for estimator in ("naive", "ipw", "dr"):
        own = found[found["estimator"].eq(estimator) & found["metric"].eq("event_rate")]
        low, high = stats.chi2.ppf([0.025, 0.975], [6, 8]) / 2 / n
        assert own["low"].tolist() == pytest.approx([low] * len(own), rel=1e-3)
        assert own["high"].tolist() == pytest.approx([high] * len(own), rel=1e-3)


@pytest.mark.parametrize("events", [4, 6])
def test_what_contrasts_events_with_others_needs_five_of_each(events: int) -> None:
    log = few.draw(2, 0.03, 120, 0.0, "true").drop(columns=["x", "risk"])
    explored = np.flatnonzero(log["revealed"] & (log["p_reveal"] < 1))
    log.loc[explored, "event"] = np.where(np.arange(len(explored)) < events, 1.0, 0.0)
    found = measure(log, flagging=Flagging(shares=[0.2]))
    kept = found[found["estimator"].eq("dr") & found["population"].eq("all")]
    for metric in ("auc", "ks", "recall"):
        row = kept[kept["metric"].eq(metric)].iloc[0]
        if events < 5:
            assert row["status"] == "withheld: 4 explored events (effective), 5 are needed"
        else:
            assert row["status"] == "ok" or "says nothing" in row["status"]
    assert kept[kept["metric"].eq("event_rate")]["value"].notna().all()


def test_the_slope_of_every_metric_is_its_derivative() -> None:
    """What few events move is read from it: by finite differences of the pseudo-labels."""
    log = worlds.draw(4, n=3_000, pi=0.5)
    known = evidence_of(log)
    frame, rows = known.frame, known.rows
    p = dr(rows, outcome_model.guesses(frame, rows, []))
    every = [
        *requested_metrics.quality(),
        *requested_metrics.flagged(Flagging(thresholds=[0.2], shares=[0.15])),
    ]
    for metric in every:
        if metric.name == "ks":
            continue
        base = metric.of(rows, p)
        for i in (0, 17):
            moved = _moved(metric, rows, p, i)
            assert base.slope[i] == pytest.approx(moved, rel=2e-2, abs=2e-3), metric.name


def _moved(metric, rows: Rows, p, i: int) -> float:  # type: ignore[no-untyped-def]
    step = np.zeros(len(rows))
    step[i] = 1e-5
    ends = [metric.of(rows, replace(p, a=p.a + k * step, b=p.b - k * step)) for k in (1, -1)]
    return float(len(rows) * (ends[0].theta - ends[1].theta) / 2e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "labels"), [(0.005, 120), (0.03, 60)])
def test_rare_worlds_hold_the_truth(rate: float, labels: int) -> None:
    seen = few.cell(rate, labels, "towards low risks", "approved", 60)
    for metric in few.NAMES:
        row = seen.loc[metric, "dr"]
        least = stats.binom.ppf(1e-4, row["worlds"], 0.95) / row["worlds"]
        assert row["held"] >= least, metric


@pytest.mark.slow
def test_a_normal_interval_fails_where_the_counted_one_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The mutant: no interval of counts, as if many events had been seen."""
    monkeypatch.setattr(estimate, "gamma_interval", lambda *_: None)
    seen = few.cell(0.015, 60, "even", "approved", 60).loc["event_rate", "dr"]
    assert seen["held"] < 0.8


@pytest.mark.thorough
@pytest.mark.parametrize("rate", few.RATES)
@pytest.mark.parametrize("labels", few.LABELS)
def test_every_cell_of_rare_worlds_holds_the_truth(rate: float, labels: int) -> None:
    for draws, m in product(few.DRAWS, ("true", "approved")):
        seen = few.cell(rate, labels, draws, m, 300)
        for (metric, estimator), row in seen.iterrows():
            asked = 0.93 if metric == "event_rate" else 0.92
            least = stats.binom.ppf(1e-3, row["worlds"], asked) / row["worlds"]
            assert row["held"] >= least, (draws, m, metric, estimator)
        assert seen.loc[("event_rate", "dr"), "wider"] <= 3


def test_estimates_of_few_labels_have_both_estimators() -> None:
    known = evidence_of(few.draw(0, 0.03, 60, 0.0, "true"))
    frame, rows = known.frame, known.rows
    found = list(
        estimates(
            rows, outcome_model.guesses(frame, rows, []), list(requested_metrics.quality())[:1]
        )
    )
    ends = {row["estimator"]: (row["low"], row["high"]) for row in found}
    assert ends["ipw"] == pytest.approx(ends["dr"], rel=0.15)


def test_what_is_plenty_without_adding_up_clusters_is_plenty() -> None:
    """And heavy tails, of which the largest weighs more than a thousandth, are seen to be."""
    said = skipped = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        n = int(rng.choice([100, 400, 3_000, 20_000]))
        cluster = rng.integers(0, n, n)
        labels = Labels(
            w=1 / rng.uniform(0.02, 1, n),
            y=(rng.random(n) < rng.choice([0.1, 0.5])) * 1.0,
            m=None,
            explored=np.arange(n),
            sure=np.arange(0),
            cluster=cluster,
            largest=int(np.bincount(cluster).max()),
        )
        h = rng.lognormal(0, rng.choice([0.0, 1.5]), n)
        if labels.plenty(labels.explored, h):
            said += 1
            assert min(labels.counts(labels.explored, h)) >= FEW
        x, reach = labels.w * h, Reach()
        for k in np.array_split(np.arange(n), 50):
            if reach.ample(labels.largest):
                reach.skip(float(x[k].max()))
            else:
                reach.add(x[k], labels.y[k])
        skipped += reach.more
        if reach.plenty(labels.largest):
            assert min(labels.counts(labels.explored, h)) >= FEW
    assert said > 20 and skipped > 10
