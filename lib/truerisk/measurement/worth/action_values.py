"""What is at stake: a log's eligible rows with pseudo-labels and the dollars of every action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from truerisk.columns import chance_of, value_of, valued_actions
from truerisk.errors import LogError
from truerisk.measurement.estimate import LEAST_EXPLORED, effective
from truerisk.measurement.evidence.evidence import Evidence, evidence_of
from truerisk.measurement.evidence.labelled import Labelled, labelled
from truerisk.measurement.evidence.source import Log
from truerisk.measurement.gamma import Labels, too_few
from truerisk.measurement.status import Reason
from truerisk.statistics.daily import DailyRanking, daily_ranking
from truerisk.statistics.interval import clustered_se
from truerisk.statistics.ranking import ranking
from truerisk.statistics.threads import one_thread
from truerisk.wording.lists import one_of

Sides = tuple[np.ndarray, np.ndarray]  # dollars if the event happens and if not, (n,) each


@dataclass(frozen=True, kw_only=True)
class ActionValues(Labelled):
    """Mature rows with π > 0, highest score first; arrays of shape (n,).

    ``supposing`` gives them under supposed outcomes of those rows that an approval should have
    shown and did not; ``value`` holds the dollars of each action, ``ran`` those of the policy that
    ran. ``start`` and ``size`` place each row's group of equal scores. ``frame`` holds as_of, where
    the log has it, and the policy's probabilities.
    """

    frame: pd.DataFrame
    value: Mapping[str, Sides]
    start: np.ndarray
    size: np.ndarray
    note: str  # the status of a figure that could be computed
    lost: float  # share of the mature rows without a chance

    @cached_property
    def explored(self) -> float:
        """Effective number of explored labels; infinite where everybody is revealed."""
        chance = self.rows.chance
        if (chance == 1).all():
            return np.inf
        return effective((self.rows.seen / chance)[chance < 1])

    @cached_property
    def trouble(self) -> str:
        """Why no number may be printed, or '' when one may."""
        if not len(self):
            return Reason.NO_CHANCE.status()
        if self.rows.seen.sum() < 2:
            return Reason.FEW_SEEN.status(n=_count(self.rows.seen))
        if (self.rows.cluster == self.rows.cluster[0]).all():
            return Reason.ONE_SUBJECT.status(n=len(self))
        if self.explored < LEAST_EXPLORED:
            count = int(self.explored + 1e-9)
            return Reason.FEW_EXPLORED.status(n=count, need=LEAST_EXPLORED)
        return ""

    @cached_property
    def labels(self) -> Labels:
        """What is seen of outcomes."""
        return Labels(
            w=self.w,
            y=self.rows.y,
            m=self.last,
            explored=self.rows.explored,
            sure=self.rows.sure,
            cluster=self.rows.cluster,
            largest=self.rows.largest,
        )

    @cached_property
    def alike(self) -> str:
        """Why nothing that contrasts events with others may be printed, or ''."""
        return self.trouble or too_few(self.labels, (1, 0))

    @cached_property
    def design(self) -> float:
        """Design effect of clusters on a standard error, at least 1; that of the event rate."""
        each = self.a - self.a.mean()
        alone = float(np.sqrt((each**2).mean() / len(self)))
        return max(clustered_se(each, self.rows.cluster) / alone, 1.0) if alone else 1.0

    @cached_property
    def ran(self) -> Sides:
        """Expected dollars of the policy that ran, Σ_a p_a·v_a."""
        missing = [chance_of(name) for name in self.value if chance_of(name) not in self.frame]
        if missing:
            raise LogError(f"The log has no column {', '.join(missing)}: what ran is not known.")
        p = {name: self.frame[chance_of(name)].to_numpy(dtype=float) for name in self.value}
        one, zero = (sum(p[k] * v[side] for k, v in self.value.items()) for side in (0, 1))
        return np.asarray(one), np.asarray(zero)

    @cached_property
    def daily(self) -> DailyRanking:
        """Each day's rows, the highest score first."""
        return daily_ranking(self.rows.score, self.day)

    @cached_property
    def day(self) -> np.ndarray:
        """A code per UTC day of as_of; LogError without as_of."""
        if "as_of" not in self.frame:
            raise LogError(
                'The log has no column "as_of", without which nothing can be said of a day.'
            )
        return pd.factorize(pd.to_datetime(self.frame["as_of"], utc=True).dt.floor("D"))[0]

    @property
    def days(self) -> int:
        """Days on which applications came."""
        return int(self.day.max()) + 1

    def supposing(self, y: np.ndarray) -> Self:
        """As if the unseen outcomes had been ``y``."""
        rows, unseen = self.rows, self.rows.unseen
        w = np.where(unseen, 1 / rows.chance, self.w)
        drawn = self.m + (self.last - self.m) / rows.pi
        a = np.where(unseen, drawn + w * (y - self.last), self.a)
        b = np.where(unseen, 1 - a, self.b)
        return replace(self, rows=rows.supposing(unseen, y), a=a, b=b, w=w)

    def top(self, count: float) -> np.ndarray:
        """Flags of the ``count`` highest scores; equal scores at the end are flagged in part."""
        return np.clip((count - self.start) / self.size, 0, 1)

    def action(self, name: str | None, event: bool) -> str:
        """``name`` where given; else the action that gains most, or least, from the event."""
        if name is not None and name not in self.value:
            raise LogError(
                f'The log holds no dollars for an action "{name}"; allowed: {one_of(self.value)}.'
            )
        if name is not None:
            return name
        suits = {k: (float((v1 - v0).sum()), float(v1.sum())) for k, (v1, v0) in self.value.items()}
        return (max if event else min)(suits, key=lambda k: suits[k])


