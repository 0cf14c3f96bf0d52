"""Which actions show which outcome: one for all of them, or one of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from truerisk.columns import chance_of, valued_actions
from truerisk.errors import LogError
from truerisk.wording.counted import counted

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Outcome:
    """An outcome and the actions that show it; no actions where the log has only ``p_reveal``."""

    name: str = ""
    actions: tuple[str, ...] = ()


def outcomes_of(frame: pd.DataFrame, same: Mapping[str, str] | None = None) -> list[Outcome]:
    """The outcomes that the log's actions show, each to be measured by itself.

    What follows a contact is not what follows none, so every revealing action has its own outcome;
    ``same`` (action → action) declares that two show the same one, as review and pass do. Raises
    LogError where the probabilities do not add up, or where an action was taken against them.
    """
    actions = _with_probability(frame)
    if not actions:
        return [Outcome()]
    chance = {a: frame[chance_of(a)].to_numpy(dtype=float) for a in actions}
    _check(frame, chance)
    shows = revealing(frame, chance)
    names = {a: (same or {}).get(a, a) for a in shows}
    groups = list(dict.fromkeys(names.values()))
    if len(groups) < 2:
        return [Outcome()]
    return [Outcome(g, tuple(a for a in shows if names[a] == g)) for g in groups]


def revealing_actions(frame: pd.DataFrame) -> list[str]:
    """The log's actions that let an outcome be seen; none where it has no p_<action>."""
    actions = _with_probability(frame)
    if not actions:
        return []
    return revealing(frame, {a: frame[chance_of(a)].to_numpy(dtype=float) for a in actions})


def revealing(frame: pd.DataFrame, chance: Mapping[str, np.ndarray]) -> list[str]:
    """The actions whose probabilities make up p_reveal; those that revealed are among them."""
    logged = frame["p_reveal"].to_numpy(dtype=float)
    there = ~np.isnan(logged)
    seen: set[str] = set()
    if "action" in frame:
        shown = frame["revealed"].to_numpy(dtype=bool)
        if "override" in frame:
            shown = shown & frame["override"].isna().to_numpy()
        seen = set(frame.loc[shown & there, "action"].dropna().unique()) & set(chance)
    others = [a for a in chance if a not in seen]
    fewest = len(frame)
    for size in range(len(others) + 1):
        for more in combinations(others, size):
            names = [a for a in chance if a in seen or a in more]
            total = sum((chance[a] for a in names), np.zeros(len(frame)))
            wrong = int((~(np.abs(total - logged) <= TOLERANCE) & there).sum())
            if not wrong and names:
                return names
            fewest = min(fewest, wrong)
    if not there.any():
        return sorted(seen)
    raise LogError(
        "The log cannot be measured: p_reveal is not the sum of the p_<action> that reveal in "
        f"{fewest:,} of {counted(len(frame), 'row')}."
    )


def _with_probability(frame: pd.DataFrame) -> list[str]:
    """The actions that are named by dollars or taken, and whose probability is logged."""
    named = valued_actions(frame.columns)
    if "action" in frame:
        named += [a for a in sorted(frame["action"].dropna().unique()) if a not in named]
    return [a for a in named if chance_of(a) in frame]


def _check(frame: pd.DataFrame, chance: Mapping[str, np.ndarray]) -> None:
    total = sum(chance.values(), np.zeros(len(frame)))
    logged = frame["p_reveal"].notna().to_numpy()
    for a, p in chance.items():
        refuse(f"p_{a} lies outside [0, 1]", (p < 0) | (p > 1))
        refuse(f"p_{a} is null beside a p_reveal", np.isnan(p) & logged)
    refuse("the p_<action> do not sum to 1", np.abs(total - 1) > TOLERANCE)
    if "action" in frame:
        known = frame["action"].isna() | frame["action"].isin(list(chance))
        refuse(f"action is none of {', '.join(chance)}", ~known.to_numpy())
        impossible = np.zeros(len(frame), dtype=bool)
        for a, p in chance.items():
            impossible |= frame["action"].eq(a).to_numpy() & (p == 0)
        refuse("the action taken had probability 0", impossible)
        if "override" in frame:
            known = frame["override"].isna() | frame["override"].isin(list(chance))
            refuse(f"override is none of {', '.join(chance)}", ~known.to_numpy())


def refuse(what: str, rows: np.ndarray) -> None:
    """LogError with the count of the rows that contradict, if any do."""
    count = int(rows.sum())
    if count:
        raise LogError(
            f"The log cannot be measured: {what} in {count:,} of {counted(len(rows), 'row')}."
        )
