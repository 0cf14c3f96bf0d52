"""The judging rows as a decision log, policies that cut it at a score, and what to rely on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from truerisk.columns import CHANCE, IF_EVENT, IF_NO_EVENT, VALUE, value_of
from truerisk.decisions.capacity.whole_days import within_seats
from truerisk.decisions.policy import by_action, choose, probabilities
from truerisk.problem.spec import Problem


@dataclass(frozen=True, kw_only=True)
class Compared:
    """measure()'s rows of the challenger's policy against the champion's, on ``rows`` rows."""

    rows: int
    estimates: pd.DataFrame


def judging_log(
    problem: Problem,
    frame: pd.DataFrame,
    score: np.ndarray,
    money: tuple[np.ndarray, np.ndarray],
) -> pd.DataFrame:
    """The judging rows as a decision log."""
    log = frame.assign(score=score, revealed=frame["event"].notna())
    for i, name in enumerate(problem.actions):
        log[value_of(name, IF_EVENT)] = money[0][:, i]
        log[value_of(name, IF_NO_EVENT)] = money[1][:, i]
    return log


def policy_of(
    problem: Problem,
    frame: pd.DataFrame,
    score: np.ndarray,
    money: tuple[np.ndarray, np.ndarray],
    came: pd.Series,
) -> pd.DataFrame:
    """What a model would do with rows by its scores, (n,) or (n, outcomes), within the capacities:
    a probability of each action. ``came`` are the times of all applications of those days."""
    choice = choose(problem, frame, by_action(problem, score), money)
    chosen = within_seats(problem, frame, choice, came)
    return pd.DataFrame(probabilities(problem, chosen), columns=[*problem.actions])


def cut_policy(
    problem: Problem, below: np.ndarray, money: tuple[np.ndarray, np.ndarray]
) -> pd.DataFrame:
    """The policy that reveals below a score and takes the best other action above it."""
    names = list(problem.actions)
    to = names.index(problem.offer)
    other = (money[0] + money[1]) / 2
    other[:, to] = -np.inf
    p = np.eye(len(names))[np.where(below, to, other.argmax(axis=1))]
    return pd.DataFrame(p, columns=names)


def judged_rows(
    problem: Problem,
    log: pd.DataFrame,
    chosen: np.ndarray,
    reference: pd.DataFrame,
    policy: pd.DataFrame,
) -> pd.DataFrame:
    """The rows of a log whose ``score`` is the rival's, with what the chosen candidate adds."""
    dollars = [c for c in log.columns if c.startswith(VALUE)]
    both = log[[problem.key, "as_of", "score", "m", *dollars]].assign(chosen_score=chosen)
    chances = [reference.add_prefix(CHANCE), policy.add_prefix(f"chosen_{CHANCE}")]
    return pd.concat([both, *chances], axis=1)
