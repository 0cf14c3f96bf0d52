"""The box at the top of a training report: what is asked, the gate's verdict, the key figures."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from truerisk.evaluation.gate import Check
from truerisk.evaluation.outcomes import OutcomesReview
from truerisk.evaluation.review import Review
from truerisk.features.dataset import Dataset
from truerisk.measurement.best import best
from truerisk.problem.spec import Problem
from truerisk.reports.kit.blocks import Across, Block, Cell, Table, Text, Tiles, Verdict
from truerisk.reports.kit.estimate_tables import cell
from truerisk.reports.kit.open_questions import in_words
from truerisk.reports.kit.wording import approved_only, population
from truerisk.reports.model import data
from truerisk.wording.counted import counted
from truerisk.wording.lists import listed
from truerisk.wording.numbers import whole
from truerisk.wording.past import past

MISSING = "What is missing"  # where an interval is only too wide


def train_summary(
    problem: Problem,
    dataset: Dataset,
    review: Review,
    about: Mapping[str, Any],
    own: pd.DataFrame,
    lost: float,
) -> list[Block]:
    """The blocks of the box; ``own`` are the chosen model's estimates, ``lost`` the share of
    applications that is not identified."""
    auc, rate = best(own, "auc"), best(own, "event_rate")
    gain = best(review.comparison, "policy_gain")
    reference = str(gain["reference"])
    tiles = {"Judged on": (whole(review.rows), "applications used for nothing else")}
    for name, row in (("AUC", auc), ("Event rate", rate), (f"Dollars against {reference}", gain)):
        shown, unit = cell(row), " an application" if name.startswith("Dollars") else ""
        who = population(problem, str(row["population"]), lost)
        tiles[name] = (shown.main, f"{shown.beside}{unit}, about {who}")
    blocks = asked_and_verdict(problem, review)
    if auc["estimator"] == "naive":
        blocks.append(Text(_only_approved(problem, own, lost), "warning"))
    blocks += stale(problem, dataset)
    return [*blocks, Tiles(tiles), gate_table(problem, lost, review.checks)]


def asked_and_verdict(problem: Problem, review: Review | OutcomesReview) -> list[Block]:
    """What a person is asked, and whether the gate passed."""
    failed = [c for c in review.checks if not c.passed]
    takes = (
        f"Approved, it replaces champion {review.champion}"
        if review.champion
        else "Approved, it becomes the first champion"
    )
    asked = (
        f"You are asked to approve or reject this {review.chosen} model. {takes} and decides "
        f"every new application of {problem.name} until another model is approved."
    )
    count = counted(len(review.checks), "check")
    verdict = (
        f"The gate passed: {count} of {len(review.checks)}."
        if not failed
        else f"The gate failed: {len(failed)} of {count} "
        f"({listed([c.name for c in failed])}). Approving it takes an override and a reason."
    )
    return [Text(asked), Verdict(not failed, verdict)]


def stale(problem: Problem, dataset: Dataset) -> list[Block]:
    """A warning of sources that are older than they may be."""
    old = data.stale(problem, dataset)
    said = f"Older than their freshness limit: {listed(old)}."
    return [Text(said, "warning")] if old else []


def gate_table(problem: Problem, lost: float, checks: list[Check]) -> Block:
    """Every check of the gate, a row each."""
    rows = pd.DataFrame([_check(problem, lost, c) for c in checks])
    rows = rows if rows[MISSING].any() else rows.drop(columns=MISSING)
    return Across(Table(rows))


def _check(problem: Problem, lost: float, check: Check) -> dict[str, object]:
    """A check as a row; its estimator says who it is about."""
    seen: Cell | str = check.advice
    about = "nobody yet"
    if check.figure is not None:
        seen = Cell(*check.figure)
        name = "revealed" if check.estimator == "naive" else "eligible"
        about = population(problem, name, lost)
    return {
        "Verdict": Cell("✓ passed" if check.passed else "✗ failed", text=True),
        "Check": check.name,
        "Asked": check.asked,
        "Seen": seen,
        "About": about,
        MISSING: check.advice if check.figure else "",
    }


def _only_approved(problem: Problem, own: pd.DataFrame, lost: float) -> str:
    """Why the naive numbers are all there is, and that they are not everyone's."""
    dr = own[own["estimator"].eq("dr") & own["metric"].eq("auc")]
    status = str(dr.loc[dr["population"].eq("all" if lost == 1 else "eligible"), "status"].iloc[0])
    d = past(problem.offer)
    return (
        f"Every quality figure here is about {approved_only(problem)}, and a policy picked those: "
        f"among all who applied the truth may differ much. {in_words(problem, status)} If you "
        f"approve, approve what was shown: how the model does on applications that were {d}."
    )
