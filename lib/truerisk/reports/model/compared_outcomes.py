"""Two models of several outcomes on the page: dollars of both policies, and how they rank."""

import pandas as pd

from truerisk.evaluation.outcomes import OutcomesReview
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Block, Table, Text
from truerisk.reports.kit.estimate_tables import cell
from truerisk.reports.kit.wording import METRICS
from truerisk.reports.model.compared import beside, how_compared
from truerisk.reports.monitor.outcomes import paired_table


def compared_outcomes(problem: Problem, review: OutcomesReview) -> list[Block]:
    """What the chosen candidate would change beside the champion; without one, its rankings beside
    the highest response."""
    if review.contest is None or review.contest.gated is None:
        return [*how_compared(review.contest), *_beside_highest(review)]
    return [
        *how_compared(review.contest),
        Text(
            "Both are paired: the two models are compared on the same applications, which makes "
            "the difference far more certain than two separate figures. “As many” are as many as "
            "the champion acts on: what this model adds more among those it puts first."
        ),
        Table(paired_table(problem, review.contest.gated.estimates)),
        *beside(review.contest),
    ]


def _beside_highest(review: OutcomesReview) -> list[Block]:
    own = review.curves[review.curves["score"].eq(review.chosen)]
    areas = own[own["figure"].eq("qini_area_gain")].assign(metric="qini_area_gain")
    rows = [
        {"Action": f"“{row['action']}”", METRICS["qini_area_gain"]: cell(row)}
        for _, row in areas.iterrows()
    ]
    said = (
        "There is no champion. What an uplift model must beat is whoever is likeliest to have the "
        "event after the action."
    )
    return [*([] if review.contest else [Text(said)]), Table(pd.DataFrame(rows))]
