"""NannyML: performance estimated without labels by CBPE, as its tutorial for two classes has it.

The reference period is what has outcomes, the analysis period everyone who applied. Chunks are the
whole period (the default of ten would only have to be averaged), calibration is isotonic where the
package finds that it helps (its default), and its bounds are three sampling errors wide.
"""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
import nannyml
import pandas as pd

VERSIONS = ("nannyml",)
FLAG = 0.15  # lender.py's; scikit-learn would be imported with it
# A single chunk is all that is asked for here, and the package advises more.
warnings.filterwarnings("ignore", "The resulting number of chunks is too low")
Ready = Callable[[], Any]


def approved(folder: Path) -> Ready:
    """Fitted on every outcome there is: of the approved and of the explored."""

    def reference(path: Path) -> pd.DataFrame:
        log = pd.read_parquet(path / "log.parquet", columns=["score", "event", "revealed"])
        return log.loc[log["revealed"], ["score", "event"]]

    return _estimates(folder, reference)


def random(folder: Path) -> Ready:
    """Fitted on as many outcomes of applications taken at random."""
    return _estimates(folder, lambda path: pd.read_parquet(path / "random.parquet"))


def _estimates(folder: Path, reference: Callable[[Path], pd.DataFrame]) -> Ready:
    def run(path: Path) -> dict[str, list[float]]:
        known = _flagged(reference(path)).astype({"event": int}).reset_index(drop=True)
        everyone = _flagged(pd.read_parquet(path / "log.parquet", columns=["score"]))
        cbpe = nannyml.CBPE(
            y_pred_proba="score",
            y_pred="flag",
            y_true="event",
            problem_type="classification_binary",
            metrics=["roc_auc", "recall", "precision", "confusion_matrix"],
            normalize_confusion_matrix="all",
            chunk_number=1,
        )
        row = cbpe.fit(known).estimate(everyone).filter(period="analysis").to_df().iloc[0]
        events = row["true_positive"]["value"] + row["false_negative"]["value"]
        return {
            "auc": _bounded(row["roc_auc"]),
            "event_rate": [events, None, None],  # the shares it consists of have bounds, it has not
            "recall": _bounded(row["recall"]),
            "precision": _bounded(row["precision"]),
        }

    return lambda: [run(path) for path in sorted(folder.iterdir())]


def _flagged(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(flag=(frame["score"] >= FLAG).astype(int))


def _bounded(metric: pd.Series) -> list[float]:
    names = ("value", "lower_confidence_boundary", "upper_confidence_boundary")
    return [float(metric[name]) for name in names]
