"""preview(): the ledger's decisions by a changed policy, with what of the difference is known."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from truerisk.columns import FEATURE
from truerisk.decisions.ledger import decision_log
from truerisk.errors import LogError
from truerisk.lake.lake import Lake
from truerisk.models.package import read_manifest
from truerisk.monitoring.preview.effects import (
    Group,
    Move,
    Queue,
    group_rates,
    moves,
    queues,
)
from truerisk.monitoring.preview.identified import identified
from truerisk.monitoring.preview.permitted import check_actions, check_ledger, check_model
from truerisk.monitoring.preview.redecided import Redecided, redecide
from truerisk.monitoring.preview.support import GROUNDS, Ground, Support, grounds
from truerisk.monitoring.preview.worth import Dollars, bounds, expected
from truerisk.problem.instant import instant
from truerisk.problem.spec import Problem
from truerisk.statistics.threads import one_thread

HISTORY = pd.Timedelta(days=30)  # that seats may look back, and a local day more


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the support map: its rows, why they are in it, and their dollars; ``share`` is
    of the decisions that change.

    ``known`` are dollars of what has matured, ``forecast`` of what has not, by the logged scores
    at assumed dollars (of what nobody can know: the worst and the best case of both);
    ``by_ground`` those of what has matured, for each ground of what is identified. No number is
    over several parts.
    """

    support: Support
    count: int
    share: float
    mature: int
    grounds: dict[Ground, int]
    known: Dollars
    forecast: Dollars
    by_ground: dict[Ground, Dollars] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a changed policy file would have decided otherwise, of decisions in [first, last]."""

    problem: str
    file: str
    first: pd.Timestamp
    last: pd.Timestamp
    known_at: pd.Timestamp
    models: list[str]
    decisions: int
    mature: int
    changed: int
    same_terms: bool
    other_dollars: int
    moves: list[Move]
    parts: list[Part]
    queues: list[Queue]
    groups: list[Group]
    left_out: list[str]

    @property
    def several(self) -> bool:
        """Whether a group's shares are of more than one action and what is left."""
        return len({group.action for group in self.groups}) > 2

    def as_json(self) -> dict[str, Any]:
        """Plain values: times as ISO texts, enums by name; nothing rounded."""
        made = asdict(self)
        for name in ("first", "last", "known_at"):
            made[name] = made[name].isoformat()
        made["parts"] = [
            asdict(part)
            | {
                "support": part.support.value,
                "grounds": {ground.value: count for ground, count in part.grounds.items()},
                "by_ground": {g.value: asdict(found) for g, found in part.by_ground.items()},
            }
            for part in self.parts
        ]
        return made


@one_thread
def preview(
    changed: Problem,
    lake: Lake,
    decided_by: Problem | None = None,
    since: str = "",
    until: str = "",
    known_at: str = "",
    same_terms: bool = False,
) -> Preview:
    """The decisions with as_of in [since, until) made again by ``changed``; nothing is written.

    ``decided_by`` is the file that decided, where ``changed`` leaves an action or an outcome out.
    Scores are as logged and exploration stays as it ran. ``same_terms``: dollars that differ from
    the logged ones are another valuation of the same offers; else an action that reveals and has
    other dollars is another offer, whose outcomes nobody has seen. Outcomes are as known at
    ``known_at`` (now). Raises TrueriskError: another problem, no decision, an unknown action,
    changed features or model.
    """
    before = decided_by or changed
    check_ledger(changed, before, lake)
    known = instant(known_at or None)
    every = decision_log(before, lake, known)
    asked = _between(before, every, since, until)
    log = every[asked]
    check_actions(changed, before, log)
    models = [str(v) for v in pd.unique(log["model_version"])]
    manifests = {v: read_manifest(changed.name, lake, v) for v in models}
    check_model(changed, before, manifests[models[-1]])
    if changed.limited:  # whoever came shortly before says who may still come
        near = every["as_of"].between(log["as_of"].min() - HISTORY, log["as_of"].max())
        kept = asked | near.to_numpy()
        every, asked = every[kept].reset_index(drop=True), asked[kept]
        more = [v for v in pd.unique(every["model_version"]) if v not in manifests]
        manifests |= {str(v): read_manifest(changed.name, lake, str(v)) for v in more}
    else:
        every, asked = log.reset_index(drop=True), np.ones(len(log), dtype=bool)
    made = redecide(changed, before, lake, every, manifests).where(asked)
    log = made.log
    rules = [*before.rules, *changed.rules]
    reasons = {r.reason for r in rules if r.absolute} | _unknown_rules(log, rules)
    ground = grounds(made, before, reasons, same_terms)
    features = [c for c in log.columns if c.startswith(FEATURE) and log[c].notna().any()]
    return Preview(
        problem=changed.name,
        file=changed.where,
        first=log["as_of"].min(),
        last=log["as_of"].max(),
        known_at=known,
        models=models,
        decisions=len(log),
        mature=int(log["mature"].sum()),
        changed=int(made.moved.sum()),
        same_terms=same_terms,
        other_dollars=_other_dollars(made, before),
        moves=moves(made),
        parts=[_part(s, made, ground, before, features, same_terms) for s in Support],
        queues=queues(made, changed, before),
        groups=group_rates(made, changed),
        left_out=["exploration"] if changed.exploration != before.exploration else [],
    )


