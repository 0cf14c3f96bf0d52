"""The page a reviewer decides from: what is asked, what was seen, of whom, how to say yes."""

import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from truerisk.evaluation.outcomes import OutcomesReview
from truerisk.evaluation.predictability.predictability import Predictability
from truerisk.evaluation.review import Review
from truerisk.features.dataset import Dataset
from truerisk.features.matching import unmatched
from truerisk.isolated import Lost
from truerisk.models.parts import Split
from truerisk.problem.spec import Problem
from truerisk.reports.charts import estimates as estimate_charts
from truerisk.reports.kit.blocks import Beside, Block, Bullets, Cards, Code, Figure, Table, Text
from truerisk.reports.kit.estimate_tables import by_group, by_model
from truerisk.reports.kit.open_questions import open_questions
from truerisk.reports.kit.page import Section, page
from truerisk.reports.kit.wording import (
    AUC,
    CALIBRATION,
    approved_only,
    event,
    not_identified,
    whos,
)
from truerisk.reports.model import data, inputs
from truerisk.reports.model.choice import why_chosen
from truerisk.reports.model.compared import compared
from truerisk.reports.model.predictability import predictability
from truerisk.reports.model.summary import train_summary
from truerisk.wording.counted import lasting
from truerisk.wording.lists import one_of
from truerisk.wording.numbers import day, moment, percent, whole
from truerisk.wording.past import past


