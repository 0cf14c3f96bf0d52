"""Scores and policies that come beside a log: the same rows, in the log's order, or refused."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from truerisk.errors import LogError
from truerisk.measurement.evidence.outcomes import TOLERANCE, refuse
from truerisk.measurement.evidence.types import numbers
from truerisk.wording.counted import counted

Indexed = TypeVar("Indexed", pd.Series, pd.DataFrame)


def score_of(log: pd.DataFrame, score: object, what: str, kept: np.ndarray) -> np.ndarray:
    """A score of the ``kept`` rows of a log, (kept,): a Series by its index, else as it lies.

    Raises LogError for other rows than the log's, and for what is no number in [0, 1].
    """
    found = rank_of(log, score, what, kept)
    refuse(f"{what} lies outside [0, 1]", ~((found >= 0) & (found <= 1)))
    return found


def rank_of(log: pd.DataFrame, score: object, what: str, kept: np.ndarray) -> np.ndarray:
    """The same of a score on any scale, that may be null."""
    if isinstance(score, pd.DataFrame):
        raise LogError(f"{what} is a DataFrame; give one of its columns.")
    if isinstance(score, pd.Series):
        values = _as_in(log, score, what)
    else:
        values = pd.Series(np.ravel(np.asarray(score)))
        if len(values) != len(log):
            raise LogError(_length(log, values, what))
    return numbers(values[kept], what)


def policy_of(
    log: pd.DataFrame, policy: pd.DataFrame, actions: Sequence[str], what: str, kept: np.ndarray
) -> pd.DataFrame:
    """A policy's probability of each action in the ``kept`` rows of a log, a column an action.

    Raises LogError for other rows or actions, and for what are no probabilities that add up to 1.
    """
    if not isinstance(policy, pd.DataFrame):
        raise LogError(
            f"{what} is a {type(policy).__name__}; give a DataFrame, an action a column."
        )
    if len(policy) != len(log) or sorted(map(str, policy.columns)) != sorted(actions):
        raise LogError(
            f"{what} has {counted(len(policy), 'row')} of "
            f"{', '.join(map(str, policy.columns))}; allowed "
            f"are {counted(len(log), 'row')}, as in the log, of {', '.join(actions)}."
        )
    same = _as_in(log, policy, what)[kept]
    found = pd.DataFrame({a: numbers(same[a], f"{what}, {a}") for a in actions})
    p = found.to_numpy()
    refuse(f"{what} has probabilities outside [0, 1]", ~np.all((p >= 0) & (p <= 1), axis=1))
    refuse(f"{what} does not sum to 1", ~(np.abs(p.sum(axis=1) - 1) <= TOLERANCE))
    return found


def _as_in(log: pd.DataFrame, given: Indexed, what: str) -> Indexed:
    if len(given) != len(log):
        raise LogError(_length(log, given, what))
    if given.index.equals(log.index):
        return given
    unique = given.index.is_unique and log.index.is_unique
    if not unique or not log.index.isin(given.index).all():
        raise LogError(
            f"{what} has an index that is not the log's, so its rows cannot be matched; give it "
            "the log's own index, each row once, or an array in the log's order."
        )
    return given.reindex(log.index)


def _length(log: pd.DataFrame, given: pd.Series | pd.DataFrame, what: str) -> str:
    return (
        f"{what} has {counted(len(given), 'row')} and the log {len(log):,}; give one for each "
        "row of the "
        "log, in its order."
    )
