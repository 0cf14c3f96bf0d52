"""The judging rows as a decision log, policies that cut it at a score, and what to rely on."""

import numpy as np
import pandas as pd

from truerisk.columns import CHANCE, IF_EVENT, IF_NO_EVENT, VALUE, value_of
from truerisk.problem.spec import Problem


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


def among(subjects: pd.Series, known: pd.Series) -> np.ndarray:
    """Whether each subject is one of those known, shape (n,).

    pandas' own isin makes an Arrow scalar of every known text, as does a loop over a column of it:
    a hundred times and ten times slower.
    """
    there = set(known.tolist())
    return np.array([subject in there for subject in subjects.tolist()], dtype=bool)
