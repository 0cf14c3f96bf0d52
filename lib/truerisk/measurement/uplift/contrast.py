"""One action against another that shows an outcome of its own: the rows of both, and which each is.

What follows a contact is not what follows none; nobody shows both. Of a person stands
τ̃ = ỹ_action − ỹ_instead, each outcome's ỹ = m + 1{A = a}(y − m)/p_a.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import SIDES, value_of, valued_actions
from truerisk.errors import LogError
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.evidence.outcome_model import guesses
from truerisk.measurement.evidence.outcomes import Outcome, outcomes_of
from truerisk.measurement.evidence.pseudo import Guess
from truerisk.measurement.evidence.rows import Rows
from truerisk.wording.lists import one_of

EVENTS, DOLLARS = "events", "dollars"


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """``rows`` and ``guess`` hold the action's outcome of all mature applications above that of
    ``instead``, in the same order. Their columns (unit, side) say what the event and its absence
    are worth in τ̃: of EVENTS and, where the log has them, of DOLLARS."""

    action: str
    instead: str
    rows: Rows
    guess: Guess

    def __len__(self) -> int:
        """Applications."""
        return len(self.rows) // 2

    @property
    def units(self) -> list[str]:
        return [unit for unit in (EVENTS, DOLLARS) if (unit, SIDES[0]) in self.rows.also]

    @property
    def identified(self) -> np.ndarray:
        """Who had a chance of both actions, (applications,): of others τ̃ is not known."""
        return np.all(self.rows.pi.reshape(2, -1) > 0, axis=0)


def contrast(
    known: Evidence, action: str | None, instead: str | None, features: Sequence[str]
) -> Contrast:
    """The log's ``action`` against ``instead``; the outcome models may use ``features``.

    Where they are not named, and there are two, the action is the one that costs more when nothing
    happens. Raises LogError where the actions do not show outcomes of their own.
    """
    frame = known.frame
    outcomes = outcomes_of(frame, known.same)
    if len(outcomes) < 2:
        raise LogError(
            "The log's actions show one outcome, so that none adds to another's; a contrast needs "
            "two actions that reveal, each with its p_<action>."
        )
    acting, resting = pair(frame, outcomes, action, instead)
    rows, guess = [], []
    for outcome, sign in ((acting, 1.0), (resting, -1.0)):
        made = known.rows_of(outcome)
        none = np.zeros(len(frame))
        worth = {(EVENTS, SIDES[0]): none + sign, (EVENTS, SIDES[1]): none}
        if outcome.name in valued_actions(frame.columns):
            for side in SIDES:
                worth[DOLLARS, side] = sign * frame[value_of(outcome.name, side)].to_numpy(float)
        rows.append(made.adding(worth))
        guess.append(guesses(frame, made, features, outcome.name))
    return Contrast(
        action=acting.name,
        instead=resting.name,
        rows=Rows.stacked(rows),
        guess=Guess.stacked(guess),
    )


def pair(
    frame: pd.DataFrame, outcomes: Sequence[Outcome], action: str | None, instead: str | None
) -> tuple[Outcome, Outcome]:
    """The outcomes of the action and of what is done instead."""
    named = {a: outcome for outcome in outcomes for a in outcome.actions}
    for asked in (action, instead):
        if asked is not None and asked not in named:
            raise LogError(
                f'No action "{asked}" shows an outcome in this log; there are {one_of(named)}.'
            )
    if action is None or instead is None:
        action, instead = _guessed(frame, [o.name for o in outcomes], action, instead)
    if named[action] == named[instead]:
        raise LogError(
            f'The actions "{action}" and "{instead}" show the same outcome: neither adds to the '
            "other's."
        )
    return named[action], named[instead]


def _guessed(
    frame: pd.DataFrame, names: Sequence[str], action: str | None, instead: str | None
) -> tuple[str, str]:
    others = [name for name in names if name not in (action, instead)]
    if len(names) == 2 and (action or instead):
        return action or others[0], instead or others[0]
    idle = {a: value_of(a, SIDES[1]) for a in names}
    if len(names) != 2 or not all(column in frame for column in idle.values()):
        raise LogError(
            f"The log's actions {', '.join(names)} show outcomes of their own; say which is "
            'compared with which: action="…", instead="…".'
        )
    first, second = sorted(names, key=lambda a: float(frame[idle[a]].mean()))
    return first, second
