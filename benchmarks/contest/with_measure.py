"""truerisk.measurement: everything measure() says of a log."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from lender import FEATURES, FLAG

from truerisk.measurement.measure import measure
from truerisk.measurement.options import Flagging

VERSIONS = ("truerisk", "numpy", "pandas", "scikit-learn")
QUESTIONS = Flagging(thresholds=[FLAG], shares=[0.1])
Ready = Callable[[], Any]


def fitted(folder: Path) -> Ready:
    """Every metric, the outcome model fitted on the score."""
    frame = pd.read_parquet(folder / "0" / "log.parquet").drop(columns="m")
    return lambda: counts(measure(frame, flagging=QUESTIONS))


def given(folder: Path) -> Ready:
    """Every metric, with the log's own ``m``."""
    frame = pd.read_parquet(folder / "0" / "log.parquet")
    return lambda: counts(measure(frame, flagging=QUESTIONS))


def counts(found: pd.DataFrame) -> dict[str, Any]:
    """What is asked of a run about size: how many estimates it made, and one of them."""
    return {"estimates": int(found["value"].notna().sum()), **of(found)}


def everyone(folder: Path) -> Ready:
    """From each file to estimates for everyone, the outcome model fitted on score and features."""

    def run(path: Path) -> dict[str, list[float]]:
        log = pd.read_parquet(path / "log.parquet").drop(columns="m")
        return of(measure(log, FEATURES, flagging=Flagging(thresholds=[FLAG])))

    return lambda: [run(path) for path in sorted(folder.iterdir())]


def of(found: pd.DataFrame) -> dict[str, list[float]]:
    """Metric → value, low and high, doubly robust, for all who applied."""
    rows = found[
        found["group_by"].eq("")
        & found["policy"].isna()
        & found["estimator"].eq("dr")
        & found["population"].eq("all")
        & found["value"].notna()
        & (found["at"].isna() | found["at"].eq(f"score ≥ {FLAG:g}"))
    ].set_index("metric")
    wanted = rows.index.intersection(["auc", "event_rate", "recall", "precision"])
    return {name: rows.loc[name, ["value", "low", "high"]].tolist() for name in wanted}
