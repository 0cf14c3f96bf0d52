"""Worlds in which events are rare and explored labels few; ``python tests/measurement/few.py 1000``
prints docs/truth.md's table.

A quarter of 3,000 applications lie above the cutoff and are explored, ``labels`` of them on
average; ``rate`` is their event rate. The draw is even, or favours low or high risks.
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd

from truerisk.measurement.estimate import estimates
from truerisk.measurement.evidence import outcome_model
from truerisk.measurement.evidence.evidence import evidence_of
from truerisk.measurement.evidence.outcomes import Outcome
from truerisk.measurement.metrics import policies, requested_metrics
from truerisk.statistics.interval import Z

N = 3_000
RATES = (0.005, 0.015, 0.03, 0.1)
LABELS = (36, 60, 120, 200)
DRAWS = {"even": 0.0, "towards low risks": -0.8, "towards high risks": 0.8}
NAMES = ("event_rate", "calibration_error", "brier", "policy_value")
CUTOFF, LEAN = 0.6745, 0.6  # a quarter of a normal score lies above; log-risk by score


def draw(seed: int, rate: float, labels: int, lean: float, m: str) -> pd.DataFrame:
    """A log; ``m`` is ``true``, or what the approved look like (``approved``)."""
    rng = np.random.default_rng(seed)
    x, amount = rng.normal(size=N), rng.lognormal(0, 0.6, N)
    risk = risks(x, rate)
    declined = x > CUTOFF
    taste = np.exp(lean * (x - CUTOFF)) * declined
    pi = np.where(declined, np.clip(labels * taste / max(taste.sum(), 1), 0.01, 0.9), 1.0)
    y, shown = rng.random(N) < risk, rng.random(N) < pi
    return pd.DataFrame(
        {
            "subject": np.arange(N),
            "mature": True,
            "score": np.clip(risk * 0.8, 1e-4, 0.9),
            "p_reveal": pi,
            "p_approve": pi,
            "p_decline": 1 - pi,
            "revealed": shown,
            "event": np.where(shown, y, np.nan),
            "action": np.where(shown, "approve", "decline"),
            "value_approve_if_event": -0.65 * amount,
            "value_approve_if_no_event": 0.13 * amount,
            "value_decline_if_event": 0.0,
            "value_decline_if_no_event": 0.0,
            "m": risk if m == "true" else np.full(N, risk[~declined].mean()),
            "x": x,
            "risk": risk,
        }
    )


def risks(x: np.ndarray, rate: float) -> np.ndarray:
    """P(event | x), on average ``rate`` above the cutoff."""
    return np.clip(np.exp(LEAN * x) * rate / _lift(), 0, 0.95)


@cache
def _lift() -> float:
    x = np.random.default_rng(1).normal(size=1_000_000)
    return float(np.exp(LEAN * x[x > CUTOFF]).mean())


def changed(log: pd.DataFrame) -> pd.DataFrame:
    """Another policy: half of those above the cutoff are approved as well."""
    approve = (log["x"] < 1.15).astype(float)
    return pd.DataFrame({"approve": approve, "decline": 1 - approve})


@cache
def truth(rate: float) -> dict[str, float]:
    log = draw(999, rate, 100, 0.0, "true")
    many = np.random.default_rng(2).normal(size=2_000_000)
    p, s = risks(many, rate), np.clip(risks(many, rate) * 0.8, 1e-4, 0.9)
    mean_amount = np.exp(0.6**2 / 2)
    assert log["risk"].between(0, 0.95).all()
    return {
        "event_rate": p.mean(),
        "calibration_error": (p - s).mean(),
        "brier": (s**2 - 2 * s * p + p).mean(),
        "policy_value": mean_amount * ((0.13 - 0.78 * p) * (many < 1.15)).mean(),
    }


def metrics() -> list:
    change = policies.values({policies.AS_RUN: None, "wider": None})  # type: ignore[dict-item]
    every = [*requested_metrics.quality(), *change]
    return [m for m in every if m.name in NAMES and m.policy in (None, "wider")]


def measured(log: pd.DataFrame) -> pd.DataFrame:
    """DR and IPW of everyone, by metric."""
    known = evidence_of(log)
    frame, rows = known.frame, known.rows
    offered = {**policies.offered(frame, None), "wider": changed(log)}
    rows = rows.adding(policies.columns(frame, offered, Outcome(), ["approve"]))
    found = estimates(rows, outcome_model.guesses(frame, rows, []), metrics())
    return pd.DataFrame(row for row in found if row["population"] == "all")


def cell(rate: float, labels: int, draws: str, m: str, worlds: int) -> pd.DataFrame:
    """Per metric and estimator how many worlds have a number, in how many of them the interval
    holds the truth, and its median width over that of a normal one at the true rates."""
    found = []
    for seed in range(worlds):
        log = draw(seed, rate, labels, DRAWS[draws], m)
        found.append(measured(log).assign(normal=_normal(log)))
    every = pd.concat(found).dropna(subset=["low"])
    true = every["metric"].map(truth(rate))
    every["held"] = (every["low"] <= true) & (true <= every["high"])
    every["wider"] = (every["high"] - every["low"]) / every["normal"]
    by = every.groupby(["metric", "estimator"])
    return by.agg(worlds=("held", "size"), held=("held", "mean"), wider=("wider", "median"))


def _normal(log: pd.DataFrame) -> float:
    """Width of a normal interval of the event rate that knew the risks."""
    p, m, pi = (log[c].to_numpy() for c in ("risk", "m", "p_reveal"))
    spread = p.var() + (p * (1 - p)).mean() + ((1 - pi) / pi * (p * (1 - p) + (p - m) ** 2)).mean()
    return float(2 * Z * np.sqrt(spread / len(log)))


def table(worlds: int) -> Iterator[str]:
    yield "| events | labels | draw | m | event rate holds | IPW | width | dollars hold | Brier |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for rate in RATES:
        for labels in LABELS:
            for draws in DRAWS:
                for m in ("true", "approved"):
                    seen = cell(rate, labels, draws, m, worlds)
                    held, wider = seen["held"], seen.loc[("event_rate", "dr"), "wider"]
                    yield (
                        f"| {rate:.1%} | {labels} | {draws} | {m} "
                        f"| {held['event_rate', 'dr']:.1%} | {held['event_rate', 'ipw']:.1%} "
                        f"| {wider:.2f} | {held['policy_value', 'dr']:.1%} "
                        f"| {held['brier', 'dr']:.1%} |"
                    )


if __name__ == "__main__":
    for line in table(int(sys.argv[1])):
        print(line, flush=True)
