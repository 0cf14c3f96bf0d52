"""Which of several estimates of one metric to rely on."""

import pandas as pd


def best(estimates: pd.DataFrame, metric: str) -> pd.Series:
    """The estimate to rely on: DR of everyone, else of the eligible, else naive."""
    rows = estimates[(estimates["metric"] == metric) & (estimates["group_by"] == "")]
    for estimator, population in (("dr", "all"), ("dr", "eligible"), ("naive", "revealed")):
        found = rows[(rows["estimator"] == estimator) & (rows["population"] == population)]
        if found["value"].notna().any():
            return found.iloc[0]
    return rows[rows["estimator"] == "naive"].iloc[0]
