"""decide(): from scored applications to ledger rows. One function for every caller.

A decision is a function of the application, its features, the model, the policy, the hash draw and
what the batch pinned: no clock and no random generator, so a retry gives the same row.
"""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from truerisk.decisions.batch import Batch
from truerisk.decisions.exploration import LEAST_COST, brake, draw, rates
from truerisk.decisions.policy import choose, dollars, policy_version, probabilities
from truerisk.problem.spec import Problem

FEATURE = "feature__"
SEGMENT = "segment__"


def decide(
    problem: Problem, scored: pd.DataFrame | Sequence[pd.DataFrame], batch: Batch
) -> pd.DataFrame:
    """One ledger row per scored application, in order of (as_of, key).

    ``scored``, one frame or the shards of one, holds the key, subject, as_of (UTC), score, the
    batch's features and the columns that money and rules read. ``p_<action>`` are the exact
    probabilities before the draw and sum to 1; ``value_<action>_if_event`` and
    ``…_if_no_event`` are dollars.
    """
    scored = scored if isinstance(scored, pd.DataFrame) else pd.concat(scored)
    scored = scored.sort_values(["as_of", problem.key], ignore_index=True)
    names = list(problem.actions)
    score = scored["score"].to_numpy(dtype=float)
    money = dollars(problem, scored)
    choice = choose(problem, scored, score, money)
    reveals = np.array([action.reveals for action in problem.actions.values()])
    p = probabilities(problem, choice)
    rate, cost, explored = _explore(problem, scored, batch, choice, reveals)
    action = choice.action.copy()
    if problem.exploration is not None:
        to = names.index(problem.exploration.action)
        p *= 1 - rate[:, None]
        p[:, to] += rate
        action[explored] = to
    rows = np.arange(len(scored))
    ledger = pd.DataFrame(
        {
            problem.key: scored[problem.key],
            "decision_id": _ids(problem, scored[problem.key]),
            "subject": scored["subject"].astype(str),
            "as_of": scored["as_of"],
            "action": np.array(names, dtype=object)[action],
            "score": score,
            "propensity": p[rows, action],
            "p_reveal": p[:, reveals].sum(axis=1),
            "explored": explored,
            "rule": pd.Series(choice.rule, dtype="str"),
            "expected_value": choice.expected[rows, action],
            "exploration_rate": rate,
            "exploration_cost": cost,
            "model_version": batch.model_version,
            "policy_version": policy_version(problem),
            "role": "champion",
            "batch": batch.id,
            "run": batch.run,
            "source_versions": json.dumps(batch.versions, sort_keys=True),
        }
    )
    for i, name in enumerate(names):
        ledger[f"p_{name}"] = p[:, i]
        ledger[f"value_{name}_if_event"] = money[0][:, i]
        ledger[f"value_{name}_if_no_event"] = money[1][:, i]
    inputs = scored[batch.features].add_prefix(FEATURE)
    others = [s for s in problem.training.segments if s not in batch.features]
    return pd.concat([ledger, inputs, scored[others].add_prefix(SEGMENT)], axis=1)


def describe(problem: Problem, decided: pd.DataFrame, new: int) -> str:
    """What a run decided, in words; also where the budget kept exploration below its floor."""
    explored = int(decided["explored"].sum()) if new else 0
    said = [f"Decided {new:,} applications, {explored:,} by exploration."]
    floor = problem.exploration.floor if problem.exploration else 0.0
    could = decided["exploration_cost"] > 0
    below = could & (decided["exploration_rate"] < floor)
    if below.any():
        said.append(
            f"Exploration stayed below its floor of {floor:g} for {int(below.sum()):,} of "
            f"{int(could.sum()):,} applications: its budget or daily cap affords no more."
        )
    return "\n".join(said)


def _explore(problem, scored, batch, choice, reveals):  # type: ignore[no-untyped-def]
    """Rate, cost in dollars and outcome of the draw for each row; zeros where none is allowed."""
    n = len(scored)
    rate, cost, explored = np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    exploration = problem.exploration
    if exploration is None:
        return rate, cost, explored
    rows = np.arange(n)
    own = choice.expected[rows, choice.action]
    to = list(problem.actions).index(exploration.action)
    allowed = ~reveals[choice.action] & ~choice.absolute
    lost = np.maximum(own - choice.expected[:, to], LEAST_COST)
    cost[allowed] = lost[allowed]
    day = scored["as_of"].dt.strftime("%Y-%m-%d").to_numpy(dtype=object)
    rate[allowed] = rates(
        exploration, lost[allowed], float(own.sum()), day[allowed].astype(str), batch.spent
    )
    salt = exploration.salt or problem.name
    u = draw(salt, scored.loc[allowed, "subject"], scored.loc[allowed, "as_of"])
    explored[allowed] = u < rate[allowed]
    stopped = brake(exploration, explored[allowed], day[allowed].astype(str), batch.spent)
    rate[np.flatnonzero(allowed)[stopped]] = 0.0
    explored[np.flatnonzero(allowed)[stopped]] = False
    return rate, cost, explored


def _ids(problem: Problem, keys: pd.Series) -> list[str]:
    """A decision's id is a function of the application: one application, one decision."""
    return [
        hashlib.sha256(f"{problem.name}|{key}".encode()).hexdigest()[:20]
        for key in keys.astype(str)
    ]
