"""Which candidate is chosen, and why: the best on the choosing half, noise allowed for.

Baselines (the event rate, the best single feature) are there to be beaten. One of them is chosen
only where it leads the best fuller candidate by more than the noise of their paired difference.
Where fewer than LEAST_EVENTS of either outcome choose, no order of AUCs means anything, and the
simplest fuller candidate is taken.
"""

from dataclasses import dataclass

import numpy as np

from truerisk.features.dataset import Dataset
from truerisk.models.candidates import CANDIDATES
from truerisk.models.parts import Split
from truerisk.models.training import Fitted
from truerisk.statistics import influence
from truerisk.statistics.interval import clustered_se

BASELINES = ("prior", "single_feature")
LEAST_EVENTS = 20
BEYOND_NOISE = 1.645  # standard errors: one-sided 95%


@dataclass(frozen=True, kw_only=True)
class Lead:
    """By how much the chosen one's AUC exceeds another's on the choosing half, with its SE."""

    other: str
    gain: float
    se: float

    @property
    def noise(self) -> bool:
        return abs(self.gain) <= BEYOND_NOISE * self.se


@dataclass(frozen=True, kw_only=True)
class Choice:
    """``aucs`` of every candidate on the ``labels`` of the choosing half, ``events`` of them
    events; ``leads`` of the chosen one over the others."""

    name: str
    labels: int
    events: int
    aucs: dict[str, float]
    leads: list[Lead]

    @property
    def few(self) -> bool:
        return min(self.events, self.labels - self.events) < LEAST_EVENTS


def choose_candidate(dataset: Dataset, parts: Split, fitted: list[Fitted]) -> Choice:
    """The candidate to submit, from the half of the holdout that calibrates and never judges."""
    rows = parts.choose & dataset.frame["event"].notna().to_numpy()
    y = dataset.frame.loc[rows, "event"].to_numpy()
    cluster = np.unique(dataset.frame.loc[rows, "subject"].astype(str), return_inverse=True)[1]
    order = list(CANDIDATES)
    found = {
        f.name: influence.auc(y, 1 - y, f.scores[rows])
        for f in sorted(fitted, key=lambda f: order.index(f.name))
    }
    aucs = {name: float(v.theta) if np.isfinite(v.theta) else 0.5 for name, v in found.items()}

    def lead(name: str, other: str) -> Lead:
        influence = found[name].influence - found[other].influence
        se = clustered_se(influence, cluster)
        return Lead(other=other, gain=aucs[name] - aucs[other], se=float(np.nan_to_num(se)))

    fuller = [name for name in found if name not in BASELINES]
    labels, events = len(y), int(y.sum())
    best = max(fuller or found, key=aucs.__getitem__)
    few = min(events, labels - events) < LEAST_EVENTS
    if few and fuller:
        best = fuller[0]
    elif fuller:
        ahead = [n for n in found if n in BASELINES and aucs[n] > aucs[best]]
        ahead = [n for n in ahead if not lead(n, best).noise]
        best = max(ahead, key=aucs.__getitem__, default=best)
    leads = [lead(best, other) for other in found if other != best]
    return Choice(name=best, labels=labels, events=events, aucs=aucs, leads=leads)
