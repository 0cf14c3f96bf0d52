"""Evidently: its report on classification quality, and on drift between the known and everyone.

It says nothing of rows without an outcome (a null target is refused), so quality is that of the
revealed; the drift report is what would tell a reader that everyone else is different. No report
has intervals.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["DO_NOT_TRACK"] = "1"
import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently.metrics import MeanValue
from evidently.presets import ClassificationPreset, DataDriftPreset

VERSIONS = ("evidently",)
FLAG = 0.15  # lender.py's
FEATURES = ["income", "debt", "tenure", "score"]
NOTES: dict[str, str] = {}
NAMES = {
    "RocAuc": "auc",
    "MeanValue": "event_rate",
    "Recall": "recall",
    "Precision": "precision",
}


def quality(folder: Path) -> Callable[[], Any]:
    def run(path: Path) -> dict[str, list[float]]:
        log = pd.read_parquet(path / "log.parquet", columns=[*FEATURES, "event", "revealed"])
        known = log[log["revealed"]].drop(columns="revealed").astype({"event": int})
        report = Report([ClassificationPreset(probas_threshold=FLAG), MeanValue(column="event")])
        found = report.run(_with_target(known.reset_index(drop=True)), None).dict()["metrics"]
        drift = Report([DataDriftPreset()]).run(_plain(log[FEATURES]), _plain(known[FEATURES]))
        drifted = drift.dict()["metrics"][0]["value"]["count"]
        NOTES["quality"] = f"{drifted:.0f} of {len(FEATURES)} columns drift"
        named = {m["metric_name"].split("(")[0]: m["value"] for m in found}
        return {ours: [float(named[theirs]), None, None] for theirs, ours in NAMES.items()}

    return lambda: [run(path) for path in sorted(folder.iterdir())]


def _with_target(frame: pd.DataFrame) -> Dataset:
    two = BinaryClassification(target="event", prediction_probas="score", pos_label=1)
    return Dataset.from_pandas(
        frame,
        data_definition=DataDefinition(classification=[two], numerical_columns=FEATURES),
    )


def _plain(frame: pd.DataFrame) -> Dataset:
    return Dataset.from_pandas(frame, data_definition=DataDefinition(numerical_columns=FEATURES))
