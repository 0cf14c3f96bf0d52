"""What a policy earned: exact where realised, else at assumed dollars with their sensitivity."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.columns import chance_of
from truerisk.errors import LogError
from truerisk.measurement.evidence.alike import policy_of
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.worth.action_values import ActionValues, Sides, action_values
from truerisk.measurement.worth.figure import COLUMNS, Figure, settled, table
from truerisk.statistics import influence
from truerisk.statistics.influence import Value
from truerisk.statistics.threads import one_thread

BOOKED = "exact: realised"
SWING = 0.2


@one_thread
def policy_dollars(
    log: Log | Evidence,
    policy: pd.DataFrame | None = None,
    features: Sequence[str] = (),
    known: ActionValues | None = None,
) -> pd.DataFrame:
    """Dollars per application of the policy that ran, or of a changed one.

    As run and with ``realised_value`` (dollars, on every mature row): Σ realised_value / n applied,
    exact for these applications, without an interval. Else at assumed dollars,
    Σ_a d_a[v_a1·ỹ + v_a0(1 − ỹ)] / n, and four more rows with every loss (dollars below 0) or every
    margin (above 0) × .8 and × 1.2. ``policy`` holds a probability per action, rows as in the log;
    ``known`` are the log's action values, where they were made before.
    Rows: policy_dollars, losses_down, losses_up, margins_down, margins_up. Raises LogError.
    """
    evidence = evidence_of(log, features)
    log = evidence.log
    if policy is None and "realised_value" in log and log["realised_value"].notna().any():
        return _realised(evidence)
    s = action_values(evidence, features) if known is None else known
    p = _probabilities(s, evidence, policy)
    rows = []
    for name, loss, margin in (
        ("policy_dollars", 1.0, 1.0),
        ("losses_down", 1 - SWING, 1.0),
        ("losses_up", 1 + SWING, 1.0),
        ("margins_down", 1.0, 1 - SWING),
        ("margins_up", 1.0, 1 + SWING),
    ):
        row = settled(
            s, Figure(name=name, unit="dollars per application", of=_of(_total(s, p, loss, margin)))
        )
        if row["value"] is not None:
            note = "at assumed dollars"
            row["status"] = note if row["status"] == "ok" else f"{note}; {row['status']}"
        rows.append(row)
    return table(rows)


def _realised(evidence: Evidence) -> pd.DataFrame:
    mature = evidence.log[evidence.mature]
    missing = int(mature["realised_value"].isna().sum())
    if missing or mature.empty:
        raise LogError(
            f"The log's realised_value is null in {missing:,} of {len(mature):,} mature rows; give "
            "every application its dollars (0 where nothing was earned), or leave the column out."
        )
    value = float(mature["realised_value"].mean())
    row = dict.fromkeys(COLUMNS) | {
        "figure": "policy_dollars", "value": value, "unit": "dollars per application",
        "n": len(mature), "explored_labels": 0, "share_not_identified": 0.0,
        "status": BOOKED,
    }  # fmt: skip
    return table([row])


def _probabilities(
    s: ActionValues, evidence: Evidence, policy: pd.DataFrame | None
) -> dict[str, np.ndarray]:
    if policy is None:
        return {k: s.frame[chance_of(k)].to_numpy(dtype=float) for k in s.value}
    mature = policy_of(evidence.log, policy, list(s.value), "The policy", evidence.mature)
    return {k: mature[k].to_numpy()[s.frame.index.to_numpy()] for k in s.value}


def _total(s: ActionValues, p: dict[str, np.ndarray], loss: float, margin: float) -> Sides:
    one, zero = (
        sum(p[k] * np.where(v[side] < 0, loss, margin) * v[side] for k, v in s.value.items())
        for side in (0, 1)
    )
    return np.asarray(one), np.asarray(zero)


def _of(v: Sides):  # type: ignore[no-untyped-def]
    def of(a: np.ndarray, b: np.ndarray) -> Value:
        return influence.dollars(a, b, v[0], v[1])

    return of
