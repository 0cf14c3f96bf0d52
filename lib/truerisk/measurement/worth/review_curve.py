"""The review curve: what each recall costs a day in false positives, and earns in dollars."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.worth.action_values import ActionValues, Sides, action_values
from truerisk.measurement.worth.at_capacity import at_capacity
from truerisk.measurement.worth.at_recall import Cutoffs, mean_at
from truerisk.measurement.worth.figure import Figure, settled, table
from truerisk.statistics.influence import Value, ratio
from truerisk.statistics.threads import one_thread

RECALLS = (0.2, 0.4, 0.6, 0.8, 0.9)


@one_thread
def review_curve(
    log: Log | Evidence | ActionValues,
    flag: str | None = None,
    capacity_per_day: float | None = None,
    recalls: Sequence[float] = RECALLS,
    features: Sequence[str] = (),
    rest: str | None = None,
) -> pd.DataFrame:
    """What flagging the highest scores costs and earns a day, for everyone who applied.

    Flagged applications get the action ``flag``, all others ``rest``; if not given, the actions
    that gain most and least when the event happens (decline and approve, review and pass). At each
    recall (``at``): threshold, flagged_a_day, false_positives_a_day, precision, net_dollars_a_day.
    The threshold that reaches a recall is estimated, and its error is in every interval:
    IF = h·f − (η/μ)(ỹf − r·ỹ), η and μ the local means of h and ỹ at the cutoff. A day is a UTC
    day of as_of on which applications came; their number is taken as it was.
    With ``capacity_per_day`` also what flagging up to so many a day, highest scores first, yields
    (``at`` the capacity): recall_, precision_, flagged_, false_positives_, net_dollars_at_capacity,
    clustered by subject and day, as days differ.
    Columns: figure, at, value, low, high (95%), unit, n, explored_labels, share_not_identified,
    status. Raises LogError for a log without dollars or as_of, a recall outside (0, 1), a capacity
    that is not above 0 or that no day exceeds.
    """
    wrong = [r for r in recalls if not 0 < r < 1]
    if wrong:
        raise LogError(f"A recall lies between 0 and 1, and {wrong[0]:g} does not.")
    s = action_values(log, features)
    gain, others = flag_and_rest(s, flag, rest)
    a_day = len(s) / s.days if len(s) else 0.0
    rows = [row for r in recalls for row in _at(s, r, gain, others, a_day)]
    if capacity_per_day is not None:
        rows += at_capacity(s, capacity_per_day, gain, others)
    return table(rows)


def flag_and_rest(s: ActionValues, flag: str | None, rest: str | None) -> tuple[Sides, Sides]:
    """Dollars of flagging beside not flagging, and those of not flagging.

    Raises LogError for unknown actions, or the same twice.
    """
    flag, rest = s.action(flag, True), s.action(rest, False)
    if flag == rest and len(s):
        raise LogError(
            f'Flagged applications and the rest would both get "{flag}"; name another with flag or '
            f"rest (the log has {', '.join(s.value)})."
        )
    (f1, f0), (r1, r0) = s.value[flag], s.value[rest]
    return (f1 - r1, f0 - r0), (r1, r0)


def _at(s: ActionValues, recall: float, gain: Sides, rest: Sides, a_day: float) -> list[dict]:
    (gain1, gain0), (rest1, rest0) = gain, rest
    zero, one = np.zeros(len(s)), np.ones(len(s))
    cutoffs = Cutoffs(s, recall)
    mean = partial(mean_at, cutoffs)

    def flagged(a: np.ndarray, b: np.ndarray) -> Value:
        return mean(a, one, zero, zero)

    def false(a: np.ndarray, b: np.ndarray) -> Value:
        return mean(a, b, zero, -one)

    def precise(a: np.ndarray, b: np.ndarray) -> Value:
        found = cutoffs(a)
        share, rate = found.per(a, a + b, zero)  # of a: the recall fixes Σaf = r·Σa exactly
        return ratio(recall * a, share, recall + zero, -rate * (found.f - recall))

    def dollars(a: np.ndarray, b: np.ndarray) -> Value:
        value = mean(a, gain1 * a + gain0 * b, rest1 * a + rest0 * b, gain1 - gain0)
        return Value(value.theta, value.influence, value.slope + rest1 - rest0)

    named = (
        ("flagged_a_day", "applications a day", flagged, True, a_day),
        ("false_positives_a_day", "applications a day", false, True, a_day),
        ("precision", "share of the flagged", precise, True, 1.0),
        ("net_dollars_a_day", "dollars a day", dollars, False, a_day),
    )
    return [
        _threshold(s, cutoffs),
        *(
            settled(
                s,
                Figure(
                    name=name, unit=unit, of=of, at=recall, share=share, classes=True, scale=scale
                ),
            )
            for name, unit, of, share, scale in named
        ),
    ]


def _threshold(s: ActionValues, cutoffs: Cutoffs) -> dict:
    """The score at the cutoff; its interval holds the ranks that may be the right one."""
    recall = cutoffs.recall

    def of(a: np.ndarray, b: np.ndarray) -> Value:
        found = cutoffs(a)
        events = a[found.near].mean()
        if events <= 0:
            return Value(np.nan, found.owed, found.f)
        return Value(found.count / len(s), -found.owed / events, (recall - found.f) / events)

    row = settled(
        s, Figure(name="threshold", unit="score", of=of, at=recall, share=True, classes=True)
    )
    if row["value"] is None:
        return row
    last = len(s) - 1
    place = (min(max(int(row[k] * len(s)), 0), last) for k in ("value", "high", "low"))
    return row | dict(
        zip(("value", "low", "high"), (float(s.rows.score[k]) for k in place), strict=True)
    )
