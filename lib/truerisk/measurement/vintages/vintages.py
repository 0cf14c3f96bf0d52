"""The vintage table: what matured, what is forecast of the immature, and an early sign of it."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.vintages.history import history
from truerisk.measurement.vintages.table import Table
from truerisk.statistics.threads import one_thread
from truerisk.wording.lists import one_of

UNITS = {"month": "M", "quarter": "Q", "week": "W"}


@one_thread
def vintages(
    log: Log | Evidence,
    horizon: timedelta | str,
    known_at: object,
    features: Sequence[str] = (),
    unit: str = "month",
    proxy_age: float = 0.3,
) -> pd.DataFrame:
    """The event rate of everyone who applied, by calendar month of ``as_of`` (UTC).

    ``log`` as ``measure`` takes it, with ``as_of``, and for immature rows ``event_at`` and
    ``followed_until`` (vintages/history.py); ``horizon`` is that of the outcome, ``known_at`` the
    instant of the log, ``unit`` month, quarter or week, ``proxy_age`` a share of the horizon.

    A row per vintage and ``kind``:

    - ``matured``: doubly robust, rows with as_of + horizon <= known_at only.
    - ``completed``, where rows are immature: a **forecast**, mean of m + (R/π)(E[y | history] − m),
      with E by the hazards of a row's decision stratum, closing as a competing end. ``low`` and
      ``high`` hold 95% of the vintage's superpopulation, the error of the hazards included, and
      hazards from now on of 0.7 to 1.5 times the past ones. Withheld where ``completion``,
      F(age)/F(horizon), is below 0.3. Never alert on it.
    - ``early``: the share with the event by ``proxy_age``, of rows old enough; ``correlation`` is
      φ of that and the outcome, measured on mature rows. It is a sign of the outcome, not the
      outcome.

    Columns: vintage (its first instant, UTC), kind, forecast, value, low, high, n (rows that had a
    chance to be revealed and are old enough), immature, labels (outcomes known), explored_labels,
    share_not_identified, completion, timing_moved (null where untested), timing (words),
    correlation, status. Where ``status`` is not "ok" it says why a value is missing, bounded or of
    part of the vintage. Raises LogError for a log that cannot be measured.
    """
    if unit not in UNITS:
        raise LogError(f'A vintage cannot be a "{unit}"; unit is {one_of(UNITS)}.')
    if not 0 < proxy_age < 1:
        raise LogError(f"proxy_age is {proxy_age}; it is a share of the horizon, between 0 and 1.")
    span, known = pd.Timedelta(horizon), pd.Timestamp(known_at)  # type: ignore[arg-type]
    known = known.tz_localize("UTC") if known.tzinfo is None else known.tz_convert("UTC")
    table = Table(history(log, span, known, features), span, proxy_age)
    period = table.so_far.as_of.dt.tz_localize(None).dt.to_period(UNITS[unit])
    found = []
    for at, rows in period.groupby(period).indices.items():
        first = at.start_time.tz_localize("UTC")
        mask = np.zeros(len(period), dtype=bool)
        mask[rows] = True
        found += [{"vintage": first, **row} for row in table.of(mask)]
    shares = ("value", "low", "high", "share_not_identified", "completion", "correlation")
    return pd.DataFrame(found).astype(
        dict.fromkeys(shares, "Float64")
        | {"timing_moved": "boolean", "timing": "str", "vintage": "datetime64[us, UTC]"}
    )
