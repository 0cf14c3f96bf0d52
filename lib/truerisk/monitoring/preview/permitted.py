"""What a changed policy may change: money, rules, actions, capacities; anything else is refused.

Scores are as they were logged. A file that asks for another model asks a question that only a
challenger, trained and compared, answers.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from truerisk.columns import IF_EVENT, chance_of, value_of, valued_actions
from truerisk.errors import LakeError, ProblemError
from truerisk.features.definitions import definition, definition_hash, names
from truerisk.lake.lake import Lake
from truerisk.lake.tables import ledger
from truerisk.problem.spec import Problem
from truerisk.wording.counted import counted
from truerisk.wording.lists import listed, one_of

APPLICATION = ("source", "subject")
OUTCOME = ("source", "event", "observed", "horizon")


def check_ledger(changed: Problem, decided_by: Problem, lake: Lake) -> None:
    """Raises ProblemError for another problem's file, LakeError where nothing was decided yet."""
    if changed.name != decided_by.name:
        raise ProblemError(
            f'{changed.where}: name is "{changed.name}", and the decisions to look at were made by '
            f'"{decided_by.name}"; a changed policy keeps the name: write name = '
            f'"{decided_by.name}".'
        )
    if lake.version(ledger(changed.name)) is None:
        there = lake.tables(ledger("").rstrip("/"))
        others = f"; it has decisions of {listed(there)}" if there else ""
        raise LakeError(
            f"The lake at {lake.root} holds no decision of {changed.name} yet{others}; "
            f"`truerisk score --problem {changed.called}` makes them, and then a changed policy "
            "can be looked at."
        )


def check_actions(changed: Problem, decided_by: Problem, log: pd.DataFrame) -> None:
    """Raises ProblemError for an action that the ledger has neither dollars nor a chance of, and
    for one that shows another outcome than it did."""
    known = [
        a
        for a in valued_actions(log.columns)
        if chance_of(a) in log and log[value_of(a, IF_EVENT)].notna().any()
    ]
    for name, action in changed.actions.items():
        if name not in known:
            explored = f', and explore it: [[exploration]] action = "{name}"' * action.reveals
            raise ProblemError(
                f'{changed.where}: action "{name}" was never open to the '
                f"{counted(len(log), 'decision')} of this ledger, which holds its dollars and its "
                f"chance for {one_of(known)} alone, so nothing can be said of it; let the "
                f"deciding file have it first{explored}."
            )
        then = decided_by.actions.get(name)
        if then is not None and then.reveals != action.reveals:
            raise ProblemError(
                f"{changed.where}: actions.{name}.reveals is {str(action.reveals).lower()}, and "
                f"{str(then.reveals).lower()} in the file that decided; whether an outcome can be "
                "seen is no policy's to change, so write reveals = "
                f"{str(then.reveals).lower()}."
            )
    if outcomes_of(changed) != outcomes_of(decided_by, only=changed.actions):
        raise ProblemError(
            f"{changed.where}: its actions show other outcomes than in the file that decided; keep "
            "same_outcome_as and own_outcome as they are."
        )
    if missing := [a for a in known if a not in decided_by.actions]:
        raise ProblemError(
            f"{changed.where}: the ledger's decisions could take {listed(missing)}, which the file "
            "does not have; say which file decided with --problem FILE, and the changed one may "
            "leave an action out."
        )


def check_model(changed: Problem, decided_by: Problem, manifest: Mapping[str, Any]) -> None:
    """Raises ProblemError for what would be another model, or another thing to predict."""
    version = manifest["version"]
    here, then = definition(changed), manifest["definition"]
    if definition_hash(here) not in (
        definition_hash(then),
        definition_hash(definition(decided_by)),
    ):
        raise ProblemError(
            f"{changed.where}: features differ from those of model {version}, which decided"
            f"{_difference(names(changed), decided_by)}; {_challenger(changed)}"
        )
    name = manifest["candidate"]
    asked = changed.candidates.chosen.get(name)
    recipe = (manifest.get("recipe") or {}).get("params")
    before = decided_by.candidates.chosen.get(name)
    if recipe is not None and asked != before:
        made = None if asked is None else asked.model_dump(mode="json", exclude_none=True)
        if made != recipe:
            raise ProblemError(
                f"{changed.where}: candidates.{name} differs from the recipe of model {version}, "
                f"which decided; {_challenger(changed)}"
            )
    for part, fields in (("application", APPLICATION), ("outcome", OUTCOME)):
        for field in fields:
            old, new = (getattr(getattr(p, part), field) for p in (decided_by, changed))
            if old != new:
                raise ProblemError(
                    f"{changed.where}: {part}.{field} differs from that of "
                    f"{decided_by.where}, which decided (--problem names another file), so the "
                    f"scores speak of something else; {_challenger(changed)}"
                )


def outcomes_of(problem: Problem, only: Iterable[str] | None = None) -> set[frozenset[str]]:
    """Which actions show one outcome together."""
    kept = set(problem.actions if only is None else only)
    groups = (frozenset(a for a in shown if a in kept) for shown in problem.outcomes.values())
    return {group for group in groups if group}


def _difference(here: list[str], decided_by: Problem) -> str:
    then = names(decided_by)
    more, less = [n for n in here if n not in then], [n for n in then if n not in here]
    said = [f"only here {listed(more)}"] * bool(more) + [f"only there {listed(less)}"] * bool(less)
    return f" ({'; '.join(said)})" if said else ""


def _challenger(changed: Problem) -> str:
    return (
        "a preview takes the scores as they were logged, so train a challenger: `truerisk train "
        f"--problem {changed.called}`, then `truerisk measure --problem {changed.called} --compare "
        "VERSION`."
    )
