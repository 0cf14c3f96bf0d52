"""measure(): every estimate beside its naive twin, with intervals, counts and populations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement import metrics
from truerisk.measurement.interval import clustered_se, share_interval, wald
from truerisk.measurement.log import Rows, action_names, mature_rows
from truerisk.measurement.metrics import Value
from truerisk.measurement.outcome_model import cross_fit
from truerisk.measurement.pseudo import ESTIMATORS, Pseudo

LEAST_EXPLORED = 30
AS_RUN = "as run"

Interval = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Metric:
    """A metric over the rows of one group; ``policy`` names the policy or model it speaks of."""

    name: str
    policy: str | None
    of: Callable[[Rows, Pseudo, np.ndarray], Value]  # the mask says which rows of the group
    interval: Interval
    bounded: bool = True  # worst cases over unknown outcomes say something


def measure(
    log: pd.DataFrame,
    features: Sequence[str] | None = None,
    policies: Mapping[str, pd.DataFrame] | None = None,
    rivals: Mapping[str, np.ndarray] | None = None,
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Event rate, AUC and dollars of the policy that ran and of changed ones, for everyone.

    ``log`` has a row per application (columns in log.py). ``features`` names columns of it that
    the outcome model may use beside the score. ``policies`` holds changed policies: name → frame
    of one probability per action, rows as in the log; ``rivals`` other scores of the same rows,
    whose AUC is compared pairwise. ``by`` names columns whose groups are measured as well.

    Returns a tidy frame: group_by, group, metric, policy, estimator (naive, ipw, dr), population
    (revealed, eligible, all), value, low, high (95%), n, effective_n, labels, explored_labels,
    largest_weight, share_not_identified, status. Dollars are per application. Where status is not
    "ok" it says why a value is missing or only bounded. Raises LogError for a log that cannot be
    measured and for an AUC over one class.
    """
    rows = mature_rows(log)
    mature = log["mature"].to_numpy(dtype=bool)
    m = cross_fit(rows, list(features or []))
    offered = {AS_RUN: None, **(policies or {})} if action_names(rows.frame) else {}
    if policies and not offered:
        raise LogError(
            "The log holds no dollars, so no policy can be valued; add value_<action>_if_event "
            "and value_<action>_if_no_event."
        )
    worth = {
        name: _worth(rows, None if p is None else p.loc[mature].reset_index(drop=True))
        for name, p in offered.items()
    }
    scores = {name: np.asarray(s, dtype=float)[mature] for name, s in (rivals or {}).items()}
    found = list(_group(rows, m, worth, scores, "", ""))
    for column in by:
        for group in sorted(rows.frame[column].dropna().unique(), key=str):
            mask = rows.frame[column].eq(group).to_numpy()
            part = {name: (v[0][mask], v[1][mask]) for name, v in worth.items()}
            some = {name: s[mask] for name, s in scores.items()}
            found += _group(rows.where(mask), m[mask], part, some, column, str(group))
    return pd.DataFrame(found).astype(
        {c: "Float64" for c in ("value", "low", "high", "effective_n", "largest_weight")}
    )


