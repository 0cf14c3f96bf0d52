"""Candidates of several outcomes on rows that nothing of them saw: dollars and Qini, side by side.

The policy of each takes the action of the greatest expected dollars by its scores. What it adds is
judged beside acting on all, on none, and on as many of those likeliest to have the event after the
action: what is worth its while must beat that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from truerisk.columns import IF_EVENT, IF_NO_EVENT, chance_of, m_of, score_of, value_of
from truerisk.decisions.policy import dollars, expected_dollars
from truerisk.evaluation.gate import Check
from truerisk.features.dataset import Dataset
from truerisk.measurement.uplift.beside import HIGHEST, policies
from truerisk.measurement.uplift.qini import qini
from truerisk.models.outcomes import FittedOutcomes
from truerisk.problem.spec import Problem
from truerisk.statistics.threads import one_thread
from truerisk.wording.dollars import dollars as said


@dataclass(frozen=True, kw_only=True)
class Judged:
    """``table``: tr.uplift.policies' rows of every candidate's policy (column ``model``) with those
    of all and of the highest response by its scores; ``curves``: tr.uplift.qini of the candidates'
    effects and of the highest response; ``beats`` whether the ``chosen`` one's Qini area is above
    that of the highest response beyond noise."""

    chosen: str
    table: pd.DataFrame
    curves: pd.DataFrame
    beats: bool
    verdict: str
    checks: list[Check]

    @property
    def gate(self) -> str:
        """``gate passed``, or ``gate failed`` with what failed."""
        failed = [f"{c.name} {c.seen}" for c in self.checks if not c.passed]
        return f"gate failed: {'; '.join(failed)}" if failed else "gate passed"

    def summary(self) -> dict[str, Any]:
        """What the registry keeps with the submission."""
        return {
            "candidate": self.chosen,
            "gate": [{**vars(c), "seen": c.seen} for c in self.checks],
        }


@one_thread
def judged(
    problem: Problem,
    dataset: Dataset,
    fitted: list[FittedOutcomes],
    champion: str | None = None,
) -> Judged:
    """The candidates, judged on the same rows; the one whose policy adds most dollars is chosen.

    All are judged by the same ỹ, whose outcome models are the events' rates after each action.
    """
    rows = fitted[0].judge
    frame = dataset.frame[rows].reset_index(drop=True)
    names, outcomes = list(problem.actions), list(problem.outcomes)
    log = _log(problem, frame)
    money = dollars(problem.typed(dataset.definition), frame)
    for i, name in enumerate(names):
        log[value_of(name, IF_EVENT)], log[value_of(name, IF_NO_EVENT)] = (
            money[0][:, i],
            money[1][:, i],
        )
    place = {a: k for k, actions in enumerate(problem.outcomes.values()) for a in actions}
    tables, ranks = [], {}
    first = outcomes[0]
    for one in fitted:
        scores = one.scores[rows]
        log = log.assign(**{score_of(o): scores[:, k] for k, o in enumerate(outcomes)})
        each = scores[:, [place.get(name, 0) for name in names]]
        taken = expected_dollars(each, money).argmax(axis=1)
        policy = pd.DataFrame(np.eye(len(names))[taken], columns=names)
        tables.append(policies(log, {one.name: policy}).assign(model=one.name))
        ranks[one.name] = scores[:, 0] - scores[:, -1]
        ranks.setdefault(HIGHEST, scores[:, 0])
    table = pd.concat(tables, ignore_index=True)
    own = table[table["policy"].eq(table["model"]) & table["figure"].eq("incremental_dollars")]
    own = own.sort_values("population").drop_duplicates("model").set_index("model")
    worth = own["value"].fillna(own["low"])
    chosen = str(worth.astype(float).idxmax())
    curves = qini(log, ranks, action=first, instead=outcomes[-1], against=HIGHEST)
    area = curves[curves["figure"].eq("qini_area_gain") & curves["score"].eq(chosen)].iloc[0]
    beats = bool(pd.notna(area["low"]) and area["low"] > 0)
    ends = own[["value", "low", "high"]].astype(float)
    value, low, high = (1_000 * float(v) for v in ends.loc[chosen].to_numpy())
    against = "beats" if beats else "cannot be told from"
    return Judged(
        chosen=chosen,
        table=table,
        curves=curves,
        beats=beats,
        verdict=(
            f"{chosen}: {said(value)} for 1,000 applications that nothing of it saw "
            f"({said(low)} … {said(high)}) beside “{outcomes[-1]}” "
            f"for all; as a ranking it {against} the highest response."
        ),
        checks=_checks(own[own.index == chosen].iloc[0], area, outcomes[-1], champion),
    )


def _checks(own: pd.Series, area: pd.Series, instead: str, champion: str | None) -> list[Check]:
    """The chosen policy must add dollars, and its ranking more than the highest response does.

    Two models of several outcomes are not compared yet: beside a champion a person decides.
    """
    asked = (
        (f"dollars for 1,000 applications beside “{instead}” for all", own, "dollars", 1_000),
        ("Qini area above that of the highest response", area, "fine", 1),
    )
    made = []
    for name, row, form, times in asked:
        known = bool(pd.notna(row["value"]) and pd.notna(row["low"]))
        made.append(
            Check(
                name=name,
                asked="95% interval above 0",
                passed=known and bool(row["low"] > 0),
                value=times * float(row["value"]) if known else None,
                low=times * float(row["low"]) if known else None,
                high=times * float(row["high"]) if known else None,
                estimator="dr",
                form=form,
                advice="" if known else str(row["status"]),
            )
        )
    if champion:
        made.append(
            Check(
                name=f"compared with champion {champion}",
                asked="rows that neither was fitted on",
                passed=False,
                advice="models of several outcomes are not compared yet; a person decides",
            )
        )
    return made


def _log(problem: Problem, frame: pd.DataFrame) -> pd.DataFrame:
    """The judging rows as a decision log: who was given which action with which chance."""
    log = pd.DataFrame(
        {
            "subject": frame["subject"].astype(str),
            "mature": True,
            "score": 0.5,
            "action": frame["shown"],
            "p_reveal": 1.0,
            "revealed": True,
            "event": frame["event"],
        }
    )
    # Of the actions only two are known by the chance of one of them.
    chance = frame["chance"].astype(float)
    others = 1 - chance
    for name, actions in problem.outcomes.items():
        for a in actions:
            log[chance_of(a)] = chance.where(frame["shown"].eq(a), others)
        rows = frame["shown"].isin(actions)
        log[m_of(name)] = float(np.average(frame["event"][rows], weights=1 / chance[rows]))
    return log
