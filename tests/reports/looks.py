"""Hand-made estimates, and one look at a model's decisions: what the pages are made of."""

import numpy as np
import pandas as pd

from truerisk.monitoring.monitor import Monitor

KNOWN_AT = pd.Timestamp("2026-01-01", tz="UTC")
VALUES = {
    "event_rate": (0.08, 0.16),
    "auc": (0.72, 0.83),
    "calibration_error": (-0.004, 0.011),
    "policy_value": (930.0, 620.0),
    "policy_gain": (-21.0, 12.0),
    "auc_gain": (0.004, 0.012),
    "event_rate_below": (0.05, 0.09),
    "observed_expected": (1.1, 1.4),
    "recall": (0.64, 0.62),
    "swap_share": (0.2, 0.1),
    "swap_event_rate": (0.1, 0.2),
    "swap_gain": (3.0, 5.0),
}
WITHHELD = "withheld: 11 explored labels (effective), 30 are needed"


def rows(metric, policy=None, group_by="", group="", lost=0.0, status="ok", scale=1.0):
    """One metric as measure() returns it; ``status`` other than ok takes all but naive away."""
    found = []
    kinds = [("naive", "revealed")]
    kinds += [(e, p) for e in ("ipw", "dr") for p in ("eligible", "all")]
    for estimator, population in kinds:
        naive = estimator == "naive"
        value = VALUES[metric][0 if naive else 1] * scale
        stated, low, high = "ok", value - abs(value) / 10, value + abs(value) / 8
        if not naive and status != "ok":
            stated, value, low, high = status, None, None, None
        elif population == "all" and lost:
            stated, value = f"not identified: {lost:.1%} had no chance to be revealed", None
            low, high = (low, high) if estimator == "dr" and metric != "auc" else (None, None)
        found.append(
            {
                "group_by": group_by,
                "group": group,
                "metric": metric,
                "policy": policy,
                "at": None,
                "estimator": estimator,
                "population": population,
                "value": value,
                "low": low,
                "high": high,
                "n": 700 if naive else 1_000,
                "effective_n": 300.0,
                "labels": 700,
                "explored_labels": 0 if naive else 60,
                "largest_weight": 1.0 if naive else 50.0,
                "share_not_identified": lost if population == "all" else 0.0,
                "status": stated,
            }
        )
    return found


def frame(parts):
    made = pd.DataFrame([row for part in parts for row in part])
    floats = ("value", "low", "high", "effective_n", "largest_weight")
    return made.astype(dict.fromkeys(floats, "Float64"))


WEEKS = pd.date_range("2025-01-06", periods=8, freq="7D", tz="UTC")
SERIES = {
    "event_rate": 0.16,
    "calibration_error": 0.05,
    "calibration_error_approved": 0.001,
    "brier": 0.12,
    "auc": 0.83,
    "policy_value": 620.0,
    "value_error": -80.0,
}
PROMISED = {
    "event_rate": (0.14, 0.17),
    "auc": (0.80, 0.86),
    "brier": (0.11, 0.13),
    "policy_value": (600.0, 700.0),
    "calibration_error": (-0.02, 0.02),
    "calibration_error_approved": (-0.02, 0.02),
}
FEW = "withheld: 3 explored labels, 50 are needed"
MEANS = "Since approval, events exceed the scores by 5.0 points: at the amounts decided"


def decisions(group="car", explored=True):
    n = 20
    approved = np.arange(n) % 4 != 0
    return pd.DataFrame(
        {
            "as_of": pd.date_range("2025-01-05", periods=n, freq="6D", tz="UTC"),
            "action": np.where(approved, "approve", "decline"),
            "explored": explored & (np.arange(n) % 10 == 1),
            "revealed": approved,
            "mature": np.arange(n) < 18,
            "status": np.where(approved, "followed", "not revealed"),
            "rule": pd.Series([None, "Below legal age", group] + [None] * 17, dtype="str"),
            "exploration_rate": np.where(approved, 0.0, 0.05),
            "exploration_cost": 900.0,
            "policy_version": "p1",
            "model_version": "abc123",
        }
    )


