"""How accurate a score must become to move the needle, as one figure."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.worth.action_values import ActionValues, action_values
from truerisk.measurement.worth.auc_point import STRIDE, modelled
from truerisk.measurement.worth.better_score import LEAST, MOST, BetterScore, better_score, evidence
from truerisk.measurement.worth.figure import Figure, settled, table
from truerisk.statistics.influence import Value
from truerisk.statistics.interval import Z
from truerisk.statistics.threads import one_thread
from truerisk.wording.counted import counted
from truerisk.wording.dollars import dollars as said

TOLD = Z + 0.8416212335729143  # z of a 95% interval, and of a power of 80%
YEAR = 365.25


@one_thread
def needle(
    log: Log | Evidence | ActionValues, dollars: float | None = None, features: Sequence[str] = ()
) -> pd.DataFrame:
    """The gain of AUC at which a changed model brings ``dollars`` a year more.

    Without ``dollars``: at which its gain can be told from zero on a log of this size, gain(ε) =
    (z₀.₉₇₅ + z₀.₈)·SE(ε), SE that of the paired comparison by doubly robust labels (95% interval,
    power 80%). A modelled figure, see better_score.py. IF = IF_ΔAUC − (ΔAUC′/F′)·IF_gain plus that
    of the calibration, F = gain − what is asked; SE(ε) is taken as known.
    One row: auc_gain_needed (``at`` the dollars per application it brings) with the columns of
    every figure, and ``sentence``, which says it to people. Raises LogError, without as_of where
    ``dollars`` are named.
    """
    if dollars is not None and not dollars > 0:
        raise LogError(f"dollars is {dollars:g}; allowed is a gain above 0 dollars a year.")
    s = action_values(log, features)
    a_year = _a_year(s) if "as_of" in s.frame or dollars is not None else None
    asked = dollars / a_year if dollars and a_year else None

    own = None if s.alike else better_score(s, s.a, s.b)

    def of(a: np.ndarray, b: np.ndarray) -> Value:
        model = own if a is s.a else better_score(s, a, b)
        if model is None:
            return Value(np.nan, a, b)
        short = _short(model, s, asked)
        size = _size(model, short)
        if size is None:
            return Value(np.nan, a, b)
        more = size * STRIDE
        now, auc, found = model.auc(0.0), model.auc(size), model.gain(size)
        bought = short(more) - short(size)
        if not bought > 0:  # nothing more is to be had for more accuracy
            return Value(np.nan, a, b)
        rate = (model.area(more) - auc.theta) / bought

        def fixed(other: BetterScore) -> float:
            return other.area(size) - other.area(0.0) - rate * other.gain(size).theta

        influence = auc.influence - now.influence - rate * found.influence
        return model.estimated(Value(auc.theta - now.theta, influence, found.slope), fixed)

    row = settled(s, Figure(name="auc_gain_needed", unit="AUC", of=of, share=True, classes=True))
    sentence = f"How accurate the score must become cannot be said: {row['status']}."
    if own is not None and row["value"] is not None:
        row["at"] = own.gain(evidence(own, row["value"]) or LEAST).theta
        sentence = _sentence(row, own.area(0.0), a_year, dollars)
    elif own is not None:
        most = own.gain(MOST).theta
        worth = (
            f"{said(most)} per application" if a_year is None else f"{said(most * a_year)} a year"
        )
        row["status"] = f"withheld: no score brings that; a perfect one would bring {worth}"
        sentence = f"No score brings that: a perfect one would bring {worth}."
    else:
        modelled([row])
    return table(modelled([row])).assign(sentence=sentence)


def _short(model: BetterScore, s: ActionValues, asked: float | None) -> Callable[[float], float]:
    noise = model.noise(s)

    def short(size: float) -> float:
        wanted = TOLD * noise(size) if asked is None else asked
        return model.gain(size).theta - wanted

    return short


def _size(model: BetterScore, short: Callable[[float], float]) -> float | None:
    """The ε from which the gain suffices; None where no score's does."""
    from scipy.optimize import brentq

    if not model.gain(MOST).theta > 0 or short(MOST) < 0:
        return None
    if short(LEAST) >= 0:
        return LEAST
    ends = np.log([LEAST, MOST])
    return float(np.exp(brentq(lambda x: short(float(np.exp(x))), *ends, xtol=1e-4)))


def _a_year(s: ActionValues) -> float:
    """Applications a year, at the pace of the log's calendar days."""
    if "as_of" not in s.frame:
        raise LogError('The log has no column "as_of", without which no year can be counted.')
    when = pd.to_datetime(s.frame["as_of"], utc=True).dt.floor("D")
    return len(s) * YEAR / ((when.max() - when.min()).days + 1) if len(s) else 0.0


def _sentence(row: dict, now: float, a_year: float | None, dollars: float | None) -> str:
    gain = f"{said(row['at'])} an application"
    if a_year is not None:
        gain = f"{said(row['at'] * a_year)} a year"
    end = f"on {counted(row['n'], 'application')}, before its gain of {gain} can be told from zero"
    if dollars is not None:
        end = f"before it brings {said(dollars)} a year"
    return (
        f"AUC must rise by {row['value']:.4f} ({row['low']:.4f} to {row['high']:.4f}), from "
        f"{now:.3f} to {now + row['value']:.3f}, {end}."
    )
