"""The review of a training run where actions show outcomes of their own: dollars and Qini.

The policy of each candidate takes the action of the greatest expected dollars by its scores, within
the capacities. What it adds is judged beside acting on all, on none, and on as many of those
likeliest to have the event after the action: what is worth its while must beat that.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from truerisk.columns import score_of
from truerisk.evaluation.contest import Contest, contest
from truerisk.evaluation.gate import Check, not_worse, outcomes_checks
from truerisk.evaluation.outcomes_judging import OutcomesJudging
from truerisk.features.dataset import Dataset
from truerisk.features.feature_notes import strange_levels
from truerisk.lake.lake import Lake
from truerisk.measurement.drift import drift
from truerisk.measurement.evidence.evidence import Evidence
from truerisk.measurement.measure import measure
from truerisk.measurement.uplift.beside import HIGHEST, RAN, policies
from truerisk.measurement.uplift.qini import qini
from truerisk.models.parts import Split
from truerisk.models.training import Fitted, calibration_notes
from truerisk.problem.spec import Problem
from truerisk.statistics.threads import one_thread
from truerisk.wording.dollars import dollars as said

FIGURE, AREA = "incremental_dollars", "qini_area_gain"


@dataclass(frozen=True, kw_only=True)
class OutcomesReview:
    """``worth`` has tr.uplift.policies' rows of every candidate's policy on the half that chooses
    (column ``model``); all else is about the half that judges. ``table``: the same rows there, with
    those of all and of the highest response by the candidate's scores (column ``action``: what is
    added to the last). ``estimates``: measure()'s rows of every candidate (``model``) and segment.
    ``curves``: tr.uplift.qini of the candidates' effects and of the highest response, by
    ``action``. ``contest`` compares with the champion, None without one. ``drift`` holds drift()'s
    rows: applications that fitted against those that judge. ``notes`` are sentences."""

    chosen: str
    champion: str | None
    rows: int
    worth: pd.DataFrame
    table: pd.DataFrame
    estimates: pd.DataFrame
    curves: pd.DataFrame
    contest: Contest | None
    drift: pd.DataFrame
    beats: bool
    said: str
    checks: list[Check]
    notes: list[str] = field(default_factory=list)

    @property
    def rival(self) -> str:
        """What its scores are compared with."""
        compared = self.contest is not None and self.contest.gated is not None
        return f"champion {self.champion}" if compared else f"the {HIGHEST}"

    @property
    def verdict(self) -> str:
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
def review_outcomes(
    problem: Problem,
    lake: Lake,
    dataset: Dataset,
    parts: Split,
    fitted: list[Fitted],
    champion: str | None,
) -> OutcomesReview:
    """Choose the candidate whose policy adds most dollars on the half that chooses, and judge all
    on the other half, by the same ỹ; compare the chosen one with the champion."""
    problem = problem.typed(dataset.definition)
    worth = _worth(problem, dataset, parts, fitted)
    chosen = next(f for f in fitted if f.name == _most(worth))
    judging = OutcomesJudging.of(problem, dataset, parts.judge, dataset.features)
    tables, estimates = [], []
    segments = [*problem.training.segments]
    for one in fitted:
        scores = one.scores[parts.judge]
        known, policy = judging.log.scored(scores), judging.policy(scores)
        tables.append(pd.concat(_beside(problem, known, one.name, policy)).assign(model=one.name))
        estimates.append(measure(known, by=segments).assign(model=one.name))
    own = judging.log.scored(chosen.scores[parts.judge])
    curves = pd.concat(_curves(problem, own, parts, fitted, chosen), ignore_index=True)
    table = pd.concat(tables, ignore_index=True)
    row = _best(table[table["policy"].eq(chosen.name) & table["figure"].eq(FIGURE)])
    areas = curves[curves["figure"].eq(AREA) & curves["score"].eq(chosen.name)]
    beats = bool((areas["low"].notna() & areas["low"].gt(0)).all())
    faced = contest(problem, lake, dataset, parts, chosen, champion) if champion else None
    frame = dataset.frame
    early = frame[parts.early].reset_index(drop=True)
    return OutcomesReview(
        chosen=chosen.name,
        champion=champion,
        rows=len(judging.frame),
        worth=worth,
        table=table,
        estimates=pd.concat(estimates, ignore_index=True),
        curves=curves,
        contest=faced,
        drift=drift(early, judging.frame, dataset.features, score=None),
        beats=beats,
        said=_said(problem, chosen.name, row, beats),
        checks=[
            *outcomes_checks(list(problem.outcomes)[-1], row, areas),
            *(not_worse(problem, faced) if faced else ()),
        ],
        notes=[
            *strange_levels(early, judging.frame, dataset.features),
            *calibration_notes(chosen),
        ],
    )


def _worth(problem: Problem, dataset: Dataset, parts: Split, fitted: list[Fitted]) -> pd.DataFrame:
    """What each candidate's policy adds on the half of the holdout that chooses."""
    choosing = OutcomesJudging.of(problem, dataset, parts.choose, dataset.features)
    made = []
    for one in fitted:
        scores = one.scores[parts.choose]
        offered = {one.name: choosing.policy(scores)}
        action, instead = _ends(problem)
        found = policies(choosing.log.scored(scores), offered, action, instead)
        made.append(found[found["policy"].eq(one.name)].assign(model=one.name))
    return pd.concat(made, ignore_index=True)


