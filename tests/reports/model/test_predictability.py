"""How predictable it is, on the page: labelled estimates, no missing numbers, charts that draw."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from altair.utils.schemapi import debug_mode

from tests.reports.reading import HOSTILE, visible
from truerisk.evaluation.predictability.ceiling import ceiling
from truerisk.evaluation.predictability.learning_curve import LearningCurve
from truerisk.evaluation.predictability.nearest_neighbours import NearestNeighbours
from truerisk.evaluation.predictability.predictability import Predictability
from truerisk.reports.kit import page as page_module
from truerisk.reports.kit.page import Section
from truerisk.reports.model.page import train_page
from truerisk.reports.model.predictability import predictability

N = np.array([600, 1_200, 2_400, 4_800, 19_200])
NEIGHBOURS = NearestNeighbours(
    status="ok",
    pairs=4_000,
    disagree=0.14,
    chance=0.16,
    noise=(0.07, 0.06, 0.08),
    largest_auc=(0.82, 0.71, 0.88),
    distance=0.38,
)
APART = "withheld: neighbours disagree as often as two strangers would"


def made(
    rising=True, neighbours=NEIGHBOURS, feature="bureau__score", population="revealed", status="ok"
):
    auc = 0.81 - 0.01 * (N / N[-1]) ** -0.5 if rising else np.full(5, 0.8)
    covariance = 0.01**2 + np.diag(1e-6 * N[-1] / N)
    points = pd.DataFrame(
        {"rows": N, "fits": [2, 2, 1, 1, 1], "auc": auc, "low": auc - 0.02, "high": auc + 0.02}
    )
    rows = []
    for i, rung in enumerate(("prior", "single_feature", "scorecard", "boosting")):
        at = 0.5 + i / 10
        rows.append((rung, "auc", at, at - 0.02, at + 0.02, 0.7))
        if i:
            rows.append((rung, "auc_gain", 0.1, 0.05 - 0.03 * i, 0.15, 0.7))
        rows.append((rung, "policy_value", 700.0 + i, 600.0, 800.0, 0.7))
    ladder = pd.DataFrame(rows, columns=["rung", "metric", "value", "low", "high", "share"])
    curve = LearningCurve("boosting", points, ceiling(N, auc, covariance))
    return Predictability(
        estimator="naive",
        population=population,
        status=status,
        feature=feature,
        ladder=ladder,
        curve=curve,
        neighbours=neighbours,
    )


@pytest.fixture
def section(problem):
    """The text of the section for a state of knowledge."""

    def text(lost=1.0, **state):
        with debug_mode(False):
            blocks = predictability(problem, made(**state), lost)
        return visible(" ".join(block.__html__() for block in blocks))

    return text


def test_every_estimate_says_so_with_its_interval_and_its_assumption(section):
    text = section()
    for wanted in (
        "All are about the approved only.",
        "single feature: bureau__score",
        "0.600 0.580 … 0.620",
        "+0.100 +0.020 … +0.150",
        "Not surely better than the rung below it: scorecard and boosting.",
        "Estimate: with ever more applications of this kind, boosting on these features would end "
        "at an AUC of 0.810 (",
        "Twice as many outcomes would bring +0.003 (",
        "14.0% 16.0% if paired at random; 4,000 pairs",
        "Least Brier score (estimate) 0.070 0.060 … 0.080",
        "Largest AUC (estimate) 0.820 0.710 … 0.880",
        "The ceiling assumes that the AUC of boosting follows c − a·n^−b",
        "beta distribution",
    ):
        assert wanted in text, wanted


@pytest.mark.slow
def test_who_it_is_about_follows_the_estimator(section):
    assert "about everyone who applied" in section(population="all", lost=0.0)
    assert "about the 98.0% who could be approved" in section(population="eligible", lost=0.02)
    bounded = section(status="bounded: 7 approved outcomes were not seen")
    assert "bounded: 7 approved outcomes were not seen" in bounded


def test_what_is_withheld_says_why_and_prints_no_figure_instead(section):
    text = section(rising=False, neighbours=NearestNeighbours(status=APART, pairs=900))
    assert "Estimate of the ceiling withheld: from 600 to 19,200 rows the AUC moves by" in text
    assert "would end at an AUC" not in text
    assert f"Estimate of the noise floor by nearest neighbours {APART}." in text
    assert "Largest AUC" not in text
    assert not re.search(r"\b(nan|NaN|inf|None)\b", text)


@pytest.mark.slow
def test_a_model_beyond_the_neighbours_is_said_to_be_beyond_them(section):
    near = replace(NEIGHBOURS, pairs=900, largest_auc=(0.7, 0.6, 0.75), distance=0.9)
    assert "is above the neighbours' largest" in section(neighbours=near)
    assert "is above the neighbours' largest" not in section()


@pytest.mark.slow
def test_the_training_report_holds_the_section_where_there_is_one(
    problem, train_inputs, monkeypatch
):
    monkeypatch.setattr(page_module, "chart_library", lambda: "")
    i = train_inputs()
    with debug_mode(False):
        inputs = problem, i.dataset, i.parts, i.review, i.about
        text, without = train_page(*inputs, made(feature=HOSTILE)), train_page(*inputs)
    assert "How predictable is it?" in text
    assert "How predictable is it?" not in without
    assert text.count('<div class="chart"') == without.count('<div class="chart"') + 2
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert HOSTILE in visible(text)


@pytest.mark.slow
def test_its_charts_are_drawn_with_and_without_a_ceiling(problem, tmp_path, browse):
    with debug_mode(False):
        sections = [
            Section("How predictable is it?", predictability(problem, made(rising), 1.0))
            for rising in (True, False)
        ]
        text = page_module.page("Predictability", "A test.", [], sections)
    file = tmp_path / "page.html"
    file.write_text(text, encoding="utf-8")
    shown, console = browse(file)
    assert len(re.findall(r"<svg\b[^>]*class=\"marks\"|<canvas\b", shown)) == 4
    drawn = re.sub(r"<script.*?</script>", "", shown, flags=re.S)
    assert drawn.count("(estimate)</text>") == 1
    assert "could not be drawn: " not in drawn
    assert console == []
