"""What stands beside the estimates of a score band: its mean score, and how much of it was seen."""

import numpy as np
import pandas as pd


def bands(log: pd.DataFrame, count: int) -> pd.DataFrame:
    """group (as measure() names it), mean_score and share_revealed (mean π) of mature rows.

    The same quantiles as measure's ``bands``; one row per band, lowest first.
    """
    mature = log[log["mature"]]
    score = mature["score"].to_numpy(float)
    edges = np.unique(np.quantile(score, np.linspace(0, 1, count + 1)[1:-1]))
    pi = mature["p_reveal"].fillna(0.0).to_numpy()
    by = pd.DataFrame({"score": score, "pi": pi}).groupby(np.searchsorted(edges, score, "right"))
    found = by.agg(
        low=("score", "min"), high=("score", "max"), mean_score=("score", "mean"),
        share_revealed=("pi", "mean"),
    )  # fmt: skip
    names = [f"{a:.4f} to {b:.4f}" for a, b in zip(found["low"], found["high"])]
    return found.assign(group=names)[["group", "mean_score", "share_revealed"]].reset_index(
        drop=True
    )
