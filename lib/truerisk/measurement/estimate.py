"""One estimate: a metric over one group's rows, by one estimator, for one population."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from truerisk.measurement.interval import clustered_se
from truerisk.measurement.log import Rows
from truerisk.measurement.metrics import Value
from truerisk.measurement.pseudo import ESTIMATORS, Pseudo

LEAST_EXPLORED = 30

Interval = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Metric:
    """A metric over the rows of one group; ``policy`` names the policy or model it speaks of."""

    name: str
    policy: str | None
    of: Callable[[Rows, Pseudo, np.ndarray], Value]  # the mask says which rows of the group
    interval: Interval
    bounded: bool = True  # worst cases over unknown outcomes say something


def estimate(rows: Rows, m: np.ndarray, metric: Metric, estimator: str, population: str) -> dict:
    """The estimate as a row of measure()'s result.

    Outcomes that nobody could have seen (π = 0), or that an approval should have shown and did
    not, are taken at their worst on both sides: the interval then holds all of them.
    """
    eligible, naive = rows.pi > 0, estimator == "naive"
    kept = {"revealed": rows.seen, "eligible": eligible, "all": np.ones(len(rows), bool)}[
        population
    ]
    part, guess = rows.where(kept), m[kept]
    weight = np.divide(part.seen, part.pi, out=np.zeros(len(part)), where=part.pi > 0)
    if naive:
        weight = part.seen.astype(float)
    explored = part.seen & (part.pi > 0) & (part.pi < 1)
    lost = float(1 - eligible.mean()) if population == "all" else 0.0
    found = {
        "metric": metric.name,
        "policy": metric.policy,
        "estimator": estimator,
        "population": population,
        "value": None,
        "low": None,
        "high": None,
        "n": len(part),
        "effective_n": effective(weight),
        "labels": int(part.seen.sum()),
        "explored_labels": int(explored.sum()),
        "largest_weight": float(weight.max(initial=0)),
        "share_not_identified": lost,
        "status": "ok",
    }
    trouble = _trouble(part, eligible, naive, metric, effective(weight[explored]))
    if trouble:
        return found | {"status": trouble}
    unknown = np.zeros(len(part), bool) if naive else part.unseen | (part.pi == 0)
    base = _value(part, guess, metric, estimator, kept, part.seen, part.y)
    if not np.isfinite(base.theta):
        return found | {"status": "withheld: undefined on these rows (no weight, or null dollars)"}
    se = clustered_se(base.influence, part.cluster)
    low, high = metric.interval(base.theta, se)
    unknown &= base.slope != 0
    value: float | None = base.theta
    if unknown.any():
        blank = part.pi == 0
        if (unknown & blank).any():
            share = f"{float((unknown & blank).mean()):.1%}"
            found["status"] = f"not identified: {share} had no chance to be revealed"
            if not metric.bounded or estimator == "ipw":
                return found
            value = None
        else:
            found["status"] = f"bounded: {int(unknown.sum()):,} approved outcomes were not seen"
        seen = part.seen | (unknown & ~blank)
        worst = np.where(unknown, base.slope < 0, part.y).astype(float)
        best = np.where(unknown, base.slope > 0, part.y).astype(float)
        for y, side in ((worst, 0), (best, 1)):
            end = _value(part, guess, metric, estimator, kept, seen, y)
            reach = metric.interval(end.theta, clustered_se(end.influence, part.cluster))[side]
            low, high = (min(low, reach), high) if side == 0 else (low, max(high, reach))
    return found | {"value": value, "low": low, "high": high}


def _value(
    part: Rows,
    m: np.ndarray,
    metric: Metric,
    estimator: str,
    kept: np.ndarray,
    seen: np.ndarray,
    y: np.ndarray,
) -> Value:
    return metric.of(part, ESTIMATORS[estimator](part, m, y, seen), kept)


def _trouble(part: Rows, eligible: np.ndarray, naive: bool, metric: Metric, explored: float) -> str:
    """Why no number may be printed, or '' when one may."""
    if not naive and not eligible.any():
        return "not identified: no application had a logged chance to be revealed"
    labels = int(part.seen.sum())
    if labels < 2:
        return f"withheld: {labels} outcomes are seen"
    if (part.cluster == part.cluster[0]).all():
        return f"withheld: all {len(part)} applications are of one subject"
    if metric.name.startswith("auc") and len(np.unique(part.y[part.seen])) < 2:
        return f"withheld: all {labels} seen outcomes are alike"
    whole = int(explored + 1e-9)
    if not naive and (part.pi[part.pi > 0] < 1).any() and whole < LEAST_EXPLORED:
        return f"withheld: {whole} explored labels (effective), {LEAST_EXPLORED} are needed"
    return ""


def effective(weight: np.ndarray) -> float:
    """Kish's effective number, (Σw)² / Σw², 0 for no weight."""
    total = float((weight**2).sum())
    return float(weight.sum() ** 2 / total) if total else 0.0
