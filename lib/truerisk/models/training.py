"""The training protocol: what is fitted on which rows, and on which rows it is judged.

Time splits the mature applications: the last ``holdout`` of them is kept, candidates are fitted on
the earlier ones. Half of the holdout's subjects calibrate and choose, the other half judges: its
rows were used for neither. The submitted model is fitted again on all mature rows.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.errors import SourceError
from truerisk.features.dataset import Dataset
from truerisk.models.calibration import Calibration
from truerisk.models.candidates import candidate
from truerisk.models.package import Model
from truerisk.models.reference import money_columns, reference
from truerisk.problem.spec import Problem

GAP_ROWS = 1_000


@dataclass(frozen=True)
class Split:
    """Boolean row masks over a data set's frame, shape (n,), and the instant that parts them."""

    holdout_from: pd.Timestamp
    early: np.ndarray
    gapped: np.ndarray
    choose: np.ndarray
    judge: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """One candidate: the model to submit, and calibrated scores of the holdout by its early fit.

    ``scores`` (n,) covers the whole frame and is null before the holdout; ``gap_scores`` are those
    of the variant fitted with a full horizon between its rows and the holdout, or None where
    fewer than 1,000 rows would be left.
    """

    name: str
    model: Model
    scores: np.ndarray
    gap_scores: np.ndarray | None
    importance: dict[str, float]


def split(problem: Problem, dataset: Dataset) -> Split:
    """Which rows fit, choose and judge; SourceError when one of the parts has a single class."""
    frame = dataset.frame
    start = frame.loc[frame["mature"], "as_of"].max() - problem.training.holdout
    labelled = frame["event"].notna().to_numpy()
    late = (frame["as_of"] > start).to_numpy() & frame["mature"].to_numpy()
    earlier = (frame["as_of"] <= start).to_numpy()
    gap = (frame["as_of"] + problem.outcome.horizon <= start).to_numpy()
    first = frame["subject"].map(_first_half).to_numpy(dtype=bool)
    made = Split(start, labelled & earlier, labelled & gap, late & first, late & ~first)
    parts = [
        ("before the holdout", made.early),
        ("in the half of the holdout that chooses", made.choose & labelled),
        ("in the half of the holdout that judges", made.judge & labelled),
    ]
    for what, rows in parts:
        events = int(frame.loc[rows, "event"].sum())
        if events in (0, int(rows.sum())):
            raise SourceError(
                f"{problem.where}: the {int(rows.sum()):,} labelled applications {what} (it "
                f"starts on {start:%Y-%m-%d}) hold {events:,} events; both outcomes are needed, so "
                "choose another known_at or training.holdout."
            )
    return made


def fit(problem: Problem, dataset: Dataset, name: str, parts: Split | None = None) -> Fitted:
    """Fit one candidate as the protocol says: unweighted, then calibrated with 1/p_reveal."""
    parts = parts or split(problem, dataset)
    frame, features = dataset.frame, dataset.features
    kind, params = candidate(name), problem.candidates.chosen[name]
    seed = problem.training.seed

    def fitted(rows: np.ndarray):  # type: ignore[no-untyped-def]
        return kind.fit(
            frame.loc[rows, features], frame.loc[rows, "event"].to_numpy(), params, seed
        )

    def scored(rows: np.ndarray) -> tuple[np.ndarray, Calibration]:
        raw = fitted(rows).predict(frame.loc[holdout, features])
        chosen = (parts.choose & frame["event"].notna().to_numpy())[holdout]
        known = frame.loc[holdout].loc[chosen]
        # Where no propensity was logged, the calibration can only speak of the revealed.
        weight = (1 / known["p_reveal"].where(known["p_reveal"] > 0)).fillna(1.0).to_numpy()
        calibration = Calibration.fit(raw[chosen], known["event"].to_numpy(), weight)
        scores = np.full(len(frame), np.nan)
        scores[holdout] = calibration.apply(raw)
        return scores, calibration

    holdout = parts.choose | parts.judge
    scores, calibration = scored(parts.early)
    both = frame.loc[parts.gapped, "event"]
    gapped = len(both) >= GAP_ROWS and 0 < both.sum() < len(both)
    labelled = frame["event"].notna().to_numpy()
    final = fitted(labelled)
    read = money_columns(problem)
    priced = [str(c) for c in frame if str(c).lower() in read]
    usual = reference(frame[labelled], dict.fromkeys([*features, *priced]), filled=priced)
    model = Model(
        name, final, calibration, features, dataset.definition, dataset.fingerprint, usual
    )
    gap_scores = scored(parts.gapped)[0] if gapped else None
    return Fitted(name, model, scores, gap_scores, final.importance())


def _first_half(subject: object) -> bool:
    """A fixed half of all subjects, the same in every run and for every model."""
    return hashlib.sha256(f"judge|{subject}".encode()).digest()[0] < 128
