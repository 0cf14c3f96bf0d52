"""The support map: of each decision that changes, how its dollars could be known.

What a change is worth hangs on outcomes. One that the log shows, or shows of a random part, is
identified; one that it never shows has a score and nothing to check it by; and of what an absolute
rule decided, or of what would be offered on other terms, not even a score was ever right.
"""

from collections.abc import Collection
from enum import Enum

import numpy as np

from truerisk.monitoring.preview.redecided import Redecided
from truerisk.problem.spec import Problem

SURE = 1 - 1e-9


class Support(Enum):
    """How far the dollars of a changed decision are known."""

    IDENTIFIED = "identified"
    GUESSED = "guessed"
    UNKNOWN = "unknown"


class Ground(Enum):
    """Why, of each changed decision; the first that holds."""

    TERMS = "terms"  # other dollars than logged, if what is offered is another amount or price
    NO_OUTCOME = "no outcome"  # its dollars need none
    RAN = "ran"  # what ran shows the outcome of every such row
    EXPLORED = "explored"  # exploration, or an audit of reviews, shows it of a random part
    RULE = "rule"  # an absolute rule decided, so that no such outcome was ever seen
    NO_SCORE = "no score"
    SCORE = "score"  # no logged chance; a score is all there is

    @property
    def support(self) -> Support:
        if self in (Ground.NO_OUTCOME, Ground.RAN, Ground.EXPLORED):
            return Support.IDENTIFIED
        return Support.GUESSED if self is Ground.SCORE else Support.UNKNOWN


GROUNDS = tuple(Ground)


def grounds(
    made: Redecided, decided_by: Problem, absolute: Collection[str], same_terms: bool
) -> np.ndarray:
    """The place in ``GROUNDS`` of each row, (n,), −1 where the decision stays.

    ``absolute`` are the reasons of rules that allow no exploration; ``same_terms``: dollars that
    differ from the logged ones value the same offer in another way.
    """
    need, sure, seen = _needs(made, decided_by, same_terms)
    rule = made.log["rule"].isin(list(absolute)).to_numpy()
    scored = ~np.isnan(np.stack([made.of(made.score, a) for a in (made.was, made.now)])).any(axis=0)
    holds = {
        Ground.TERMS: np.zeros(len(made), bool) if same_terms else _other_terms(made, decided_by),
        Ground.NO_OUTCOME: ~need,
        Ground.RAN: sure,
        Ground.EXPLORED: seen,
        Ground.RULE: rule,
        Ground.NO_SCORE: ~scored,
        Ground.SCORE: np.ones(len(made), bool),
    }
    first = np.argmax(np.column_stack([holds[g] for g in GROUNDS]), axis=1)
    return np.where(made.moved, first, -1)


def as_logged(made: Redecided, decided_by: Problem, same_terms: bool) -> np.ndarray:
    """Whether the old action is valued at its logged dollars, (n,), else at the changed file's.

    An offer earned what was logged for it, unless the changed dollars only value it in another
    way. An action that hides outcomes offers nothing: its dollars are a valuation, old and new.
    """
    reveals = np.array([decided_by.actions[a].reveals for a in made.actions])
    return np.zeros(len(made), dtype=bool) if same_terms else reveals[made.was]


def sides(made: Redecided, decided_by: Problem, same_terms: bool) -> tuple[np.ndarray, np.ndarray]:
    """Dollars of the old and of the new action, if the event happens and if not, (2, n) each."""
    logged = as_logged(made, decided_by, same_terms)
    old = [
        np.where(logged, made.of(then, made.was), made.of(now, made.was))
        for then, now in zip(made.logged, made.money, strict=True)
    ]
    return np.stack(old), np.stack([made.of(side, made.now) for side in made.money])


def _other_terms(made: Redecided, decided_by: Problem) -> np.ndarray:
    """Whether the new action reveals and its dollars are not those logged for it, (n,)."""
    reveals = np.array([decided_by.actions[a].reveals for a in made.actions])
    other = np.zeros(len(made), dtype=bool)
    for then, now in zip(made.logged, made.money, strict=True):
        old, new = made.of(then, made.now), made.of(now, made.now)
        other |= ~np.isnan(old) & ~np.isclose(old, new, rtol=1e-9, atol=1e-9)
    return other & reveals[made.now]


def _needs(
    made: Redecided, decided_by: Problem, same_terms: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether the dollars of the change need any outcome, and whether those that they need were
    shown in every such row, or with some chance; (n,) each.

    An action that hides outcomes stands with the first one.
    """
    old, new = sides(made, decided_by, same_terms)
    shown = {a: o for o, actions in decided_by.outcomes.items() for a in actions}
    first = next(iter(decided_by.outcomes))
    of = np.array([shown.get(a, first) for a in made.actions], dtype=object)
    reveals = np.array([a in shown for a in made.actions])
    reviews = np.isin(made.actions, decided_by.reviews)
    need = np.zeros(len(made), dtype=bool)
    sure, seen = np.ones(len(made), dtype=bool), np.ones(len(made), dtype=bool)
    for outcome in decided_by.outcomes:
        by_event = (new[0] - new[1]) * (of[made.now] == outcome)
        by_event = by_event - (old[0] - old[1]) * (of[made.was] == outcome)
        hangs = ~np.isclose(by_event, 0.0, atol=1e-9)
        shows = reveals & (of == outcome)
        need |= hangs
        # What a person declines in a review passes by an audit alone: that is no certainty.
        sure &= ~hangs | (made.chance[:, shows & ~reviews].sum(axis=1) >= SURE)
        seen &= ~hangs | (made.chance[:, shows].sum(axis=1) > 0)
    return need, sure, seen
