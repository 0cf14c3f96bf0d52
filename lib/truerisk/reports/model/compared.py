"""Champion against challenger on the page: what was compared on which rows, and what it showed."""

import pandas as pd

from truerisk.evaluation.contest import Contest, How
from truerisk.evaluation.judging import Compared
from truerisk.evaluation.review import Review
from truerisk.measurement.best import best
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Table, Text
from truerisk.reports.kit.estimate_tables import by_group, cell, gains
from truerisk.reports.kit.wording import population, whos
from truerisk.wording.numbers import whole


def compared(problem: Problem, review: Review, lost: float) -> list[Block]:
    """What the chosen candidate would change, how that was found out, and what stands beside it."""
    gain, auc = best(review.comparison, "policy_gain"), best(review.comparison, "auc_gain")
    who = population(problem, str(gain["population"]), lost)
    kept = review.comparison[review.comparison["policy"].ne("as run")]
    unclear = pd.notna(gain["low"]) and gain["low"] <= 0 <= gain["high"]
    blocks: list[Block] = [
        *how_compared(review.contest),
        Text(
            f"On the same applications, the AUC differs from that of {review.rival} by "
            f"{_said(auc)}. Had this model decided instead of the policy “{gain['reference']}”, "
            f"the difference would be {_said(gain)} per application, about {who}."
            + (" Zero is inside: the data cannot tell which of the two earns more." * bool(unclear))
        ),
        Table(gains(problem, kept)),
        Text(
            "Both are paired: the two models are compared on the same applications, which makes "
            "the difference far more certain than two separate figures. Dollars follow the problem "
            "file: "
            + "; ".join(
                f"{name} is worth {a.if_event} with the event and {a.if_no_event} without"
                for name, a in problem.actions.items()
            )
            + ".",
            "note",
        ),
    ]
    return blocks + beside(review.contest)


def by_subject(problem: Problem, review: Review) -> list[Block]:
    """The chosen candidate on subjects it was fitted on and on new ones, where any return."""
    if review.subjects.empty:
        return []
    there = whos(problem, review.estimates)
    metrics = ("event_rate", "auc", "calibration_error")
    return [
        Text(
            "Subjects that come back are partly known: a model may do better on those it was "
            "fitted on than on new ones."
        ),
        Table(by_group(review.subjects, there, "subject", metrics)),
    ]


def how_compared(contest: Contest | None) -> list[Block]:
    """What was compared, on which rows, or why nothing could be."""
    if contest is None:
        return []
    if contest.how is How.NONE:
        return [
            Text(
                f"The champion {contest.champion} cannot be compared: {contest.because}. A person "
                "decides; what follows compares without it.",
                "warning",
            )
        ]
    if contest.how is How.PACKAGE:
        return [
            Text(
                f"The champion's recipe cannot be followed again ({contest.because}). Its package "
                f"is compared on {_rows(contest.package)} that it was not fitted on."
            )
        ]
    return [
        Text(
            "Champion and challenger are compared as recipes: each was fitted again with only what "
            "had matured when the judging applications begin, the champion's earlier by its age, "
            f"and judged on {_rows(contest.new)} of subjects that neither was fitted on. A "
            "champion scored on applications it was fitted on would look better than it is."
        )
    ]


def beside(contest: Contest | None) -> list[Block]:
    """Every comparison that was made, gated or not."""
    if contest is None:
        return []
    rows = [
        {
            "Compared": name,
            "Applications": whole(found.rows),
            **_ranked(found.estimates),
            "Dollars each": cell(best(found.estimates, "policy_gain")),
            "Gated": "yes" if found is contest.gated else "no",
        }
        for name, found in _all(contest)
        if found is not None
    ]
    return [Table(pd.DataFrame(rows))] if rows else []


def _all(contest: Contest) -> list[tuple[str, Compared | None]]:
    return [
        ("recipes, subjects new to both", contest.new),
        ("recipes, subjects that one was fitted on", contest.known),
        ("the champion's package, applications it was not fitted on", contest.package),
    ]


def _ranked(estimates: pd.DataFrame) -> dict[str, object]:
    """How the models rank: by AUC, or by what each action adds to whom they put first."""
    areas = estimates[estimates["metric"].eq("qini_area_gain")]
    if areas.empty:
        return {"AUC gain": cell(best(estimates, "auc_gain"))}
    return {f"Qini area gained\n“{row['action']}”": cell(row) for _, row in areas.iterrows()}


def _rows(found: Compared | None) -> str:
    return f"{whole(found.rows if found else 0)} applications"


def _said(row: pd.Series) -> str:
    shown = cell(row)
    return f"{shown.main} ({shown.beside})" if shown.beside else shown.main
