"""How well each column ranks the event on its own: what is too good tells of the outcome."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from truerisk.problem.spec import Problem
from truerisk.statistics.interval import Z

BINS = 20
TOO_GOOD = 0.85  # AUC of a single column, above which it most likely knows the outcome
SURE = 0.8  # its lower 95% bound
EQUAL = 0.995
EVENTS = 10  # of each class, below which nothing is said
ROWS = 50_000  # labelled applications that are enough
AHEAD = 0.65  # AUC of a column that may be asked after
APART = 2.0  # times as far above a coin as the middle column
ASKED = 5  # columns at most
SHRINK = 5.0  # rows of the mean rate that each level is drawn to


@dataclass(frozen=True)
class Alone:
    """AUC of one column by itself on rows that its rates were not taken from."""

    column: str
    auc: float
    low: float

    @property
    def too_good(self) -> bool:
        return self.auc >= TOO_GOOD and self.low >= SURE


def alone(frame: pd.DataFrame, event: np.ndarray, columns: list[str]) -> list[Alone]:
    """One Alone a column, the best first; empty where one class has fewer than ten rows.

    Numbers in twentieths, texts by level, null is a level; event rates of one half of the rows
    rank the other. ``event`` (n,) is 0 or 1.
    """
    if len(frame) > ROWS:
        kept = np.linspace(0, len(frame) - 1, ROWS).astype(int)
        frame, event = frame.iloc[kept], event[kept]
    if min(event.sum(), len(event) - event.sum()) < EVENTS:
        return []
    half = np.arange(len(event)) % 2 == 0
    found = [_one(name, _levels(frame[name]), event, half) for name in columns]
    return sorted(found, key=lambda a: -a.auc)


def stand_out(found: list[Alone]) -> str:
    """The columns that rank the event far better alone than the rest do; "" where none does.

    No bound tells what was known at the application from what was not: a good input stands out
    too. So these are what to ask after first, each with its AUC.
    """
    usual = float(np.median([a.auc for a in found])) if found else 0.5
    least = max(AHEAD, 0.5 + APART * (usual - 0.5))
    named = [f"{a.column} ({a.auc:.2f})" for a in found if a.auc >= least and not a.too_good]
    if not named:
        return ""
    return (
        f"{', '.join(named[:ASKED])}: alone they rank the event far better than most columns do "
        f"(AUC {usual:.2f}); keep what was known at the application"
    )


def later_columns(problem: Problem, frame: pd.DataFrame, mature: np.ndarray) -> dict[str, str]:
    """Columns of applications that can only have been filled later → what shows it."""
    found = {}
    as_of = frame["as_of"]
    for name in frame.columns.drop("as_of"):
        values = frame[name]
        if pd.api.types.is_datetime64_any_dtype(values) and name != problem.applications.time:
            at = pd.to_datetime(values, utc=True)
            share = float((at > as_of).mean())
            if share > 0.01:
                found[name] = f"lies after the application in {share:.1%} of rows"
            continue
        filled = values.notna().to_numpy()
        if mature.sum() >= EVENTS and (~mature).sum() >= EVENTS:
            then, now = filled[mature].mean(), filled[~mature].mean()
            if then > 0.5 and now < 0.1 * then:
                found[name] = f"is filled in {then:.0%} of old applications, {now:.0%} of immature"
    return found


def _levels(values: pd.Series) -> np.ndarray:
    """Codes of levels or of twentieths, null as a level of its own; (n,)."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        known = numbers[np.isfinite(numbers)]
        if len(np.unique(known)) > BINS:
            edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
            return np.where(np.isfinite(numbers), np.searchsorted(edges, numbers) + 1, 0)
    return np.asarray(pd.factorize(values.astype("str").where(values.notna()))[0]) + 1


def _one(name: str, level: np.ndarray, event: np.ndarray, half: np.ndarray) -> Alone:
    score = np.empty(len(event))
    for judged in (half, ~half):
        size = level.max() + 1
        seen = np.bincount(level[~judged], minlength=size)
        events = np.bincount(level[~judged], event[~judged], minlength=size)
        mean = event[~judged].mean()
        score[judged] = ((events + SHRINK * mean) / (seen + SHRINK))[level[judged]]
    aucs = [_auc(score[part], event[part]) for part in (half, ~half)]
    auc = float(np.mean(aucs))
    few = min(event.sum(), len(event) - event.sum())
    return Alone(name, auc, auc - Z * np.sqrt(auc * (1 - auc) / few))


def _auc(score: np.ndarray, event: np.ndarray) -> float:
    n = event.sum()
    ranks = rankdata(score)
    return float((ranks[event == 1].sum() - n * (n + 1) / 2) / (n * (len(event) - n)))