def _worth(rows: Rows, policy: pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """A policy's expected dollars per row if the event happens and if not, each of shape (n,).

    Σ_a d_a·v_a with d_a the policy's probability of action a, never the draw.
    """
    total = np.zeros(len(rows)), np.zeros(len(rows))
    for action in action_names(rows.frame):
        given = rows.frame[f"p_{action}"] if policy is None else policy[action]
        for side, ending in zip(total, ("if_event", "if_no_event")):
            side += given.to_numpy(dtype=float) * rows.frame[f"value_{action}_{ending}"].to_numpy()
    return total


def _group(
    rows: Rows,
    m: np.ndarray,
    worth: Mapping[str, tuple[np.ndarray, np.ndarray]],
    scores: Mapping[str, np.ndarray],
    column: str,
    group: str,
) -> Iterator[dict]:
    """All metrics of one group by all estimators."""
    for metric in _metrics(worth, scores):
        for estimator in ESTIMATORS:
            for population in ("revealed",) if estimator == "naive" else ("eligible", "all"):
                found = _estimate(rows, m, metric, estimator, population, whole=not column)
                yield {"group_by": column, "group": group, **found}


def _metrics(
    worth: Mapping[str, tuple[np.ndarray, np.ndarray]], scores: Mapping[str, np.ndarray]
) -> Iterator[Metric]:
    yield Metric("event_rate", None, lambda r, p, _: metrics.event_rate(p.a, p.b), share_interval)
    yield Metric("auc", None, lambda r, p, _: metrics.auc(p.a, p.b, r.score), share_interval, False)
    for name, values in worth.items():
        yield Metric("policy_value", name, _dollars(values), wald)
        if name != AS_RUN:
            ran = worth[AS_RUN]
            gain = values[0] - ran[0], values[1] - ran[1]
            yield Metric("policy_gain", name, _dollars(gain), wald)
    for name, other in scores.items():
        yield Metric("auc_gain", name, _auc_gain(other), wald, False)


def _dollars(values: tuple[np.ndarray, np.ndarray]) -> Callable[[Rows, Pseudo, np.ndarray], Value]:
    def of(rows: Rows, p: Pseudo, kept: np.ndarray) -> Value:
        return metrics.dollars(p.a, p.b, values[0][kept], values[1][kept])

    return of


def _auc_gain(other: np.ndarray) -> Callable[[Rows, Pseudo, np.ndarray], Value]:
    """AUC of the other score minus AUC of the log's: paired, on the same pseudo-labels."""

    def of(rows: Rows, p: Pseudo, kept: np.ndarray) -> Value:
        new, old = metrics.auc(p.a, p.b, other[kept]), metrics.auc(p.a, p.b, rows.score)
        influence, slope = new.influence - old.influence, new.slope - old.slope
        return Value(new.theta - old.theta, influence, slope)

    return of


def _estimate(
    rows: Rows, m: np.ndarray, metric: Metric, estimator: str, population: str, whole: bool
) -> dict:
    eligible, naive = rows.pi > 0, estimator == "naive"
    kept = {"revealed": rows.seen, "eligible": eligible, "all": np.ones(len(rows), bool)}[population]
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
    trouble = _trouble(part, eligible, naive, metric, effective(weight[explored]), whole)
    if trouble:
        return found | {"status": trouble}
    unknown = np.zeros(len(part), bool) if naive else part.unseen | (part.pi == 0)
    base = _value(part, guess, metric, estimator, kept, part.seen, part.y)
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


def _trouble(
    part: Rows, eligible: np.ndarray, naive: bool, metric: Metric, explored: float, whole: bool
) -> str:
    """Why no number may be printed, or '' when one may."""
    if not naive and not eligible.any():
        return "not identified: no application had a logged chance to be revealed"
    labels = int(part.seen.sum())
    if labels < 2:
        return f"withheld: {labels} outcomes are seen"
    if metric.name.startswith("auc") and len(np.unique(part.y[part.seen])) < 2:
        if whole:
            raise LogError(
                f"AUC needs both outcomes, and all {labels:,} revealed outcomes are "
                f"{int(part.y[part.seen][0])}."
            )
        return f"withheld: all {labels} seen outcomes are alike"
    if not naive and (part.pi[part.pi > 0] < 1).any() and explored < LEAST_EXPLORED:
        return (
            f"withheld: {explored:.0f} explored labels (effective), {LEAST_EXPLORED} are needed"
        )
    return ""


def effective(weight: np.ndarray) -> float:
    """Kish's effective number, (Σw)² / Σw², 0 for no weight."""
    total = float((weight**2).sum())
    return float(weight.sum() ** 2 / total) if total else 0.0
