"""Actions that the ledger holds and a problem file no longer has: what they were still counts.

A file that drops an action decides without it from now on. Whom it went to has had it all the
same: whether the outcome was seen, who may give a verdict, what lateness means.
"""

from collections.abc import Iterator

import pandas as pd

from truerisk.errors import ProblemError
from truerisk.lake.lake import Lake
from truerisk.lake.problem_files import kept_problem
from truerisk.problem.actions import Action
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted


def with_former_actions(problem: Problem, lake: Lake, decided: pd.DataFrame) -> Problem:
    """The problem, and each action of the ledger's rows ``decided`` that it lacks, as it was.

    They come from the files that decided, which the lake keeps. Where the old file and today's
    know one outcome it is one: an action that has another name now shows the same. Raises
    ProblemError where no file was kept.
    """
    gone = [a for a in decided["action"].dropna().unique() if a not in problem.actions]
    found: dict[str, Action] = {}
    for name in gone:
        rows = decided[decided["action"].eq(name)]
        then = kept_problem(lake, problem.name, _version(problem, rows, str(name)))
        one = len(then.outcomes) == 1 and len(problem.outcomes) == 1
        for needed in _with_those_it_names(then, str(name)):
            if needed in problem.actions:
                continue
            action = then.actions[needed]
            if one and action.reveals:
                shown = {"same_outcome_as": problem.offer, "own_outcome": False}
                action = action.model_copy(update=shown)
            found[needed] = action
    if not found:
        return problem
    return problem.model_copy(update={"actions": {**problem.actions, **found}})


def _version(problem: Problem, rows: pd.DataFrame, name: str) -> str:
    """The newest file that gave the action."""
    versions = rows["problem_version"].dropna() if "problem_version" in rows else pd.Series()
    if versions.empty:
        raise ProblemError(
            f'{problem.where}: actions lacks "{name}", which {counted(len(rows), "decision")} of '
            f"the ledger took, and no file that decided was kept; write [actions.{name}] as it "
            "was, with capacity = 0, so that nobody is sent there"
        )
    return str(versions.iloc[-1])


def _with_those_it_names(then: Problem, name: str) -> Iterator[str]:
    """The action, and what its verdicts and its lateness become."""
    action = then.actions[name]
    yield name
    yield from (to for to in [*action.verdicts.values(), action.late] if to)
