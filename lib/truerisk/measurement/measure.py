"""measure(): every estimate beside its naive twin, with intervals, counts and populations."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement import metrics
from truerisk.measurement.estimate import Metric, estimate
from truerisk.measurement.interval import share_interval, wald
from truerisk.measurement.log import Rows, action_names, mature_rows
from truerisk.measurement.metrics import Value
from truerisk.measurement.outcome_model import cross_fit
from truerisk.measurement.pseudo import ESTIMATORS, Pseudo

AS_RUN = "as run"


def measure(
    log: pd.DataFrame,
    features: Sequence[str] | None = None,
    policies: Mapping[str, pd.DataFrame] | None = None,
    rivals: Mapping[str, np.ndarray] | None = None,
    thresholds: Sequence[float] = (),
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Event rate, AUC, calibration and dollars, of what ran and of changes to it, for everyone.

    ``log`` has a row per application: ``subject``, ``mature``, ``score``, ``p_reveal``,
    ``revealed``, ``event`` (0/1, null where not seen); for dollars also ``p_<action>`` and
    ``value_<action>_if_event``, ``value_<action>_if_no_event`` (log.py says more). ``features``
    names columns of it that the outcome model may use beside the score. ``policies`` holds changed
    policies: name → frame of one probability per action, rows as in the log; ``rivals`` other
    scores of the same rows, whose AUC is compared pairwise; ``thresholds`` adds the event rate
    below each score. ``by`` names columns whose groups are measured as well.

    Returns a tidy frame: group_by, group, metric, policy, estimator (naive, ipw, dr), population
    (revealed, eligible, all), value, low, high (95%), n, effective_n, labels, explored_labels,
    largest_weight, share_not_identified, status. Quote estimator "dr", population "all", or
    "eligible" where some could not be revealed. Dollars are per application. Where status is not
    "ok" it says why a value is missing or only bounded. Raises LogError for a log that cannot be
    measured.
    """
    frame, rows = mature_rows(log)
    mature = log["mature"].to_numpy(dtype=bool)
    m = frame["m"].to_numpy() if "m" in frame else cross_fit(frame, rows, features or [])
    offered = {AS_RUN: None, **(policies or {})} if action_names(frame) else {}
    if policies and not offered:
        raise LogError(
            "The log holds no dollars, so no policy can be valued; add value_<action>_if_event "
            "and value_<action>_if_no_event."
        )
    worth = {
        name: _worth(frame, None if p is None else p.loc[mature].reset_index(drop=True))
        for name, p in offered.items()
    }
    scores = {name: np.asarray(s, dtype=float)[mature] for name, s in (rivals or {}).items()}
    found = list(_group(rows, m, list(_metrics(worth, scores, thresholds)), "", ""))
    for column in by:
        for group in sorted(frame[column].dropna().unique(), key=str):
            mask = frame[column].eq(group).to_numpy()
            part = {name: (v[0][mask], v[1][mask]) for name, v in worth.items()}
            some = {name: s[mask] for name, s in scores.items()}
            found += _group(
                rows.where(mask), m[mask], list(_metrics(part, some)), column, str(group)
            )
    return pd.DataFrame(found).astype(
        dict.fromkeys(("value", "low", "high", "effective_n", "largest_weight"), "Float64")
    )


def _worth(frame: pd.DataFrame, policy: pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """A policy's expected dollars per row if the event happens and if not, each of shape (n,).

    Σ_a d_a·v_a with d_a the policy's probability of action a, never the draw.
    """
    total = np.zeros(len(frame)), np.zeros(len(frame))
    for action in action_names(frame):
        given = frame[f"p_{action}"] if policy is None else policy[action]
        for side, ending in zip(total, ("if_event", "if_no_event")):
            side += given.to_numpy(dtype=float) * frame[f"value_{action}_{ending}"].to_numpy()
    return total


def _group(
    rows: Rows,
    m: np.ndarray,
    wanted: Sequence[Metric],
    column: str,
    group: str,
) -> Iterator[dict]:
    """All metrics of one group by all estimators."""
    for metric in wanted:
        for estimator in ESTIMATORS:
            for population in ("revealed",) if estimator == "naive" else ("eligible", "all"):
                found = estimate(rows, m, metric, estimator, population)
                yield {"group_by": column, "group": group, **found}


def _metrics(
    worth: Mapping[str, tuple[np.ndarray, np.ndarray]],
    scores: Mapping[str, np.ndarray],
    thresholds: Sequence[float] = (),
) -> Iterator[Metric]:
    yield Metric("event_rate", None, lambda r, p, _: metrics.event_rate(p.a, p.b), share_interval)
    yield Metric("auc", None, lambda r, p, _: metrics.auc(p.a, p.b, r.score), share_interval, False)
    yield Metric("calibration_error", None, _calibration, wald)
    for threshold in thresholds:
        yield Metric("event_rate_below", f"{threshold:g}", _below(threshold), share_interval)
    for name, values in worth.items():
        yield Metric("policy_value", name, _dollars(values), wald)
        if name != AS_RUN:
            ran = worth[AS_RUN]
            gain = values[0] - ran[0], values[1] - ran[1]
            yield Metric("policy_gain", name, _dollars(gain), wald)
    for name, other in scores.items():
        yield Metric("auc_gain", name, _auc_gain(other), wald, False)


def _calibration(rows: Rows, p: Pseudo, kept: np.ndarray) -> Value:
    """Events minus the sum of scores, per application: Σ(a − s(a + b)) / Σ(a + b)."""
    return metrics.ratio(p.a - rows.score * (p.a + p.b), p.a + p.b, np.ones(len(rows)))


def _below(threshold: float) -> Callable[[Rows, Pseudo, np.ndarray], Value]:
    def of(rows: Rows, p: Pseudo, kept: np.ndarray) -> Value:
        f = (rows.score < threshold).astype(float)
        return metrics.ratio(f * p.a, f * (p.a + p.b), f)

    return of


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
