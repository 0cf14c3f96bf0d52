"""The page that a model of several outcomes is approved from: what acting by it adds, to whom."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from truerisk.evaluation.outcomes import FIGURE, OutcomesReview
from truerisk.evaluation.predictability.outcomes import OutcomesPredictability
from truerisk.evaluation.predictability.predictability import Predictability
from truerisk.evaluation.review import Review
from truerisk.features.dataset import Dataset
from truerisk.isolated import Lost
from truerisk.measurement.best import best
from truerisk.models.parts import Split
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Bullets, Cards, Table, Text
from truerisk.reports.kit.estimate_tables import cell
from truerisk.reports.kit.open_questions import open_questions
from truerisk.reports.kit.page import Section, page
from truerisk.reports.kit.wording import CALIBRATION, METRICS, event
from truerisk.reports.model import data
from truerisk.reports.model.compared_outcomes import compared_outcomes
from truerisk.reports.model.page import decide, looked_at, read_data, train_page
from truerisk.reports.model.summary import asked_and_verdict, gate_table, stale
from truerisk.reports.monitor.drift import input_table
from truerisk.reports.monitor.outcomes import (
    beside_none,
    by_share,
    cell_of,
    outcomes_by_group,
    who_first,
)
from truerisk.wording.counted import lasting
from truerisk.wording.lists import listed
from truerisk.wording.numbers import day, percent, whole

OF_OUTCOME = ("event_rate", "auc", "calibration_error")
Found = Predictability | OutcomesPredictability | Lost | None


def page_of(
    problem: Problem,
    dataset: Dataset,
    parts: Split,
    review: Review | OutcomesReview,
    about: Mapping[str, Any],
    found: Found,
) -> str:
    """The report of one training run, of one outcome or of several, as a self-contained page."""
    if isinstance(review, OutcomesReview):
        assert not isinstance(found, Predictability)
        return outcomes_train_page(problem, dataset, parts, review, about, found)
    assert not isinstance(found, OutcomesPredictability)
    return train_page(problem, dataset, parts, review, about, found)


def outcomes_train_page(
    problem: Problem,
    dataset: Dataset,
    parts: Split,
    review: OutcomesReview,
    about: Mapping[str, Any],
    found: OutcomesPredictability | Lost | None = None,
) -> str:
    """The report of one training run of several outcomes; ``about`` as train_page has it."""
    instead, name = list(problem.outcomes)[-1], review.chosen
    own = review.table[review.table["model"] == name]
    estimates = review.estimates[review.estimates["model"] == name]
    predictable = Section("How predictable is it?", lambda: _predictable(found))
    return page(
        f"{problem.name}: model {about['version']} awaits a decision",
        f"{problem.description} Known as of {day(dataset.known_at)}; {name}.",
        lambda: _summary(problem, dataset, review),
        [
            Section("Who the numbers are about", lambda: _whom(problem, dataset, parts, review)),
            Section("The candidates", lambda: _candidates(problem, review)),
            Section(f"Compared with {review.rival}", lambda: compared_outcomes(problem, review)),
            Section(
                f"Beside “{instead}” for all", lambda: beside_none(own, instead, f"{name} does")
            ),
            Section("Whom the scores put first", lambda: who_first(review.curves)),
            Section("How many to act on", lambda: by_share(review.curves, name)),
            *([] if found is None else [predictable]),
            Section("Calibration", lambda: _calibration(problem, review)),
            Section("Segments", lambda: _segments(problem, estimates), folded=True),
            Section("What the model looks at", lambda: looked_at(problem, name, about)),
            Section("Drift", lambda: _drift(parts, review), folded=True),
            Section("The data", lambda: read_data(problem, dataset), folded=True),
            Section("What is open", lambda: _open(problem, review)),
            Section(
                "Assumptions and limits",
                lambda: [Bullets(_limits(problem, parts, review))],
                folded=True,
            ),
            Section("Reproduce, then decide", lambda: decide(problem, dataset, review, about)),
        ],
    )


def _summary(problem: Problem, dataset: Dataset, review: OutcomesReview) -> list[Block]:
    return [
        *asked_and_verdict(problem, review),
        Text(f"{review.said[0].upper()}{review.said[1:]}"),
        *stale(problem, dataset),
        gate_table(problem, 0.0, review.checks),
    ]


def _whom(problem: Problem, dataset: Dataset, parts: Split, review: OutcomesReview) -> list[Block]:
    known = dataset.frame.loc[parts.judge, "event"].notna()
    shows = listed([f"“{a}”" for a in problem.outcomes])
    lost = float(review.table["share_not_identified"].astype(float).max())
    return [
        Text(
            f"The event is: {event(problem)}, after each of {shows}. Nobody shows more than one of "
            "these outcomes. Of each stands an outcome model’s prediction, corrected where it was "
            "seen by one over the chance of what was done (DR, doubly robust)."
        ),
        Text(
            "Everyone judged had a logged chance of every action."
            if lost == 0
            else f"For up to {percent(lost)} of them a policy does what had no logged chance: of "
            "these nobody can know what would have followed, and bounds hold every possibility."
        ),
        Text(
            f"Judged on {whole(len(known))} mature applications since {day(parts.holdout_from)}, "
            f"with {whole(int(known.sum()))} known outcomes, of subjects of whom nothing was used "
            "to fit, calibrate or choose a model."
        ),
        Table(data.flow(problem, dataset)),
    ]


def _candidates(problem: Problem, review: OutcomesReview) -> list[Block]:
    rows = []
    for name, own in review.table.groupby("model", sort=False):
        mine = own[own["policy"].eq(name) & own["figure"].eq(FIGURE)]
        chose = review.worth[review.worth["model"].eq(name) & review.worth["figure"].eq(FIGURE)]
        curves = review.curves[review.curves["score"].eq(name)]
        row: dict[str, object] = {
            "Candidate": str(name) + " (chosen)" * (name == review.chosen),
            "Acts on": percent(float(mine["share"].iloc[0])),
            "Dollars for 1,000,\nhalf that chooses": cell_of(_of(chose)),
            "Dollars for 1,000,\nhalf that judges": cell_of(_of(mine)),
        }
        for action, curve in curves.groupby("action", sort=False):
            area = curve[curve["figure"].eq("qini_area")].assign(metric="qini_area")
            row[f"Qini area\n“{action}”"] = cell(area.iloc[0])
        rows.append(row)
    return [
        Text(
            "A candidate’s policy takes the action of the greatest expected dollars by its scores"
            + (", within the capacities" if problem.limited else "")
            + ". Chosen is the one that adds most dollars on the half of the holdout that chooses "
            "and does not judge."
        ),
        Table(pd.DataFrame(rows)),
        *(Text(note) for note in review.notes),
    ]


def _of(rows: pd.DataFrame) -> pd.Series:
    everyone = rows[rows["population"].eq("all") & rows["value"].notna()]
    return (everyone if len(everyone) else rows).iloc[0]


def _predictable(found: OutcomesPredictability | Lost | None) -> list[Block]:
    if not isinstance(found, OutcomesPredictability):
        return [Text(str(found))]
    aucs = [
        {"Outcome": f"after “{row['action']}”", METRICS["auc"]: cell(row)}
        for _, row in found.aucs.iterrows()
    ]
    points = [
        {
            "Action": f"“{row['action']}”",
            "Fitted on": f"{whole(int(row['rows']))} applications",
            METRICS["qini_area"]: cell(row),
        }
        for _, row in found.points.assign(metric="qini_area").iterrows()
    ]
    return [
        Text(
            "Each outcome by itself is as predictable as its AUC says. What an action adds is a "
            "difference of two, far harder to see: below, the Qini area of the chosen recipe "
            f"({found.model}) fitted on ever more subjects, judged on the same applications. Where "
            "it still rises, more applications would help."
        ),
        Table(pd.DataFrame(aucs)),
        Table(pd.DataFrame(points)),
    ]


def _calibration(problem: Problem, review: OutcomesReview) -> list[Block]:
    rows = []
    for name, own in review.estimates.groupby("model", sort=False):
        for outcome in problem.outcomes:
            mine = own[own["action"].eq(outcome)]
            found = {METRICS[m]: cell(best(mine, m)) for m in OF_OUTCOME}
            rows.append({"Candidate": str(name), "Outcome": f"after “{outcome}”", **found})
    return [Text(CALIBRATION), Table(pd.DataFrame(rows))]


def _segments(problem: Problem, estimates: pd.DataFrame) -> list[Block]:
    blocks: list[Block] = []
    for column in problem.training.segments:
        rows = estimates[estimates["group_by"] == column]
        blocks += [Table(outcomes_by_group(problem, rows, column))] if len(rows) else []
    return blocks or [Text("The problem file names no segments.")]


def _drift(parts: Split, review: OutcomesReview) -> list[Block]:
    moved = review.drift[review.drift["flag"]]
    return [
        Text(
            f"Applications that fitted, before {day(parts.holdout_from)}, against those that judge."
        ),
        Bullets([str(s) for s in moved["sentence"]])
        if len(moved)
        else Text("No input moved enough to matter."),
        Table(input_table(review.drift)),
    ]


def _open(problem: Problem, review: OutcomesReview) -> list[Block]:
    own = review.table.rename(columns={"figure": "metric"}).assign(group_by="", group="")
    known = own[own["policy"].eq(review.chosen) | own["policy"].eq("what ran")]
    mine = review.estimates[review.estimates["model"] == review.chosen]
    told = [known, mine[mine["estimator"] == "dr"]]
    if review.contest is not None and review.contest.gated is not None:
        told.append(review.contest.gated.estimates)
    table = open_questions(problem, *told)
    return [Cards(table)] if len(table) else [Text("Nothing: every estimate has its value.")]


def _limits(problem: Problem, parts: Split, review: OutcomesReview) -> list[str]:
    said = [
        "The submitted model is fitted again on all mature outcomes; what is judged here is the "
        f"same recipe, fitted on those before {day(parts.holdout_from)} of other subjects "
        f"({whole(int(np.count_nonzero(parts.judge)))} judged).",
        f"Outcomes are {lasting(problem.outcome.horizon)} old at least: a change in who applies or "
        "in the economy since then is not in any figure.",
        "Dollars are those the problem file assumes, not those that were booked.",
        "Intervals allow for applications of one subject being alike, and hold 95% of the time "
        "each; of twenty, one misses on average.",
        "Fairness is not measured for several outcomes.",
    ]
    if problem.limited:
        said.append(
            f"Policies keep to the seats of {listed(list(problem.limited))}: each day’s, in the "
            "part of its applications that is judged, the greatest gains first. Rows of “all” and "
            "“highest response” know no seats."
        )
    return said
