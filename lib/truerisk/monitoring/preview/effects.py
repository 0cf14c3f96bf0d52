"""What a changed policy does beside dollars: which decisions move, whose, how long queues get."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import FEATURE, PROTECTED, SEGMENT
from truerisk.measurement.groups import groups
from truerisk.monitoring.preview.redecided import Redecided
from truerisk.problem.spec import Problem


@dataclass(frozen=True, kw_only=True)
class Move:
    """How many decisions go from one action to another."""

    before: str
    after: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Queue:
    """How many a day an action with a limit or a review takes, over all days of the period."""

    action: str
    days: int
    mean_before: float
    mean_after: float
    most_before: int
    most_after: int


@dataclass(frozen=True, kw_only=True)
class Group:
    """The share of a group's decisions that an action takes; ``protected`` groups are only looked
    at. ``ratio`` is its share over that of the largest group of the same column."""

    by: str
    group: str
    protected: bool
    n: int
    action: str
    before: float
    after: float
    ratio_before: float | None
    ratio_after: float | None


def moves(made: Redecided) -> list[Move]:
    """Counts from action to action, the most first."""
    size = len(made.actions)
    counts = np.bincount(made.was * size + made.now, minlength=size * size)
    found = [
        Move(before=made.actions[k // size], after=made.actions[k % size], count=int(counts[k]))
        for k in np.argsort(-counts, kind="stable")
        if counts[k] and k // size != k % size
    ]
    return found


def queues(made: Redecided, changed: Problem, decided_by: Problem) -> list[Queue]:
    """Of every action with a capacity or verdicts in either file, in the calendar's days."""
    limited = {*changed.limited, *changed.reviews, *decided_by.limited, *decided_by.reviews}
    at = made.log["as_of"].dt.tz_convert(changed.calendar.zone)
    day = (at.dt.tz_localize(None).dt.normalize() - pd.Timestamp(0)).dt.days.to_numpy()
    day = day - day.min()
    found = []
    for i, action in enumerate(made.actions):
        if action not in limited:
            continue
        before, after = (
            np.bincount(day[taken == i], minlength=day.max() + 1) for taken in (made.was, made.now)
        )
        found.append(
            Queue(
                action=action,
                days=len(before),
                mean_before=float(before.mean()),
                mean_after=float(after.mean()),
                most_before=int(before.max()),
                most_after=int(after.max()),
            )
        )
    return found


def group_rates(made: Redecided, changed: Problem) -> list[Group]:
    """Shares by action in every group of the segments and of the protected attributes."""
    found: list[Group] = []
    asked = [(name, False) for name in changed.training.segments]
    asked += [(name, True) for name in changed.training.protected]
    for name, protected in asked:
        column = _column(made.log, name, protected)
        if column is None:
            continue
        of = groups(made.log[column])
        code, names = pd.factorize(of)
        size = np.bincount(code)
        order = sorted(range(len(names)), key=lambda k: (-size[k], str(names[k])))
        for i, action in enumerate(made.actions):
            before, after = (np.bincount(code, taken == i) / size for taken in (made.was, made.now))
            for k in order:
                found.append(
                    Group(
                        by=name,
                        group=str(names[k]),
                        protected=protected,
                        n=int(size[k]),
                        action=action,
                        before=float(before[k]),
                        after=float(after[k]),
                        ratio_before=_ratio(before, k, order[0]),
                        ratio_after=_ratio(after, k, order[0]),
                    )
                )
    return found


def _ratio(rates: np.ndarray, k: int, reference: int) -> float | None:
    return float(rates[k] / rates[reference]) if rates[reference] else None


def _column(log: pd.DataFrame, name: str, protected: bool) -> str | None:
    starts = (PROTECTED,) if protected else (SEGMENT, FEATURE)
    return next((start + name for start in starts if start + name in log), None)
