"""What a perfect model would be worth: the ceiling of every improvement."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.worth.action_values import ActionValues, action_values
from truerisk.measurement.worth.figure import per_application, table
from truerisk.statistics import influence
from truerisk.statistics.influence import Value
from truerisk.statistics.threads import one_thread


@one_thread
def perfect_model(log: Log | Evidence | ActionValues, features: Sequence[str] = ()) -> pd.DataFrame:
    """Dollars if every outcome were known beforehand, as run, and the difference.

    perfect = Σ[ỹ·max_a v_a1 + (1 − ỹ)·max_a v_a0] / n, linear in ỹ, so its interval is exact to
    first order; the difference is paired. ``features`` as in ``measure``. Returns rows of figure
    (perfect, as_run, perfect_gain, and each with ``_a_day`` where the log has as_of), at, value,
    low, high (95%), unit, n, explored_labels, share_not_identified, status. Raises LogError.
    """
    s = action_values(log, features)
    best, ran = best_sides(s), s.ran
    gain = best[0] - ran[0], best[1] - ran[1]
    named = {"perfect": best, "as_run": ran, "perfect_gain": gain}
    return table(row for name, v in named.items() for row in per_application(s, name, _of(v)))


def best_sides(s: ActionValues) -> tuple[np.ndarray, np.ndarray]:
    """max_a v_a1 and max_a v_a0, shape (n,) each."""
    one, zero = (np.max([v[side] for v in s.value.values()], axis=0) for side in (0, 1))
    return one, zero


def _of(v):  # type: ignore[no-untyped-def]
    def of(a: np.ndarray, b: np.ndarray) -> Value:
        return influence.dollars(a, b, v[0], v[1])

    return of
