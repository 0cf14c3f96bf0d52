"""The logged decisions made again by a changed policy: scores as they were, nothing drawn anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from truerisk.columns import (
    FEATURE,
    PROTECTED,
    SEGMENT,
    SIDES,
    chance_of,
    value_of,
    valued_actions,
)
from truerisk.decisions.policy import Choice, choose, dollars, policy_version, scores
from truerisk.errors import ProblemError, SourceError
from truerisk.features.dataset import applications
from truerisk.features.definitions import names
from truerisk.lake.identity import as_text
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.monitoring.preview.seats import with_seats
from truerisk.problem.expression import columns_of
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted
from truerisk.wording.lists import listed

Money = tuple[np.ndarray, np.ndarray]  # if the event happens and if not, each (n, actions)


@dataclass(frozen=True, kw_only=True, eq=False)
class Redecided:
    """Rows as in ``log``; an action is its place in ``actions``, the log's.

    ``was`` is what the policy that ran took by itself, ``now`` what the changed one takes, (n,);
    ``chance`` (n, actions) the logged probabilities before the draw, 0 where none was logged;
    ``logged`` and ``money`` the dollars of then and of the changed file, ``score`` (n, actions) the
    logged score of each action's outcome.
    """

    log: pd.DataFrame
    actions: tuple[str, ...]
    was: np.ndarray
    now: np.ndarray
    chance: np.ndarray
    logged: Money
    money: Money
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.log)

    @property
    def moved(self) -> np.ndarray:
        """Whether the decision changes, (n,)."""
        return self.was != self.now

    @property
    def mass(self) -> np.ndarray:
        """The logged probability of the old own action, which moves; exploration stays, (n,)."""
        unlogged = self.chance.sum(axis=1) == 0
        return np.where(unlogged, 1.0, self.of(self.chance, self.was))

    def where(self, rows: np.ndarray) -> "Redecided":
        """The rows of a mask."""
        return Redecided(
            log=self.log[rows].reset_index(drop=True),
            actions=self.actions,
            was=self.was[rows],
            now=self.now[rows],
            chance=self.chance[rows],
            logged=(self.logged[0][rows], self.logged[1][rows]),
            money=(self.money[0][rows], self.money[1][rows]),
            score=self.score[rows],
        )

    def of(self, values: np.ndarray, action: np.ndarray) -> np.ndarray:
        """Each row's value of its action, (n,)."""
        return values[np.arange(len(self)), action]


def redecide(
    changed: Problem,
    decided_by: Problem,
    lake: Lake,
    log: pd.DataFrame,
    manifests: Mapping[str, Mapping[str, Any]],
) -> Redecided:
    """Every row of a decision log by the changed policy before exploration.

    ``manifests`` hold the definition of each model that decided. Raises ProblemError and
    SourceError for columns that are not there.
    """
    log = _with_actions(decided_by, log)
    actions = tuple(valued_actions(log.columns))
    place = {a: i for i, a in enumerate(actions)}
    own = np.array([place[a] for a in changed.actions])
    frame = _columns(changed, lake, log)
    chance = log[[chance_of(a) for a in actions]].to_numpy(float)
    logged = tuple(log[[value_of(a, s) for a in actions]].to_numpy(float) for s in SIDES)
    money = (logged[0].copy(), logged[1].copy())
    choices, places = [], []
    version = log["model_version"].to_numpy()
    for model in pd.unique(version):
        rows = np.flatnonzero(version == model)
        typed = changed.typed(manifests[model]["definition"])
        part = frame.iloc[rows].reset_index(drop=True)
        made = dollars(typed, part)
        choices.append(choose(typed, part, scores(typed, part), made))
        places.append(rows)
        for side, values in zip(money, made, strict=True):
            side[np.ix_(rows, own)] = values
    back = np.argsort(np.concatenate(places))
    choice = Choice(
        **{n: np.concatenate([getattr(c, n) for c in choices])[back] for n in vars(choices[0])}
    )
    taken = with_seats(changed, log, frame, choice) if changed.limited else choice.action
    was = _own(log, actions, decided_by)
    ran = log["policy_version"].eq(policy_version(changed)).to_numpy()  # this very policy
    return Redecided(
        log=log,
        actions=actions,
        was=was,
        now=np.where(ran, was, own[taken]),
        chance=np.nan_to_num(chance),
        logged=(logged[0], logged[1]),
        money=money,
        score=_scores(changed, decided_by, log, actions),
    )


