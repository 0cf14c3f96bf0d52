"""What a model is approved on, as watch() holds it to it: intervals from rows it never saw."""

import pandas as pd

OF_THE_MODEL = ("event_rate", "auc", "brier")


def promised(
    estimates: pd.DataFrame, comparison: pd.DataFrame, chosen: str
) -> dict[str, tuple[float, float]]:
    """Series → (low, high), the report's 95% interval; a series it could not estimate is left out.

    ``estimates`` are measure()'s rows with a column ``model``, ``comparison`` those that value the
    chosen model's policy; dollars are per application. Only doubly robust estimates of the eligible
    promise anything, and only where declined ones were explored or none were declined: an event
    rate of the approved would alert as soon as everyone is watched.
    """
    own = estimates[estimates["model"] == chosen]
    policy = comparison[comparison["policy"] == chosen]
    wanted = [(name, own) for name in OF_THE_MODEL] + [("policy_value", policy)]
    found = {}
    for name, rows in wanted:
        mine = rows[
            (rows["metric"] == name) & (rows["group_by"] == "") & (rows["estimator"] == "dr")
        ]
        everyone, eligible = (mine[mine["population"] == p] for p in ("all", "eligible"))
        explored = eligible["explored_labels"].gt(0).any() or everyone["value"].notna().any()
        if explored and eligible["value"].notna().any():
            row = eligible[eligible["value"].notna()].iloc[0]
            found[name] = (float(row["low"]), float(row["high"]))
    return found