def watched(alert=True, promised=True, burnt_in=True):
    """As watch() returns it: calibration_error alerts, dollars included, from the third week on."""
    found = []
    for i, week in enumerate(WEEKS):
        for name, value in SERIES.items():
            promise = PROMISED.get(name) if promised else None
            for scope in ("since approval", "2025Q1"):
                rings = alert and promise is not None and name == "calibration_error" and i > 2
                half = abs(value) / (2 + i)
                found.append(
                    {
                        "week": week,
                        "series": name,
                        "scope": scope,
                        "value": value if burnt_in else None,
                        "low": value - half if burnt_in else None,
                        "high": value + half if burnt_in else None,
                        "n": 100 * (i + 1) - 50 * (scope == "2025Q1"),
                        "explored_labels": 50 + i,
                        "reference_low": promise and promise[0],
                        "reference_high": promise and promise[1],
                        "alert": rings,
                        "dollars_a_week": -12_345.0 if rings else None,
                        "dollars_at_least": -6_789.0 if rings else None,
                        "means": MEANS if rings else "",
                        "status": "ok"
                        if burnt_in
                        else "withheld: 3 explored labels, 50 are needed",
                    }
                )
    numbers = ["value", "low", "high", "reference_low", "reference_high"]
    numbers += ["dollars_a_week", "dollars_at_least"]
    return pd.DataFrame(found).astype(dict.fromkeys(numbers, "Float64"))


def vintages(moved=False):
    """As vintages() returns it: two months matured, one completed, one too young."""
    found = []
    for i, month in enumerate(pd.date_range("2025-01-01", periods=4, freq="MS", tz="UTC")):
        kinds = ["matured", "early"] if i < 2 else ["matured", "completed", "early"]
        for kind in kinds:
            told = ((kind == "matured") == (i < 2) and i < 3) or kind == "early"
            value = {"matured": 0.16, "completed": 0.17, "early": 0.03}[kind] if told else None
            found.append(
                {
                    "vintage": month,
                    "kind": kind,
                    "forecast": kind == "completed",
                    "value": value,
                    "low": None if value is None else value - 0.02,
                    "high": None if value is None else value + 0.03,
                    "n": 1_000,
                    "immature": 0 if i < 2 else 1_000,
                    "labels": 700,
                    "explored_labels": 40,
                    "share_not_identified": 0.02,
                    "completion": {2: 0.8, 3: 0.2}.get(i) if kind == "completed" else None,
                    "timing_moved": moved if kind == "completed" else None,
                    "timing": "events come 1.4 times as fast" if kind == "completed" else None,
                    "correlation": 0.4 if kind == "early" else None,
                    "status": "ok" if told else "withheld: completion is 0.20, 0.30 is needed",
                }
            )
    shares = ("value", "low", "high", "share_not_identified", "completion", "correlation")
    return pd.DataFrame(found).astype(
        dict.fromkeys(shares, "Float64") | {"timing_moved": "boolean", "timing": "str"}
    )


def figures(named):
    """Rows of worth: (figure, at, value) as they come out of its functions; None is withheld."""
    found = pd.DataFrame(
        [
            {
                "figure": name,
                "at": at,
                "value": value,
                "low": None if value is None else value - abs(value) / 10,
                "high": None if value is None else value + abs(value) / 10,
                "unit": "dollars",
                "n": 1_000,
                "explored_labels": 60,
                "share_not_identified": 0.02,
                "status": WITHHELD if value is None else "at assumed dollars",
            }
            for name, at, value in named
        ]
    )
    return found.astype(dict.fromkeys(("at", "value", "low", "high"), "Float64"))


def curve(told=True):
    named = []
    for at in (0.2, 0.4, 0.6, 0.8):
        named += [("threshold", at, 0.5 - at / 2), ("flagged_a_day", at, 90 * at)]
        named += [("false_positives_a_day", at, 60 * at**2), ("precision", at, 1 - at)]
        named += [("net_dollars_a_day", at, 1e5 * at)]
    named += [("flagged_at_capacity", 45.0, 45.0), ("false_positives_at_capacity", 45.0, 22.0)]
    named += [("recall_at_capacity", 45.0, 0.62), ("precision_at_capacity", 45.0, 0.48)]
    named += [("net_dollars_at_capacity", 45.0, 6.2e4)]
    return figures([(name, at, value if told else None) for name, at, value in named])


def worth(told=True):
    named = [("policy_dollars", None, 552.0), ("losses_down", None, 672.0)]
    named += [("losses_up", None, 432.0), ("margins_down", None, 322.0)]
    named += [("margins_up", None, 783.0), ("perfect_gain_a_day", None, 150_289.0)]
    named += [("auc_point_a_day", 0.01, 5_057.0), ("shadow_price", 45.0, 482.0)]
    named += [("emp", None, 0.0238)]
    return figures([(name, at, value if told else None) for name, at, value in named])


def spend():
    months = [f"2025-{k:02}" for k in range(1, 5)]
    return pd.DataFrame(
        {
            "month": months,
            "applications": 1_000,
            "explorable": 260,
            "expected_labels": 12.3,
            "explored": 12,
            "committed": 9_000.0,
            "labels": [12, 12, 12, 0],
            "predicted": [9_000.0, 9_500.0, 8_000.0, 0.0],
            "realised": [19_000.0, 20_500.0, 18_000.0, 0.0],
            "realised_se": [2_000.0, 2_500.0, 2_000.0, 0.0],
        }
    )


