"""The early proxy: an event by a part of the horizon, and how much it says of the outcome."""

from dataclasses import dataclass

import numpy as np

from truerisk.measurement.vintages.history import History


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """``y`` and ``m`` (n,): the event by ``age`` (in horizons) and what was expected of it.

    ``correlation`` is φ of y and the outcome over mature rows, weighted by R/π; where it cannot be
    measured, ``status`` says why.
    """

    age: float
    y: np.ndarray
    m: np.ndarray
    correlation: float | None
    status: str


def proxy(so_far: History, age: float) -> Proxy:
    """Whether each row had its event by ``age``; only rows that old can be asked.

    m is that of the outcome times the share of events that came so early, which is as good as any
    that did not see the row: the correction term is exact.
    """
    y = (so_far.event & (so_far.end <= age)).astype(float)
    weight = so_far.weight * so_far.mature
    total, events, soon = weight.sum(), weight @ so_far.rows.y, weight @ y
    m = so_far.guess.event * (soon / events if events else 0.0)
    if not (soon > 0 and events < total):
        why = f"the correlation with the outcome is not measured: {int(soon)} mature rows had it"
        return Proxy(age=age, y=y, m=m, correlation=None, status=why)
    a, b = soon / total, events / total
    together = weight @ (y * so_far.rows.y) / total
    phi = (together - a * b) / np.sqrt(a * (1 - a) * b * (1 - b))
    return Proxy(age=age, y=y, m=m, correlation=float(phi), status="ok")