def _between(problem: Problem, log: pd.DataFrame, since: str, until: str) -> np.ndarray:
    """Which decisions lie in [since, until), (n,)."""
    first, last = (instant(at) if at else None for at in (since, until))
    if first is not None and last is not None and last <= first:
        raise LogError(
            f"The decisions to look at would end at {last} before they begin at {first}."
        )
    kept = np.ones(len(log), dtype=bool)
    if first is not None:
        kept &= (log["as_of"] >= first).to_numpy()
    if last is not None:
        kept &= (log["as_of"] < last).to_numpy()
    if not kept.any():
        held = "none is known yet"
        if len(log):
            held = f"they lie from {log['as_of'].min():%Y-%m-%d} to {log['as_of'].max():%Y-%m-%d}"
        raise LogError(
            f"{problem.where}: no decision lies between these bounds; {held}, so give other "
            "--since and --until."
        )
    return kept


def _unknown_rules(log: pd.DataFrame, rules: Sequence[Any]) -> set[str]:
    """Reasons of rules that neither file knows: what gave no chance by them is nobody's to know."""
    return set(log["rule"].dropna().unique()) - {rule.reason for rule in rules}


def _other_dollars(made: Redecided, decided_by: Problem) -> int:
    """How many offers stay, at other dollars than logged: they are in no part."""
    reveals = np.array([decided_by.actions[a].reveals for a in made.actions])[made.was]
    then, now = (
        np.stack([made.of(side, made.was) for side in money]) for money in (made.logged, made.money)
    )
    return int((~made.moved & reveals & ~np.isclose(then, now).all(axis=0)).sum())


def _part(
    support: Support,
    made: Redecided,
    ground: np.ndarray,
    decided_by: Problem,
    features: list[str],
    same_terms: bool,
) -> Part:
    mine = {g: ground == i for i, g in enumerate(GROUNDS) if g.support is support}
    every = np.any(list(mine.values()), axis=0)
    mature = made.log["mature"].to_numpy(bool)
    matured, immature = every & mature, every & ~mature
    by_ground: dict[Ground, Dollars] = {}
    if support is Support.IDENTIFIED:
        known, by_ground = identified(made, ground, decided_by, features, same_terms)
        forecast = expected(made, immature, decided_by, same_terms)
    else:
        of = expected if support is Support.GUESSED else bounds
        known, forecast = (of(made, rows, decided_by, same_terms) for rows in (matured, immature))
    return Part(
        support=support,
        count=int(every.sum()),
        share=float(every.sum() / max(made.moved.sum(), 1)),
        mature=int(matured.sum()),
        grounds={g: int(rows.sum()) for g, rows in mine.items() if rows.any()},
        known=known,
        forecast=forecast,
        by_ground=by_ground,
    )