def drift(name="channel"):
    return pd.DataFrame(
        {
            "column": [name, "amount", "score"],
            "psi": [0.066, 0.002, None],
            "by_chance": [0.001, 0.001, None],
            "nulls_reference": [0.0, 0.1, 0.0],
            "nulls_current": [0.0, 0.12, 0.0],
            "flag": [True, False, False],
            "status": ["ok", "ok", "withheld: 3 subjects then, 9 now; 30 are needed"],
            "sentence": [f"{name} moved: PSI 0.066, of which chance alone gives 0.001.", "", ""],
        }
    ).astype({"psi": "Float64", "by_chance": "Float64"})


def fairness(group="younger", status="ok"):
    found = []
    metrics = {"approval_rate": 0.7, "approval_ratio": 0.74, "score_smd": 0.2}
    metrics |= {"false_positive_rate": 0.2, "false_negative_rate": 0.4}
    metrics |= {"false_positive_rate_gap": 0.055}
    metrics |= {"explored_dollars": -900.0, "explored_event_rate": 0.4, "exploration_rate": 0.05}
    for name in ("older", group):
        for metric, value in metrics.items():
            if name == "older" and metric in (
                "approval_ratio",
                "score_smd",
                "false_positive_rate_gap",
            ):
                continue
            rate = "positive_rate" in metric or "negative_rate" in metric
            for estimator in ("naive", "dr") if rate else ("counted",):
                told = status == "ok" or estimator == "counted"
                found.append(
                    {
                        "group_by": "age_band",
                        "group": name,
                        "reference": "older",
                        "metric": metric,
                        "estimator": estimator,
                        "population": "all",
                        "value": value if told else None,
                        "low": value - 0.1 if told else None,
                        "high": value + 0.1 if told else None,
                        "n": 400,
                        "explored_effective_n": 33.0,
                        "status": "ok" if told else status,
                    }
                )
    return pd.DataFrame(found).astype(dict.fromkeys(("value", "low", "high"), "Float64"))


def estimates(lost, status, compared, group, months):
    """measure()'s rows: overall, at a capacity, of another policy, by month, purpose and band."""
    some = ("event_rate", "auc")
    parts = [rows(m, lost=lost, status=status) for m in (*some, "calibration_error")]
    parts += [rows("policy_value", p, lost=lost, status=status) for p in ("as run", compared)]
    parts += [rows(m, compared, lost=lost, status=status) for m in ("policy_gain", "auc_gain")]
    parts.append([row | {"at": "45 a day"} for row in rows("recall", lost=lost, status=status)])
    for cell in ("in-in", "in-out", "out-in", "out-out"):
        for metric in ("swap_share", "swap_event_rate", "swap_gain"):
            made = rows(metric, compared, lost=lost, status=status)
            parts.append([row | {"at": cell} for row in made])
    for k in range(months):
        state = WITHHELD if k == 0 else status
        parts += [
            rows(m, None, "vintage", f"2025-{k + 1:02}", lost, state, 1 + k / 30) for m in some
        ]
    parts += [rows(m, None, "purpose", group, lost, status) for m in some]
    for k in range(1, 5):
        parts += [
            rows(m, None, "score band", str(k), lost, status, k / 4)
            for m in ("event_rate", "observed_expected")
        ]
    return frame(parts)


def monitor(lost=0.02, status="ok", compared="newer", group="car", months=4, **other):
    """One look; ``other`` replaces fields of Monitor."""
    told = status == "ok" and lost < 1
    bands = pd.DataFrame(
        {
            "group": ["1", "2", "3", "4"],
            "low": [0.1, 0.2, 0.3, 0.4],
            "high": [0.19, 0.29, 0.39, 0.49],
            "mean_score": [0.02, 0.06, 0.2, 0.5],
            "share_revealed": [1.0, 1.0, 0.4, 0.03],
        }
    )
    fields = {
        "version": "abc123",
        "known_at": KNOWN_AT,
        "log": decisions(group),
        "estimates": estimates(lost, status, compared, group, months),
        "promised": PROMISED,
        "approved": "Ada on 2024-12-30",
        "watched": watched(burnt_in=told),
        "vintages": vintages(),
        "bands": bands,
        "curve": curve(told),
        "worth": worth(told),
        "needle": "AUC must rise by 0.0087 (0.0067 to 0.0113).",
        "flag": "decline",
        "capacity": 45.0,
        "spend": spend(),
        "drift": drift(group),
        "then": "900 applications from 2025-01-05 to 2025-02-04",
        "now": "950 applications from 2025-04-01 to 2025-04-29",
        "fairness": fairness(group),
        "compared": compared,
        "run": "MeasureFlow/1",
        "code": "deadbeef",
    }
    return Monitor(**(fields | other))