def _with_actions(decided_by: Problem, log: pd.DataFrame) -> pd.DataFrame:
    """The log with the deciding file's actions alone: a column that is only there because of other
    rows of the ledger goes, and an action had no chance in rows that are older than it."""
    every = valued_actions(log.columns)
    gone = [a for a in every if a not in decided_by.actions or log[chance_of(a)].isna().all()]
    kept = [a for a in every if a not in gone]
    log = log.drop(
        columns=[c for a in gone for c in (chance_of(a), *(value_of(a, s) for s in SIDES))]
    )
    logged = log[[chance_of(a) for a in kept]].notna().any(axis=1)
    return log.assign(**{chance_of(a): log[chance_of(a)].fillna(0.0).where(logged) for a in kept})


def _own(log: pd.DataFrame, actions: tuple[str, ...], decided_by: Problem) -> np.ndarray:
    """What the policy that ran took by itself, before any draw, (n,).

    Older ledgers do not say: there exploration went from an action that hides the outcome, and
    the policy's own action has what is left of 1.
    """
    chance = np.nan_to_num(log[[chance_of(a) for a in actions]].to_numpy(float))
    hides = np.array([not decided_by.actions[a].reveals for a in actions])
    explored = log["exploration_rate"].to_numpy(float) > 0
    own = np.where(explored[:, None] & ~hides, -1.0, chance).argmax(axis=1)
    unlogged = chance.sum(axis=1) == 0
    taken = pd.Index(actions).get_indexer(pd.Index(log["action"]))
    own = np.where(unlogged, taken, own)
    if "own_action" not in log:
        return own
    said = pd.Index(actions).get_indexer(pd.Index(log["own_action"]))
    return np.where(said >= 0, said, own)


def _scores(
    changed: Problem, decided_by: Problem, log: pd.DataFrame, actions: tuple[str, ...]
) -> np.ndarray:
    """The logged score of each action's outcome, (n, actions)."""
    of = scores(decided_by, log)
    places = list(decided_by.actions)
    return of[:, [places.index(a) for a in actions]]


def _columns(changed: Problem, lake: Lake, log: pd.DataFrame) -> pd.DataFrame:
    """What money and rules read: as the ledger kept it, else as the applications hold it."""
    kept = log.rename(columns=_bare)
    kept = kept.loc[:, ~kept.columns.duplicated()]
    expressions = [rule.when for rule in changed.rules]
    for action in changed.actions.values():
        expressions += [action.if_event, action.if_no_event]
    read = {c for e in expressions for c in columns_of(e)}
    there = {str(c).lower() for c in kept.columns}
    missing = sorted(c for c in read if c.lower() not in there)
    if unseen := [c for c in missing if c in names(changed) and c not in changed.features.columns]:
        raise ProblemError(
            f"{changed.where}: its money or rules read {listed(unseen)}, which the decisions' "
            "ledger does not hold; a preview reads what was known at each decision, so use what "
            "the model that decided had."
        )
    if not missing:
        return kept
    with Sources(changed, lake) as sources:
        held = applications(sources, changed, None, None)
    held = held.set_axis(as_text(held[changed.key]), axis=0)
    keys = as_text(log[changed.key])
    gone = int((~keys.isin(held.index)).sum())
    if gone:
        raise SourceError(
            f"{changed.where}: its money or rules read {listed(missing)}, which the ledger does "
            f'not hold, and source "{changed.application.source}" no longer has {gone:,} of the '
            f"{counted(len(log), 'application')} that were decided; bring them back, or read what "
            "the ledger holds."
        )
    found = held.loc[keys.to_numpy(), missing].set_axis(kept.index, axis=0)
    return pd.concat([kept, found], axis=1)


def _bare(column: object) -> str:
    name = str(column)
    for start in (FEATURE, SEGMENT, PROTECTED):
        name = name.removeprefix(start)
    return name