def train_page(
    problem: Problem,
    dataset: Dataset,
    parts: Split,
    review: Review,
    about: Mapping[str, Any],
    found: Predictability | Lost | None = None,
) -> str:
    """The report of one training run as a self-contained page.

    ``about``: version, run, code, command, importance (candidate → input → value), champion, and
    scorecard (the card) where the chosen model is one. ``found`` adds how predictable it is.
    """
    own = review.estimates[review.estimates["model"] == review.chosen]
    lost = not_identified(own)
    title = f"{problem.name}: model {about['version']} awaits a decision"
    lead = f"{problem.description} Known as of {day(dataset.known_at)}; {review.chosen}."
    return page(
        title,
        lead,
        lambda: train_summary(problem, dataset, review, about, own, lost),
        [
            Section("Who the numbers are about", lambda: _whom(problem, dataset, parts, own, lost)),
            Section("The candidates", lambda: _candidates(problem, review)),
            Section(f"Compared with {review.rival}", lambda: compared(problem, review, lost)),
            *([] if found is None else [_predictable(problem, found, lost)]),
            Section("Calibration", lambda: _calibration(problem, review)),
            Section("Where to set the threshold", lambda: _threshold(problem, review)),
            Section("Segments", lambda: _segments(problem, review), folded=True),
            Section("What the model looks at", lambda: looked_at(problem, review.chosen, about)),
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


def _whom(
    problem: Problem, dataset: Dataset, parts: Split, own: pd.DataFrame, lost: float
) -> list[Block]:
    d = past(problem.offer)
    why = data.without_a_chance(dataset, parts.judge)
    if lost == 1:
        said = f"For 100% of those who applied nothing is identified. {why}"
    elif lost > 0:
        said = (
            f"{percent(lost)} of those who applied are not identified, which means that no data "
            f"can say what would have become of them. {why}"
        )
    else:
        said = f"Everyone who applied had a logged chance to be {d}, so everyone is identified."
    judged = own[own["population"].eq("all")].iloc[0]
    shows = one_of(f"“{action}”" for action in problem.revealing)
    return [
        Text(
            f"The event is: {event(problem)}. An outcome is only seen when the action was "
            f"{shows}, so a plain average is about {approved_only(problem)}. What "
            "holds for everyone is estimated from applications that were explored at random with "
            "a known probability (DR, doubly robust: an outcome model's prediction, corrected "
            "by what exploration saw)."
        ),
        Text(said, "warning" if lost == 1 else ""),
        Text(
            f"Judged on {whole(judged['n'])} mature applications since "
            f"{day(parts.holdout_from)}, with {whole(judged['labels'])} known outcomes, "
            f"{whole(judged['explored_labels'])} of them from exploration. None of these was used "
            "to fit, calibrate or choose a model.",
        ),
        Table(data.flow(problem, dataset)),
    ]


def _candidates(problem: Problem, review: Review) -> list[Block]:
    estimates = review.estimates
    there = whos(problem, estimates)
    gap = "" if not review.gap_auc else (
        f" The cross is the same candidate fitted with a full {problem.outcome.horizon.days}-day "
        f"gap before the rows it is judged on, measured on {approved_only(problem)}: what a model "
        "in use looks like, since its newest training outcomes are always a horizon old."
    )  # fmt: skip
    return [
        Text(f"{AUC} {CALIBRATION} The candidate “prior” gives everyone the event rate."),
        Figure(
            "AUC with 95% interval",
            estimate_charts.candidates(estimates, there, review.gap_auc),
            f"The dotted line is 0.5, no better than a coin.{gap}",
        ),
        Table(by_model(problem, estimates, review.gap_auc, review.chosen)),
        Text(why_chosen(review.choice)),
    ]


def _predictable(problem: Problem, found: Predictability | Lost, lost: float) -> Section:
    return Section("How predictable is it?", lambda: predictability(problem, found, lost))


def _calibration(problem: Problem, review: Review) -> list[Block]:
    there = whos(problem, review.estimates)
    if not estimate_charts.can_draw(review.bands, there, "event_rate"):
        return [Text("No band of scores has enough known outcomes.")]
    return [
        *(Text(note) for note in review.notes),
        Text("A score of 10% should mean that 10 of 100 have the event: points on the line."),
        Figure(
            "Observed event rate of each tenth of the scores, with 95% interval",
            estimate_charts.calibration(review.bands, there),
            f"The dotted line is a perfect score. Points about {there[0].label} may leave it where "
            "few of a band were taken, even if the score is right. Both axes are stretched at the "
            "low end.",
        ),
    ]


def _threshold(problem: Problem, review: Review) -> list[Block]:
    there, d = whos(problem, review.estimates), past(problem.offer)
    charts: list[Block] = [
        Figure(title, estimate_charts.curve(review.curve, there, metric, d))
        for metric, title in (
            ("policy_value", "Dollars per application, with 95% band"),
            ("event_rate_below", f"Event rate among those {d}, with 95% band"),
        )
        if estimate_charts.can_draw(review.curve, there, metric)
    ]
    return [
        Text(
            f"What it earns, and how often the event follows, if every application with a score "
            f"below a threshold were {d} and all others got the best other action. The further "
            "right, the higher the threshold; point at a dot to read it."
        ),
        Beside(charts),
    ]


def _segments(problem: Problem, review: Review) -> list[Block]:
    blocks: list[Block] = []
    for column in problem.training.segments:
        rows = review.segments[review.segments["group_by"] == column]
        metrics = ("event_rate", "auc", "calibration_error")
        blocks += (
            [Table(by_group(rows, whos(problem, review.estimates), column, metrics))]
            if len(rows)
            else []
        )
    return blocks or [Text("The problem file names no segments.")]


def looked_at(problem: Problem, chosen: str, about: Mapping[str, Any]) -> list[Block]:
    """The inputs of a candidate by their importance, and a scorecard's points."""
    unit = inputs.unit(chosen, bool(about.get("scorecard")))
    blocks: list[Block] = [
        Text(f"Importance in {unit}."),
        *inputs.importance(about["importance"].get(chosen, {})),
    ]
    if about.get("scorecard"):
        blocks += inputs.scorecard(problem, about["scorecard"])
    return blocks


def read_data(problem: Problem, dataset: Dataset) -> list[Block]:
    """The sources, as far as they were known, and applications by month."""
    months = data.by_month(dataset)
    return [
        Text(f"Nothing that became known after {moment(dataset.known_at)} was read."),
        Table(data.sources(problem, dataset)),
        *([Bullets(missing)] if (missing := unmatched(dataset.matches)) else []),
        *(Text(note, "warning") for note in dataset.notes),
        Figure(
            "Applications by month",
            estimate_charts.months(months),
            "An application counts once it is mature; only followed ones carry an outcome.",
        ),
        Table(data.month_table(months)),
    ]


def _open(problem: Problem, review: Review) -> list[Block]:
    everything = (review.estimates, review.comparison, review.bands, review.segments)
    table = open_questions(problem, *everything)
    return [Cards(table)] if len(table) else [Text("Nothing: every estimate has its value.")]


def _limits(problem: Problem, parts: Split, review: Review) -> list[str]:
    horizon = lasting(problem.outcome.horizon)
    judged = int(np.count_nonzero(parts.judge))
    return [
        f"The submitted model is fitted again on all mature outcomes; what is judged here is the "
        f"same recipe, fitted on those before {day(parts.holdout_from)} ({whole(judged)} judged).",
        f"Outcomes are {horizon} old at least: a change in who applies or in the economy since "
        "then is not in any figure.",
        "Dollars are those the problem file assumes, not those that were booked.",
        "Intervals allow for applications of one subject being alike, and hold 95% of the time "
        "each; of twenty, one misses on average.",
        f"Numbers about {approved_only(problem)} never speak for those who were not.",
    ]


def decide(
    problem: Problem,
    dataset: Dataset,
    review: Review | OutcomesReview,
    about: Mapping[str, Any],
) -> list[Block]:
    """How the model is made again, approved or rejected."""
    version, name = shlex.quote(str(about["version"])), shlex.quote(problem.called)
    override = " --override" if any(not c.passed for c in review.checks) else ""
    facts = {
        "Model version": about["version"],
        "Candidate": review.chosen,
        "Compared with": review.rival,
        "Known at": moment(dataset.known_at),
        "Data fingerprint": dataset.fingerprint,
        "Run": about["run"] or "outside a flow",
        "Code": about["code"] or "not recorded",
    }
    return [
        Table(pd.DataFrame({"What": list(facts), "Value": [str(v) for v in facts.values()]})),
        Text("The same data, code and seed give the same model:"),
        Code(str(about["command"])),
        Text("The first command prints this page's hash; approval quotes it, so that what is "
             "approved is what was read."),
        Code(
            f"truerisk report --problem {name} {version}\n"
            f'truerisk approve --problem {name} {version} --by "your name" '
            f'--because "your reason" --report-hash HASH{override}\n'
            f'truerisk reject --problem {name} {version} --by "your name" --because "your reason"'
        ),
    ]  # fmt: skip
