"""What stands beside the estimates of a score band: its scores, and how much of it was seen."""

import pandas as pd

from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.groups import bands as score_bands


def bands(evidence: Evidence, count: int) -> pd.DataFrame:
    """group (as measure() names it), low, high, mean_score and share_revealed of mature rows.

    One row per band, lowest first; ``share_revealed`` is the mean π.
    """
    mature = evidence.log.loc[evidence.mature, ["score", "p_reveal"]]
    score = mature["score"].to_numpy(float)
    pi = mature["p_reveal"].fillna(0.0).to_numpy()
    by = pd.DataFrame({"score": score, "pi": pi}).groupby(score_bands(score, count)[0])
    found = by.agg(
        low=("score", "min"), high=("score", "max"), mean_score=("score", "mean"),
        share_revealed=("pi", "mean"),
    )  # fmt: skip
    return found.reset_index(names="group").astype({"group": str})
