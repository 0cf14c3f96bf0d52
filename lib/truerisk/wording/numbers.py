"""Numbers as people read them: thousands separated, a true minus, a unit, never a bare NaN."""

from collections.abc import Callable

import pandas as pd

from truerisk.wording.counted import counted
from truerisk.wording.dollars import MINUS, NOTHING, dollar_change, dollars


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


def whole(value: float) -> str:
    """12,345"""
    return NOTHING if pd.isna(value) else _minus(f"{value:z,.0f}")


def rough(value: float) -> str:
    """77 and 0.2: a number that need not be whole."""
    return whole(value) if pd.isna(value) or abs(value) >= 10 else f"{value:.1f}"


def percent(value: float) -> str:
    """16.2%"""
    return NOTHING if pd.isna(value) else _minus(f"{100 * value:z,.1f}%")


def points(value: float) -> str:
    """+2.3 pts: a difference of two shares"""
    return NOTHING if pd.isna(value) else _minus(f"{100 * value:+z.1f} pts")


def decimal(value: float) -> str:
    """0.846"""
    return NOTHING if pd.isna(value) else _minus(f"{value:z.3f}")


def change(value: float) -> str:
    """+0.004"""
    return NOTHING if pd.isna(value) else _minus(f"{value:+z.3f}")


def deviation(value: float) -> str:
    """+1.2: so many standard deviations"""
    return NOTHING if pd.isna(value) else _minus(f"{value:+z.1f}")


def fine(value: float) -> str:
    """0.0846"""
    return NOTHING if pd.isna(value) else _minus(f"{value:z.4f}")


def fine_change(value: float) -> str:
    """+0.0041"""
    return NOTHING if pd.isna(value) else _minus(f"{value:+z.4f}")


def months(instants: pd.Series) -> pd.Series:
    """The month of each instant, UTC, as 2026-07; each month is written once, as there are few."""
    utc = instants.dt.tz_convert("UTC").dt.tz_localize(None)
    code, found = pd.factorize(utc.dt.to_period("M"))
    written = pd.Index(found.strftime("%Y-%m"), dtype="str").append(pd.Index([None], dtype="str"))
    return pd.Series(written.take(code), index=instants.index, dtype="str")


def day(at: pd.Timestamp) -> str:
    """2026-06-30"""
    return NOTHING if pd.isna(at) else f"{at:%Y-%m-%d}"


def moment(at: pd.Timestamp) -> str:
    """2026-06-30 14:05 UTC"""
    return NOTHING if pd.isna(at) else f"{at:%Y-%m-%d %H:%M} UTC"


def span(length: pd.Timedelta) -> str:
    """5 hours, 12 days: one unit, rounded."""
    hours = length / pd.Timedelta(hours=1)
    if hours < 1:
        return "under an hour"
    count, unit = (hours, "hour") if hours < 48 else (hours / 24, "day")
    return counted(count, unit)


FORMS: dict[str, Callable[[float], str]] = {
    "event_rate": percent,
    "event_rate_below": percent,
    "auc": decimal,
    "auc_gain": change,
    "ks": decimal,
    "brier": fine,
    "brier_gain": fine_change,
    "log_loss": fine,
    "calibration_error": change,
    "calibration_intercept": change,
    "calibration_slope": decimal,
    "observed_expected": decimal,
    "recall": percent,
    "precision": percent,
    "false_positive_rate": percent,
    "false_positives": percent,
    "policy_value": dollars,
    "policy_gain": dollar_change,
    "policy_event_rate": percent,
    "policy_event_gain": fine_change,
    "qini_area": fine_change,
    "qini_area_gain": fine_change,
    "incremental_response_gain": fine_change,
    "incremental_dollars_gain": dollar_change,
    "swap_share": percent,
    "swap_event_rate": percent,
    "swap_gain": dollar_change,
}


def interval(low: float, high: float, form: Callable[[float], str]) -> str:
    """0.829 … 0.861"""
    return f"{form(low)} … {form(high)}"
