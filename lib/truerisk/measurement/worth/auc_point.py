"""What one more point of AUC is worth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.worth.action_values import ActionValues, action_values
from truerisk.measurement.worth.better_score import BetterScore, better_score, evidence
from truerisk.measurement.worth.figure import NO_NUMBER, per_application, table
from truerisk.statistics.influence import Value
from truerisk.statistics.threads import one_thread

STRIDE = 1.02  # ratio of two sizes of evidence whose difference gives a slope
MODELLED = "modelled: the score with one more noisy reading of the outcome"


@one_thread
def value_of_auc_point(
    log: Log | Evidence | ActionValues, points: float = 0.01, features: Sequence[str] = ()
) -> pd.DataFrame:
    """Dollars that ``points`` more AUC would bring; a modelled figure, see better_score.py.

    The better score is the present one, recalibrated, and independent normal evidence on the
    outcome, of the size ε at which AUC(ε) − AUC(0) is ``points``; every application takes its best
    action. The figure is dollars(ε) − dollars(0), so that what recalibrating alone is worth is not
    in it. IF = IF_dollars − (dollars′/AUC′)·(IF_AUC(ε) − IF_AUC(0)) plus that of the calibration,
    as ε and the calibration are estimated; the interval is about sampling, not about the model.
    Rows: auc_point (``at`` the points), and auc_point_a_day with as_of; status "modelled: …".
    Raises LogError.
    """
    if not 0 < points < 0.5:
        raise LogError(f"points is {points:g}; allowed is a gain of AUC between 0 and 0.5.")
    s = action_values(log, features)

    def of(a: np.ndarray, b: np.ndarray) -> Value:
        model = better_score(s, a, b)
        size = None if model is None else evidence(model, points)
        if model is None or size is None:
            return Value(np.nan, a, b)
        now, auc, found = model.auc(0.0), model.auc(size), model.gain(size)
        more = size * STRIDE
        ranked = model.area(more) - auc.theta
        if not ranked > 0:  # it ranks perfectly already
            return Value(np.nan, a, b)
        rate = (model.gain(more).theta - found.theta) / ranked

        def fixed(other: BetterScore) -> float:
            return other.gain(size).theta - rate * (other.area(size) - other.area(0.0))

        influence = found.influence - rate * (auc.influence - now.influence)
        return model.estimated(Value(found.theta, influence, found.slope), fixed)

    return table(modelled(per_application(s, "auc_point", of, at=points, classes=True)))


def modelled(rows: list[dict]) -> list[dict]:
    """The rows with a status that says what kind of figure they hold."""
    withheld = "withheld: the score does not rank applications by risk, or cannot be that good"
    for row in rows:
        if row["value"] is not None:
            row["status"] = MODELLED if row["status"] == "ok" else f"{MODELLED}; {row['status']}"
        elif row["status"] == NO_NUMBER:
            row["status"] = withheld
    return rows