@one_thread
def action_values(log: Log | Evidence | ActionValues, features: Sequence[str] = ()) -> ActionValues:
    """The eligible rows of a log; raises LogError as ``labelled`` does, and without dollars.

    Functions of this folder take a log or its action values: made once, they serve all of them.
    """
    if isinstance(log, ActionValues):
        return log
    evidence = evidence_of(log, features)
    names = valued_actions(evidence.log.columns)
    if len(names) < 2:
        raise LogError(
            f"The log holds dollars for {len(names)} actions ({', '.join(names) or 'none'}) and "
            "two are needed; add value_<action>_if_event and value_<action>_if_no_event."
        )
    frame, every = evidence.frame, labelled(evidence, features)
    order = np.flatnonzero(every.eligible)
    order = order[ranking(-every.rows.score[order], every.rows.cluster[order]).order]
    known, share = every.at(order), 1 - len(order) / len(every)
    score = known.rows.score
    new = np.append(True, score[1:] != score[:-1])[: len(score)]
    size = np.bincount(np.cumsum(new) - 1, minlength=1)
    start = np.cumsum(size) - size
    kept = [c for c in ("as_of", *(chance_of(name) for name in names)) if c in frame]
    gone = _count(known.rows.lost)
    said = [f"of the eligible: {share:.1%} had no chance to be revealed"] * (share > 0)
    said += [f"assumed: {gone:,} lost outcomes are like those followed"] * (gone > 0)
    return ActionValues(
        rows=known.rows,
        m=known.m,
        last=known.last,
        a=known.a,
        b=known.b,
        w=known.w,
        frame=frame[kept].iloc[order],
        value={name: _sides(frame, name, order) for name in names},
        start=np.repeat(start, size),
        size=np.repeat(size, size),
        note="; ".join(said) or "ok",
        lost=share,
    )


def _count(mask: np.ndarray) -> int:
    return int(mask.sum())


def _sides(frame: pd.DataFrame, name: str, rows: np.ndarray) -> Sides:
    made = []
    for ending in ("if_event", "if_no_event"):
        column = value_of(name, ending)
        if column not in frame:
            raise LogError(
                f'The log has no column "{column}"; every action needs both its dollars.'
            )
        values = frame[column].to_numpy(dtype=float)[rows]
        wrong = _count(~np.isfinite(values))
        if wrong:
            raise LogError(
                f'The log\'s column "{column}" is null or infinite in {wrong:,} of {len(rows):,} '
                "rows; every action needs its dollars."
            )
        made.append(values)
    return made[0], made[1]