def _most(worth: pd.DataFrame) -> str:
    """The candidate that adds most dollars; the first where nobody can say."""
    rows = {
        str(name): _best(own[own["figure"].eq(FIGURE)])
        for name, own in worth.groupby("model", sort=False)
    }
    values = {
        name: -np.inf if pd.isna(row["value"]) else float(row["value"])
        for name, row in rows.items()
    }
    return max(values, key=values.__getitem__)


def _ends(problem: Problem) -> tuple[str, str]:
    """The first outcome and the last one, which is what is done instead."""
    first, *_, last = problem.outcomes
    return first, last


def _beside(
    problem: Problem, known: Evidence, name: str, policy: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """A candidate's policy and what ran; of every action, doing it to all and to the likeliest."""
    *acting, instead = problem.outcomes
    for place, action in enumerate(acting):
        found = policies(known, {name: policy}, action, instead).assign(action=action)
        yield found if place == 0 else found[~found["policy"].isin([RAN, name])]


def _curves(
    problem: Problem, known: Evidence, parts: Split, fitted: list[Fitted], chosen: Fitted
) -> Iterator[pd.DataFrame]:
    *acting, instead = problem.outcomes
    for place, action in enumerate(acting):
        ranks = {f.name: f.scores[parts.judge, place] - f.scores[parts.judge, -1] for f in fitted}
        ranks[HIGHEST] = known.log[score_of(action)].to_numpy()
        made = qini(known, ranks, action=action, instead=instead, against=HIGHEST)
        yield made.assign(action=action)


def _best(rows: pd.DataFrame) -> pd.Series:
    """Of everyone where that has a value, else of those with a chance."""
    everyone = rows[rows["population"].eq("all") & rows["value"].notna()]
    return (everyone if len(everyone) else rows[rows["population"].eq("eligible")]).iloc[0]


def _said(problem: Problem, chosen: str, row: pd.Series, beats: bool) -> str:
    instead = list(problem.outcomes)[-1]
    against = "beats" if beats else "cannot be told from"
    ranking = f"as a ranking it {against} the highest response."
    if pd.isna(row["value"]):
        return f"{chosen} cannot be valued beside “{instead}” for all: {row['status']}; {ranking}"
    value, low, high = (said(1_000 * float(row[k])) for k in ("value", "low", "high"))
    who = "" if row["population"] == "all" else ", of those with a chance of every action"
    return (
        f"{chosen}: {value} for 1,000 applications that nothing of it saw ({low} … {high}) beside "
        f"“{instead}” for all{who}; {ranking}"
    )
