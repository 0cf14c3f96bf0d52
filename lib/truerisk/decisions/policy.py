"""The policy: expected dollars choose the action, rules come first."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import SCORE, score_of
from truerisk.errors import ProblemError, SourceError
from truerisk.lake.sources.declared import evaluated
from truerisk.models.calibration import Calibration
from truerisk.models.package import Model
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted


@dataclass(frozen=True)
class Choice:
    """What the policy takes by itself, before exploration; all of shape (n,) or (n, actions).

    ``action`` is the index into the problem's actions, ``rule`` the reason of the rule that
    decided (null where dollars did), ``absolute`` whether that rule forbids exploration.
    """

    action: np.ndarray
    rule: np.ndarray
    absolute: np.ndarray
    expected: np.ndarray


MOST_DOLLARS = 1e12  # of an action
DRAWS = "one an application"  # before: one a subject and window of 90 days
DECIDES = {"actions", "calendar", "rules", "exploration"}  # of a problem, beside the model


def policy_version(problem: Problem) -> str:
    """Names what decides beside the model: actions, rules, exploration and how it draws."""
    parts = problem.model_dump(mode="json", include=DECIDES)
    if problem.exploration:
        parts["draws"] = DRAWS
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def dollars(problem: Problem, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Dollars of every action if the event happens and if not, each of shape (n, actions).

    Raises ProblemError for an expression these columns cannot compute, SourceError for nulls,
    infinities and more than a trillion.
    """
    made = []
    for side in ("if_event", "if_no_event"):
        columns = []
        for name, action in problem.actions.items():
            where = f"actions.{name}.{side}"
            values = _evaluated(problem, frame, where, getattr(action, side)).astype("float64")
            missing = int(values.isna().sum())
            if missing:
                raise SourceError(
                    f"{problem.where}: {where} is null for {missing:,} of "
                    f"{counted(len(frame), 'application')}; every action needs its "
                    "dollars, so use coalesce() or a contract that forbids the nulls."
                )
            endless = int(np.isinf(values).sum())
            if endless:
                raise SourceError(
                    f"{problem.where}: {where} is infinite for {endless:,} of "
                    f"{counted(len(frame), 'application')}; where it divides by what can be 0, "
                    "write nullif(…, 0) and coalesce()."
                )
            large = int((values.abs() > MOST_DOLLARS).sum())
            if large:
                raise SourceError(
                    f"{problem.where}: {where} is more than a trillion dollars for {large:,} of "
                    f"{counted(len(frame), 'application')}; prices of seats would be noise beside "
                    "it, so bound it with least() and greatest()."
                )
            columns.append(values.to_numpy())
        made.append(np.column_stack(columns))
    return made[0], made[1]


def model_scores(problem: Problem, model: Model, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """The column ``score``, and where actions show several outcomes that of each."""
    made = model.score(frame)
    if made.ndim == 1:
        return {SCORE: made}
    own = {score_of(outcome): made[:, k] for k, outcome in enumerate(problem.outcomes)}
    return {SCORE: made[:, 0], **own}


def scores(problem: Problem, frame: pd.DataFrame) -> np.ndarray:
    """P(event) that each action's dollars are weighed with, shape (n, actions).

    ``score`` for all of them; where actions show outcomes of their own the outcome's, and the
    first one's for an action that shows none.
    """
    outcomes = problem.outcomes
    if len(outcomes) == 1:
        one = frame[SCORE].to_numpy(dtype=float)
        return np.broadcast_to(one[:, None], (len(one), len(problem.actions)))
    shown = {a: outcome for outcome, actions in outcomes.items() for a in actions}
    first = next(iter(outcomes))
    columns = [score_of(shown.get(action, first)) for action in problem.actions]
    return frame[columns].to_numpy(dtype=float)


def by_action(problem: Problem, score: np.ndarray) -> np.ndarray:
    """A model's scores, (n,) or (n, outcomes), as dollars are weighed with them: of several
    outcomes those of each action, (n, actions), as ``scores`` has them."""
    if score.ndim == 1:
        return score
    place = {a: k for k, shown in enumerate(problem.outcomes.values()) for a in shown}
    return score[:, [place.get(action, 0) for action in problem.actions]]


def recalibrated(problem: Problem, calibration: Calibration, score: np.ndarray) -> np.ndarray:
    """Scores (n, actions) as they are true for everyone, by what was measured of the outcome; as
    they are where actions have outcomes of their own."""
    if len(problem.outcomes) > 1:
        return score
    return np.broadcast_to(calibration.apply(score[:, 0])[:, None], score.shape)


def choose(
    problem: Problem, frame: pd.DataFrame, score: np.ndarray, money: tuple[np.ndarray, np.ndarray]
) -> Choice:
    """The action with the greatest expected dollars, unless a rule says otherwise.

    Expected dollars of action a: score · v_a1 + (1 − score) · v_a0, ``score`` (n,) or, where
    actions have outcomes of their own, (n, actions); ties take the first action of the file. Of
    several rules that apply the first decides.
    """
    expected = expected_dollars(score, money)
    action = expected.argmax(axis=1)
    rule = np.full(len(frame), None, dtype=object)
    absolute = np.zeros(len(frame), dtype=bool)
    names = list(problem.actions)
    for i in reversed(range(len(problem.rules))):
        stated = problem.rules[i]
        applies = _evaluated(problem, frame, f"rules[{i}].when", stated.when)
        hit = applies.fillna(False).astype(bool).to_numpy()
        action[hit] = names.index(stated.action)
        rule[hit] = stated.reason
        absolute[hit] = stated.absolute
    return Choice(action, rule, absolute, expected)


def expected_dollars(score: np.ndarray, money: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """score · v_a1 + (1 − score) · v_a0 of every action a, shape (n, actions)."""
    p = score[:, None] if score.ndim == 1 else score
    return p * money[0] + (1 - p) * money[1]


def of_action(table: np.ndarray, action: np.ndarray) -> np.ndarray:
    """What each row of a ``table`` (n, actions) has for its own ``action`` (n,), shape (n,)."""
    return table.ravel().take(np.arange(len(table)) * table.shape[1] + action)


def probabilities(problem: Problem, choice: Choice) -> np.ndarray:
    """The policy's own probability of each action, shape (n, actions): 1 for its choice."""
    return np.eye(len(problem.actions))[choice.action]


def _evaluated(problem: Problem, frame: pd.DataFrame, where: str, expression: str) -> pd.Series:
    """In the types that the model knew, as far as the problem says them (``Problem.typed``)."""
    try:
        return evaluated(frame, expression, problem.column_types, f"{problem.where}: {where}")
    except ValueError as error:
        raise ProblemError(f"{problem.where}: {where}: {error}.") from error
