"""decide(): from scored applications to ledger rows. One function for every caller.

A decision is a function of the application, its features, the model, the policy, the hash draw and
what the batch pinned: no clock and no random generator, so a retry gives the same row.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from truerisk.columns import (
    COST,
    FEATURE,
    IF_EVENT,
    IF_NO_EVENT,
    MADE,
    PROTECTED,
    SCORE,
    SEGMENT,
    chance_of,
    made_of,
    score_of,
    value_of,
)
from truerisk.decisions.batch import MATCHES, Batch
from truerisk.decisions.capacity.said import said_of_seats
from truerisk.decisions.capacity.seated import lost_seat, seat_columns, seated
from truerisk.decisions.exploration.explore import explore
from truerisk.decisions.policy import (
    choose,
    dollars,
    of_action,
    policy_version,
    probabilities,
    scores,
)
from truerisk.decisions.reasons import UNSAID, stated
from truerisk.decisions.review.audit import review_columns
from truerisk.decisions.scored import check_scored
from truerisk.features.matching import together, unmatched
from truerisk.lake.hashes import short
from truerisk.lake.identity import as_text
from truerisk.lake.problem_files import problem_version
from truerisk.models.levels import strangers
from truerisk.problem.spec import Problem
from truerisk.statistics.threads import one_thread
from truerisk.wording.coded import coded
from truerisk.wording.counted import counted


@one_thread
def decide(
    problem: Problem,
    scored: pd.DataFrame | Sequence[pd.DataFrame],
    batch: Batch,
    run: str = "",
) -> pd.DataFrame:
    """One ledger row per scored application, in order of (as_of, key).

    ``scored``, one frame or the shards of one, holds the key, subject, as_of (UTC), score, the
    batch's features and the columns that money and rules read. ``p_<action>`` are the exact
    probabilities before the draw and sum to 1; ``value_<action>_if_event`` and
    ``…_if_no_event`` are dollars. ``run`` is kept as the one that decided.
    """
    scored = scored if isinstance(scored, pd.DataFrame) else pd.concat(scored)
    check_scored(problem, scored)
    scored = _in_order(scored, problem.key)
    problem = problem.typed(batch.definition)
    names = list(problem.actions)
    money = dollars(problem, scored)
    choice = choose(problem, scored, scores(problem, scored), money)
    seats = seated(problem, scored, choice, batch)
    if seats is not None:
        choice = replace(choice, action=seats.priced.action)
    reveals = np.array([action.reveals for action in problem.actions.values()])
    p = probabilities(problem, choice)
    made = explore(problem, scored, choice, money, batch)
    action, total, drawn = choice.action.copy(), made.total, made.drawn
    p *= 1 - total[:, None]
    for i, entry in enumerate(problem.exploration):
        to = names.index(entry.action)
        p[:, to] += made.rate[:, i]
        action[made.entry == i] = to
    same, full = np.zeros(len(scored), int), lost_seat(problem, seats, len(scored))
    passed = pd.notna(full) & reveals[choice.action]  # and needs no reason
    ledger = {
        problem.key: scored[problem.key],
        "decision_id": decision_ids(problem, scored[problem.key]),
        "subject": as_text(scored["subject"]),
        "as_of": scored["as_of"],
        "action": coded(names, action),
        "own_action": coded(names, choice.action),
        **_scores(problem, scored),
        "propensity": of_action(p, action),
        "p_reveal": p[:, reveals].sum(axis=1),
        "explored": drawn,
        "rule": pd.Series(choice.rule, dtype="str"),
        "reasons": stated(scored, choice.rule, drawn | passed, full),
        "expected_value": of_action(choice.expected, action),
        "exploration_rate": total,
        "exploration_cost": made.mean_cost,
        "exploration_p": made.p,
        "exploration_u": made.u,
        "exploration_n": made.n,
        "exploration_r": made.r,
        **{name: coded([text], same) for name, text in _of_batch(problem, batch, run).items()},
        **seat_columns(problem, seats, batch, action, drawn),
    }
    for i, name in enumerate(names):
        ledger[chance_of(name)] = p[:, i]
        ledger[value_of(name, IF_EVENT)] = money[0][:, i]
        ledger[value_of(name, IF_NO_EVENT)] = money[1][:, i]
    ledger |= review_columns(problem, scored, action, p)
    for a in dict.fromkeys(entry.action for entry in problem.exploration):
        mine = [entry.action == a for entry in problem.exploration]
        for what, values in zip(MADE, (made.cost, made.k, made.scale), strict=True):
            ledger[made_of(what, a)] = values[:, mine].sum(axis=1)  # one of them at most is there
    others = [s for s in problem.training.segments if s not in batch.features]
    for prefix, columns in (
        (FEATURE, batch.features),
        (SEGMENT, others),
        (PROTECTED, problem.training.protected),
    ):
        ledger |= {f"{prefix}{column}": scored[column] for column in columns}
    return pd.DataFrame(ledger, copy=False)  # a copy of it would take as long as the hashes


def _in_order(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """The rows by (as_of, key); what comes so is not copied."""
    time, keys = frame["as_of"].array, frame[key].array
    ahead = (time[1:] == time[:-1]) & (keys[1:] > keys[:-1]) | (time[1:] > time[:-1])
    if np.all(ahead):
        return frame.reset_index(drop=True)
    return frame.sort_values(["as_of", key], ignore_index=True)


def _of_batch(problem: Problem, batch: Batch, run: str) -> dict[str, str]:
    """What is the same in every row of a batch."""
    return {
        "model_version": batch.model_version,
        "policy_version": policy_version(problem),
        "problem_version": problem_version(problem),
        "role": "champion",
        "batch": batch.id,
        "run": run,
        "source_versions": json.dumps(batch.versions, sort_keys=True),
    }


def describe(
    problem: Problem,
    decided: pd.DataFrame,
    new: int,
    batch: Batch | None = None,
    scored: Sequence[pd.DataFrame] = (),
) -> str:
    """What a run decided, in words; also the seats it took and their price, where the budget kept
    exploration below its floor, inputs of the ``batch`` with levels that its model was not fitted
    on, and how many of the ``scored`` have no row in a source.

    ``decided`` is what decide() made and ``new`` how many of it the ledger did not hold yet: where
    none is, another run said the rest.
    """
    explored = int(decided["explored"].sum()) if new else 0
    said = [f"Decided {counted(new, 'application')}, {explored:,} by exploration."]
    if not new:
        return said[0]
    said += said_of_seats(problem, decided, batch)
    several = len(problem.exploration) > 1
    for entry in problem.exploration:
        floor = entry.floor if entry.share is None else entry.share
        could = decided[made_of(COST, entry.action)] > 0
        could &= decided["own_action"].isin(problem.explored_from(entry))
        below = could & (decided[chance_of(entry.action)] < floor * decided["exploration_r"])
        if below.any():
            what = f" by “{entry.action}”" if several else ""
            least, limit = ("floor", "budget") if entry.share is None else ("share", "seats")
            said.append(
                f"Exploration{what} stayed below its {least} of {floor:g} for "
                f"{int(below.sum()):,} of {counted(int(could.sum()), 'application')}: its {limit} "
                "or daily cap affords no more."
            )
    shown = decided["action"].isin(problem.revealing)
    silent = ~shown & decided["reasons"].isna()
    if silent.any():
        said.append(
            f"There are no reasons for {counted(int(silent.sum()), 'decision')}: the model was "
            "packaged without the reference values that reasons need, or holds against them what "
            "it holds for others; a person must say why."
        )
    unsaid = int(decided.loc[~shown, "reasons"].astype("str").str.contains(f'"{UNSAID}"').sum())
    if unsaid:
        said.append(
            f"{problem.where}: [reasons] has no sentence for what speaks against "
            f"{counted(unsaid, 'application')}; `truerisk notice` says of each which line to write."
        )
    if batch is not None:
        said += unmatched(together(s.attrs.get(MATCHES, ()) for s in scored))
        said += strangers(batch.levels, decided.rename(columns=lambda c: c.removeprefix(FEATURE)))
    return "\n".join(said)


def _scores(problem: Problem, scored: pd.DataFrame) -> dict[str, pd.Series]:
    """The score, of the first outcome where there are several, and then of each."""
    outcomes = list(problem.outcomes)
    if len(outcomes) == 1:
        return {SCORE: scored[SCORE]}
    several = {score_of(outcome): scored[score_of(outcome)] for outcome in outcomes}
    return {SCORE: several[score_of(outcomes[0])], **several}


def decision_ids(problem: Problem, keys: pd.Series) -> pd.Series:
    """A decision's id is a function of the application: one application, one decision."""
    return short(f"{problem.name}|", as_text(keys))
