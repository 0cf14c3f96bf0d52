"""What flagging up to a capacity a day finds and earns."""

import numpy as np

from truerisk.measurement.worth.action_values import ActionValues, Sides
from truerisk.measurement.worth.capacity import a_day, check_capacity, daily
from truerisk.measurement.worth.figure import Figure, settled
from truerisk.statistics.influence import Value, ratio


def at_capacity(s: ActionValues, capacity: float, gain: Sides, rest: Sides) -> list[dict]:
    """Rows of the review curve at ``capacity`` flags a day, clustered by subject and by day.

    ``gain`` holds the dollars of flagging beside not flagging, ``rest`` those of not flagging.
    """
    check_capacity(s, capacity)
    if not len(s):
        return []
    at = daily(s, capacity)
    f, one = at.f, np.ones(len(s))

    def flagged(a: np.ndarray, b: np.ndarray) -> Value:
        return a_day(s, at, f, 0 * f, one)

    def false(a: np.ndarray, b: np.ndarray) -> Value:
        return a_day(s, at, b * f, -f, b)

    def recall(a: np.ndarray, b: np.ndarray) -> Value:
        found = ratio(a * f, a, f, 1.0)
        if not np.isfinite(found.theta):
            return found
        return Value(found.theta, found.influence - at.drag(a) / a.mean(), found.slope)

    def precision(a: np.ndarray, b: np.ndarray) -> Value:
        found = ratio(a * f, (a + b) * f, f)
        if not np.isfinite(found.theta):
            return found
        drag = at.drag(a - found.theta * (a + b)) / ((a + b) * f).mean()
        return Value(found.theta, found.influence - drag, found.slope)

    def dollars(a: np.ndarray, b: np.ndarray) -> Value:
        extra = gain[0] * a + gain[1] * b
        slope = (gain[0] - gain[1]) * f + rest[0] - rest[1]
        return a_day(s, at, extra * f + rest[0] * a + rest[1] * b, slope, extra)

    named = (
        ("flagged_at_capacity", "applications a day", flagged, False),
        ("false_positives_at_capacity", "applications a day", false, False),
        ("recall_at_capacity", "share of the events", recall, True),
        ("precision_at_capacity", "share of the flagged", precision, True),
        ("net_dollars_at_capacity", "dollars a day", dollars, False),
    )
    return [
        settled(
            s,
            Figure(
                name=name, unit=unit, of=of, at=capacity, share=share, daily=True, classes=share
            ),
        )
        for name, unit, of, share in named
    ]
