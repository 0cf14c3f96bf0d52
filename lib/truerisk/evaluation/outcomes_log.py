"""The judging rows of several outcomes as a decision log: who could be given what, how likely."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import IF_EVENT, IF_NO_EVENT, chance_of, score_of, value_of
from truerisk.measurement.evidence.evidence import Evidence, evidence_of, outcome_models
from truerisk.measurement.evidence.outcomes import TOLERANCE
from truerisk.problem.spec import Problem


@dataclass(frozen=True)
class OutcomesLog:
    """``rows`` is the log, with outcome models that know no candidate's score: all candidates are
    judged by the same ỹ. ``exact`` says whether every action's chance is known, not only that of
    what was done."""

    problem: Problem
    rows: pd.DataFrame
    exact: bool

    def scored(self, scores: np.ndarray, kept: np.ndarray | slice = slice(None)) -> Evidence:
        """Some of the rows with a model's scores of all of them, (n, outcomes)."""
        own = {score_of(o): scores[:, k] for k, o in enumerate(self.problem.outcomes)}
        some = self.rows.assign(score=scores[:, 0], **own)[kept].reset_index(drop=True)
        return evidence_of(some, as_logged=self.exact, same=self.problem.same_outcome)


def outcomes_log(
    problem: Problem,
    frame: pd.DataFrame,
    money: tuple[np.ndarray, np.ndarray],
    features: list[str],
) -> OutcomesLog:
    """Rows of a data set as a log; ``features`` may be used by its outcome models.

    The ledger knows the chance of every action. Of others' decisions only that of the action taken
    is known, which is all that an estimate reads; what is left of 1 stands at the other actions
    that were ever taken, by how often they were. Rows without either had no logged chance.
    """
    p, exact = _chances(problem, frame)
    names = list(problem.actions)
    shows = [names.index(a) for a in problem.revealing]
    log = frame.assign(
        score=0.5,
        action=frame["shown"].where(~np.isnan(p[:, 0])),
        revealed=frame["event"].notna(),
        p_reveal=p[:, shows].sum(axis=1),
        **{chance_of(name): p[:, i] for i, name in enumerate(names)},
        **{value_of(name, IF_EVENT): money[0][:, i] for i, name in enumerate(names)},
        **{value_of(name, IF_NO_EVENT): money[1][:, i] for i, name in enumerate(names)},
    )
    known = evidence_of(log, as_logged=exact, same=problem.same_outcome)
    return OutcomesLog(problem, log.assign(**outcome_models(known, features)), exact)


def _chances(problem: Problem, frame: pd.DataFrame) -> tuple[np.ndarray, bool]:
    """The chance of every action, (n, actions), null where none is known; whether all are exact."""
    names = list(problem.actions)
    logged = [frame.get(chance_of(name), np.nan) for name in names]
    p = np.column_stack([np.broadcast_to(column, len(frame)) for column in logged]).astype(float)
    ours = ~np.isnan(p).all(axis=1)
    p[ours] = np.nan_to_num(p[ours])  # an action that the ledger did not have yet had no chance
    ours &= np.abs(np.nansum(p, axis=1) - 1) <= TOLERANCE  # else some are no action any more
    p[~ours] = np.nan
    told = ~ours & frame["event"].notna().to_numpy()
    if not told.any():
        return p, True
    taken = np.array([names.index(a) for a in frame.loc[told, "shown"]])
    chance = frame.loc[told, "chance"].to_numpy(dtype=float)
    often = np.bincount(taken, minlength=len(names)).astype(float)
    others = np.tile(often, (len(taken), 1))
    others[np.arange(len(taken)), taken] = 0
    total = others.sum(axis=1)
    alone = total == 0
    if alone.any():  # nothing else was ever done: any other action that reveals
        others[alone] = [name in problem.revealing for name in names]
        others[alone, taken[alone]] = 0
        total = others.sum(axis=1)
    spread = others * ((1 - chance) / total)[:, None]
    spread[np.arange(len(taken)), taken] = chance
    p[told] = spread
    return p, bool((others > 0).sum(axis=1).max() == 1)
