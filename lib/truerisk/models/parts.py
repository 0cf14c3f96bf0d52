"""Which rows fit, which choose and which judge: by time, and half of the subjects each."""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd

from truerisk.errors import SourceError
from truerisk.features.dataset import Dataset
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted


@dataclass(frozen=True, kw_only=True)
class Split:
    """Boolean row masks over a data set's frame, shape (n,), and the instant that parts them."""

    holdout_from: pd.Timestamp
    early: np.ndarray
    gapped: np.ndarray
    choose: np.ndarray
    judge: np.ndarray


def split(problem: Problem, dataset: Dataset) -> Split:
    """Which rows fit, choose and judge; SourceError when one of the parts has a single class.

    Where actions show outcomes of their own no subject that judges is in a fit, from an earlier
    application either: models of outcomes, of the effect and judging rows are three parts.
    """
    frame = dataset.frame
    mature = frame["mature"].to_numpy(dtype=bool)
    made = split_rows(frame, mature, problem.training.holdout, problem.outcome.horizon)
    if len(problem.outcomes) > 1:
        apart = ~among(frame["subject"], frame.loc[made.judge, "subject"])
        made = replace(made, early=made.early & apart, gapped=made.gapped & apart)
    labelled = frame["event"].notna().to_numpy()
    parts = [
        ("before the holdout", made.early),
        ("in the half of the holdout that chooses", made.choose & labelled),
        ("in the half of the holdout that judges", made.judge & labelled),
    ]
    for what, rows in parts:
        refuse_one_class(
            problem, frame, rows, f"{what} (it starts on {made.holdout_from:%Y-%m-%d})"
        )
    return made


def split_rows(
    frame: pd.DataFrame, mature: np.ndarray, holdout: timedelta, horizon: timedelta
) -> Split:
    """The split of rows of which the ``mature`` are known; (n,) masks."""
    start = frame.loc[mature, "as_of"].max() - holdout
    labelled = frame["event"].notna().to_numpy()
    late = (frame["as_of"] > start).to_numpy() & mature
    earlier = (frame["as_of"] <= start).to_numpy()
    gap = (frame["as_of"] + horizon <= start).to_numpy()
    first = np.zeros(len(frame), dtype=bool)
    first[late] = [_first_half(subject) for subject in frame["subject"][late].tolist()]
    return Split(
        holdout_from=start,
        early=labelled & earlier,
        gapped=labelled & gap,
        choose=late & first,
        judge=late & ~first,
    )


def refuse_one_class(problem: Problem, frame: pd.DataFrame, rows: np.ndarray, what: str) -> None:
    """SourceError where some rows, named by ``what``, hold events alone or none."""
    events = int(frame.loc[rows, "event"].sum())
    if events in (0, int(rows.sum())):
        raise SourceError(
            f"{problem.where}: the {int(rows.sum()):,} labelled applications {what} hold "
            f"{counted(events, 'event')}; both outcomes are needed, so choose another known_at or "
            "training.holdout."
        )


def among(subjects: pd.Series, known: pd.Series) -> np.ndarray:
    """Whether each subject is one of those known, shape (n,).

    pandas' own isin makes an Arrow scalar of every known text, as does a loop over a column of it:
    a hundred times and ten times slower.
    """
    there = set(known.tolist())
    return np.array([subject in there for subject in subjects.tolist()], dtype=bool)


def _first_half(subject: object) -> bool:
    """A fixed half of all subjects, the same in every run and for every model."""
    return hashlib.sha256(f"judge|{subject}".encode()).digest()[0] < 128
