"""A tiny review and a tiny log, made by hand: the pages need no model and no lake."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from altair.utils.schemapi import debug_mode

from tests.reports import looks
from tests.reports.looks import KNOWN_AT, frame, rows
from truerisk.evaluation.choice import Choice, Lead
from truerisk.evaluation.contest import Compared, Contest, How
from truerisk.evaluation.gate import Check
from truerisk.evaluation.review import Review
from truerisk.features.dataset import Dataset
from truerisk.models.parts import Split
from truerisk.problem.load import load_problem
from truerisk.reports.kit import page as page_module
from truerisk.reports.model.page import train_page
from truerisk.reports.monitor.page import measure_page


@pytest.fixture(scope="module")
def quickly():
    """Without the charting library and without checks of every mark: the browser test has both."""
    real = page_module.chart_library
    page_module.chart_library = lambda: "/* library */"
    with debug_mode(False):
        yield
    page_module.chart_library = real


@pytest.fixture(scope="session")
def problem():
    return load_problem(Path(__file__).parents[2] / "problems" / "credit.toml")


@pytest.fixture(scope="session")
def train_inputs(problem):
    """Makes (dataset, parts, review, about) for one state of knowledge."""

    def make(lost=0.02, status="ok", champion="c0ffee", passed=(True, False), name="scorecard"):
        n = 300
        as_of = pd.date_range("2025-01-05", "2025-12-20", periods=n, tz="UTC")
        event = pd.Series(np.where(np.arange(n) % 3 == 0, np.nan, np.arange(n) % 10 == 1))
        table = pd.DataFrame(
            {
                "as_of": as_of,
                "mature": as_of < pd.Timestamp("2025-07-01", tz="UTC"),
                "event": event.astype(float),
                "p_reveal": np.where(np.arange(n) % 50 == 0, 0.0, 0.1),
            }
        )
        table["event"] = table["event"].where(table["mature"])
        judge = table["mature"].to_numpy() & (np.arange(n) % 2 == 0)
        counts = {"applications": n, "mature": 150, "followed": 100, "events": 15}
        counts |= {"closed early": 4, "without an outcome": 50}
        newest = {"applications": KNOWN_AT - pd.Timedelta(days=9), "outcomes": KNOWN_AT}
        versions = {"applications": 3, "outcomes": "sha256:" + "ab" * 32, "decisions/credit": 1}
        dataset = Dataset(
            frame=table,
            features=["amount"],
            definition={},
            versions=versions,
            known_at=KNOWN_AT,
            fingerprint="f00d" * 16,
            counts=counts,
            newest=newest,
        )
        parts = Split(
            holdout_from=as_of[100], early=~judge, gapped=~judge, choose=~judge, judge=judge
        )
        metrics = ("event_rate", "auc", "calibration_error")
        models = ["prior", name, "boosting"]
        estimates = pd.concat(
            frame([rows(m, lost=lost, status=status, scale=1 + i / 20) for m in metrics]).assign(
                model=model
            )
            for i, model in enumerate(models)
        )
        gains = [rows(m, name, lost=lost, status=status) for m in ("policy_gain", "auc_gain")]
        gains += [rows("policy_value", p, lost=lost, status=status) for p in ("as run", name)]
        bands = pd.concat(
            frame([rows("event_rate", None, "band", str(b), 0, status, b / 5)]).assign(
                mean_score=b / 40
            )
            for b in range(1, 11)
        )
        curve = pd.concat(
            frame([rows(m, f"{t:g}", lost=lost, status=status, scale=t * 5)]).assign(
                threshold=t, share=t * 4
            )
            for m in ("event_rate_below", "policy_value")
            for t in (0.05, 0.1, 0.2)
        )
        groups = ["car", name]
        segments = frame([rows(m, None, "purpose", g, lost) for g in groups for m in metrics])
        seen = "naive" if lost == 1 or status != "ok" else "dr"
        checks = [
            Check(
                name="AUC gain over x",
                asked="95% interval above +0.000",
                passed=p,
                value=0.01,
                low=-0.01,
                high=0.02,
                estimator=seen,
            )
            for p in passed
        ]
        compared = frame(gains).assign(reference=f"champion {champion}")
        choice = Choice(
            name=name,
            labels=90,
            events=30,
            aucs=dict.fromkeys([*models, name], 0.7),
            leads=[Lead(other=m, gain=0.01, se=0.02) for m in models if m != name],
        )
        faced = Contest(
            champion=champion, how=How.RECIPES, because="", stake=900.0,
            new=Compared(rows=70, estimates=compared), known=None,
            package=Compared(rows=20, estimates=compared), judged=pd.DataFrame(),
        ) if champion else None  # fmt: skip
        review = Review(
            choice=choice,
            champion=champion,
            rows=int(judge.sum()),
            estimates=estimates,
            baseline=compared,
            contest=faced,
            comparison=compared,
            gap_auc=dict.fromkeys(models, 0.7),
            bands=bands,
            curve=curve,
            segments=segments,
            subjects=frame(
                [rows(m, None, "subject", g, lost) for g in ("known", "new") for m in metrics]
            ),
            m=np.full(int(judge.sum()), 0.1),
            judged=pd.DataFrame(),
            checks=checks,
        )
        card = {
            "amount": {"edges": [100.0, 2500.0], "points": [4, 0, -3], "missing": -1},
            "purpose": {"levels": {"car": 2, name: -7}, "other": 0, "missing": 0},
        }
        about = {"version": "abc123", "run": "TrainFlow/1", "code": "deadbeef"}
        about |= {"command": "truerisk train", "champion": champion, "scorecard": card}
        about |= {"importance": {name: {"amount": 7.0, name + "_input": 9.0, "unused": 0.0}}}
        return SimpleNamespace(dataset=dataset, parts=parts, review=review, about=about)

    return make


@pytest.fixture(scope="session")
def train(problem, train_inputs):
    @cache
    def make(**state):
        i = train_inputs(**state)
        return train_page(problem, i.dataset, i.parts, i.review, i.about)

    return make


@pytest.fixture(scope="session")
def measured(problem):
    """Makes the monitor page of a log of 20 decisions and of frames made by hand."""

    @cache
    def make(**state):
        return measure_page(problem, looks.monitor(**state))

    return make
