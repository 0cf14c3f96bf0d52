"""One figure with its interval as a row of a tidy frame, or the reason why there is none."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.measurement.estimate import SMALL
from truerisk.measurement.gamma import gamma_interval
from truerisk.measurement.status import Reason
from truerisk.measurement.worth.action_values import ActionValues
from truerisk.statistics.influence import Value
from truerisk.statistics.interval import (
    LEVEL,
    Z,
    bootstrap_t,
    cluster_sums,
    se_of,
    share_interval,
    two_way_se,
    wald,
)

COLUMNS = (
    "figure", "at", "value", "low", "high", "unit", "n", "explored_labels",
    "share_not_identified", "status",
)  # fmt: skip
NO_NUMBER = "withheld: undefined on these rows (the weights near this point do not add up)"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """``of(a, b)`` gives a Value from the weights, per row of ``ActionValues``.

    ``share``: θ lies in (0, 1). ``daily``: days vary too. ``classes``: it needs
    events and others. ``scale`` multiplies what is printed.
    """

    name: str
    unit: str
    of: Callable[[np.ndarray, np.ndarray], Value]
    at: float | None = None
    share: bool = False
    daily: bool = False
    classes: bool = False
    scale: float = 1.0


def settled(s: ActionValues, figure: Figure) -> dict:
    """The figure as a row: value, low and high (95%), or null with a status that says why.

    Where an approved outcome was not seen the interval holds its worst cases on both sides.
    """
    row: dict = {
        "figure": figure.name,
        "at": figure.at,
        **dict.fromkeys(("value", "low", "high")),
        "unit": figure.unit,
        "n": len(s),
        "explored_labels": int((s.rows.seen & (s.rows.chance < 1)).sum()),
        "share_not_identified": s.lost,
        "status": (s.alike if figure.classes else s.trouble) or s.note,
    }
    if row["status"] != s.note:
        return row
    base = figure.of(s.a, s.b)
    low, high = _interval(s, figure, base)
    if not np.isfinite([base.theta, low, high]).all():
        return row | {"status": NO_NUMBER}
    unknown = s.rows.unseen & (base.slope != 0)
    if unknown.any():
        for side, y in ((0, base.slope < 0), (1, base.slope > 0)):
            supposed = s.supposing(y.astype(float))
            end = _interval(supposed, figure, figure.of(supposed.a, supposed.b))[side]
            low, high = (min(low, end), high) if side == 0 else (low, max(high, end))
        bounds = Reason.UNSEEN.status(n=int(unknown.sum()))
        row["status"] = bounds if s.note == "ok" else f"{s.note}; {bounds}"
    value, low, high = (float(v * figure.scale) for v in (base.theta, low, high))
    return row | {"value": value, "low": low, "high": high}


def table(rows: Iterable[dict]) -> pd.DataFrame:
    """Rows of ``settled`` as a tidy frame with nulls, never NaN."""
    numbers = ("at", "value", "low", "high")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(numbers, "Float64"))


def per_application(
    s: ActionValues, name: str, of: Callable, at: float | None = None, classes: bool = False
) -> list[dict]:
    """Dollars per application, and per day where the log has as_of."""
    row = settled(
        s, Figure(name=name, unit="dollars per application", of=of, at=at, classes=classes)
    )
    if "as_of" not in s.frame or not len(s):
        return [row]
    daily = {k: row[k] and row[k] * len(s) / s.days for k in ("value", "low", "high")}
    return [row, {**row, **daily, "figure": f"{name}_a_day", "unit": "dollars a day"}]


def _interval(s: ActionValues, figure: Figure, found: Value) -> tuple[float, float]:
    """Few events by their counts; else logit for shares and Wald, bootstrap-t with few labels.

    With days as clusters Student's t, as they are few.
    """
    if not np.isfinite(found.theta) or not np.isfinite(found.influence).all():
        return np.nan, np.nan
    z = Z
    if figure.daily:
        from scipy.special import stdtrit

        z = float(stdtrit(s.days - 1, 0.975))

    def variance(rest: np.ndarray) -> float:
        if figure.daily:
            return (two_way_se(rest, s.rows.cluster, s.day) * len(s)) ** 2
        sums = s.rows.sums(rest)
        return float(sums @ sums)

    counted = gamma_interval(
        found.theta, found.influence, found.slope, s.labels, LEVEL, z, variance
    )
    if counted is not None:
        low, high = np.clip(counted, 0, 1) if figure.share else counted
        return float(low), float(high)
    if figure.daily:
        se = two_way_se(found.influence, s.rows.cluster, s.day)
    elif s.explored < SMALL:
        return bootstrap_t(found.theta, cluster_sums(found.influence, s.rows.cluster), len(s))
    else:
        se = se_of(s.rows.sums(found.influence), len(s))
    return (share_interval if figure.share else wald)(found.theta, se, z)
