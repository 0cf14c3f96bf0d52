"""What exploration cost: committed when it was decided, realised when the outcomes came."""

import numpy as np
import pandas as pd

from truerisk.columns import IF_EVENT, IF_NO_EVENT, chance_of, value_of, valued_actions
from truerisk.wording.numbers import months


def exploration_spend(log: pd.DataFrame) -> pd.DataFrame:
    """Dollars and labels of exploration by month of as_of (UTC), from a decision log.

    One row per month: ``month`` ("2026-07"), ``applications``, ``explorable`` (π < 1 and > 0 by
    exploration), ``expected_labels`` Σ rate, ``explored``, ``committed`` Σ rate · cost; and of the
    explored whose outcome is known ``labels``, ``predicted``, the sum of the costs they were
    expected to have, ``realised``, what they did cost: the value of the action the policy would
    have taken less the value of the one it drew (``realised_value`` where the log has it, else at
    the problem's dollars), and ``realised_se``, √Σ(cost − predicted cost)². Add months up for a
    period: dollars are sums, se² too. Predicted against realised is on the same applications, so
    that the luck of the draw is in neither.
    """
    rate, cost = log["exploration_rate"].to_numpy(float), log["exploration_cost"].to_numpy(float)
    explored = log["explored"].to_numpy(bool)
    known = explored & log["revealed"].to_numpy(bool) & log["mature"].to_numpy(bool)
    known &= log["event"].notna().to_numpy()
    lost = np.zeros(len(log))
    lost[known] = _lost(log[known])
    by = pd.DataFrame(
        {
            "month": months(log["as_of"]),
            "applications": 1,
            "explorable": rate > 0,
            "expected_labels": rate,
            "explored": explored,
            "committed": rate * cost,
            "labels": known,
            "predicted": np.where(known, cost, 0.0),
            "realised": lost,
            "realised_se": np.where(known, (lost - cost) ** 2, 0.0),
        }
    )
    found = by.groupby("month", as_index=False).sum()
    counts = ["applications", "explorable", "explored", "labels"]
    return found.assign(realised_se=np.sqrt(found["realised_se"])).astype(
        dict.fromkeys(counts, "int64")
    )


def _lost(log: pd.DataFrame) -> np.ndarray:
    """Value of the policy's own action less that of the action taken, dollars, shape (n,).

    An explored row's own action is the other one with a probability.
    """
    names = valued_actions(log.columns)
    event = log["event"].to_numpy(float)
    value = np.column_stack(
        [
            np.where(event == 1, log[value_of(a, IF_EVENT)], log[value_of(a, IF_NO_EVENT)])
            for a in names
        ]
    )
    p = np.column_stack([log[chance_of(a)].to_numpy(float) for a in names])
    rows, taken = np.arange(len(log)), log["action"].map(names.index).to_numpy(int)
    earned = value[rows, taken]
    if "realised_value" in log:
        realised = log["realised_value"].to_numpy(float)
        earned = np.where(np.isnan(realised), earned, realised)
    p[rows, taken] = -1.0
    return value[rows, p.argmax(axis=1)] - earned
