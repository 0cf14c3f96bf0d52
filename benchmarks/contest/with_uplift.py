"""truerisk: the uplift candidate as it comes, and the response candidate beside it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from truerisk.models.response import ResponseModel
from truerisk.models.taken import Taken
from truerisk.models.uplift import UpliftModel
from truerisk.problem.boosting import Boosting
from truerisk.problem.uplift import Uplift
from truerisk.statistics.clusters import codes

VERSIONS = ("truerisk", "catboost")
OUTCOMES = ("contact", "skip")
Ready = Callable[[], Any]


def candidates(folder: Path) -> Ready:
    """Scores of the judging rows: the effect, the difference of the two responses, the response."""
    train, judge = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "judge"))
    features = list(judge.columns.drop("key"))
    taken = Taken(
        outcomes=OUTCOMES,
        shown=np.where(train["treated"] == 1, 0, 1),
        event=train["event"].to_numpy(dtype=float),
        chance=np.full(len(train), 0.5),
        subject=codes(train, ["key"]),
    )

    def run() -> dict[str, list[float]]:
        X, Z = train[features], judge[features]
        uplift = UpliftModel.fit(X, taken, Uplift(), 0).predict(Z)
        response = ResponseModel.fit(X, taken, Boosting(), 0).predict(Z)
        return {
            "uplift": list(uplift[:, 0] - uplift[:, 1]),
            "difference of responses": list(response[:, 0] - response[:, 1]),
            "highest response": list(response[:, 0]),
        }

    return run


if __name__ == "__main__":
    sys.exit("run by benchmarks/uplift.py")
