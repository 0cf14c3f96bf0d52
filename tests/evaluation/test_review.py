"""The review of a training run on a simulated lender whose truth is known."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from truerisk.evaluation.contest import How
from truerisk.evaluation.review import Review, review
from truerisk.features.dataset import Dataset, build_dataset
from truerisk.lake.home import repository
from truerisk.lake.lake import Lake, open_lake
from truerisk.measurement.best import best
from truerisk.models.package import save, was_fitted_on
from truerisk.models.parts import Split, split
from truerisk.models.training import Fitted, fit
from truerisk.problem.load import load_problem
from truerisk.problem.spec import Problem
from truerisk.simulator import World, simulate

pytestmark = pytest.mark.slow
PI = 0.5  # few rows judge, and fewer than 30 explored labels would be withheld


class Lender:
    """6,000 applications over two years, all approvals of the old policy followed to the end."""

    def __init__(self, root: Path) -> None:
        self.lake: Lake = open_lake(root)
        self.world: World = simulate(6_000, 24, 11)
        for table, key in (
            ("applications", "application"),
            ("bureau", "bureau"),
            ("payments", "payment"),
        ):
            self.lake.append(table, getattr(self.world, table), f"{key}_id")
        truth = self.world.truth
        approved = truth.loc[truth["approved_by_old_policy"], "application_id"]
        self.lake.append("outcomes", self.world.outcomes(approved), "application_id")
        self.problem: Problem = load_problem(repository() / "problems" / "credit.toml")
        self.dataset: Dataset = build_dataset(self.problem, self.lake, "2026-07-01")
        self.parts: Split = split(self.problem, self.dataset)

    @cache  # noqa: B019  one lender per module
    def fitted(self, name: str) -> Fitted:
        return fit(self.problem, self.dataset, name, self.parts)

    def review(
        self, *names: str, champion: str | None = None, dataset: Dataset | None = None
    ) -> Review:
        fitted = [self.fitted(n) for n in names or ("prior", "scorecard", "boosting")]
        return review(
            self.problem, self.lake, dataset or self.dataset, self.parts, fitted, champion
        )

    def truth(self) -> pd.DataFrame:
        """The truth of the judged rows."""
        keys = self.dataset.frame.loc[self.parts.judge, "application_id"]
        return self.world.truth.set_index("application_id").loc[keys]

    def explored(self) -> Dataset:
        """The same data had the old policy explored: logged propensities, some more outcomes."""
        frame = self.dataset.frame.copy()
        truth = self.world.truth.set_index("application_id").loc[frame["application_id"]]
        approved = truth["approved_by_old_policy"].to_numpy()
        luck = np.random.default_rng(0).random(len(frame)) < PI
        seen = (approved | luck) & frame["mature"]
        event = pd.Series(truth["event"].to_numpy(dtype=float), index=frame.index)
        return replace(
            self.dataset,
            frame=frame.assign(event=event.where(seen), p_reveal=np.where(approved, 1.0, PI)),
        )


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Lender:
    return Lender(tmp_path_factory.mktemp("lender"))


@pytest.fixture(scope="module")
def found(lender: Lender) -> Review:
    return lender.review()


@pytest.mark.slow
def test_what_judges_neither_fitted_nor_chose(lender: Lender, found: Review) -> None:
    frame, parts = lender.dataset.frame, lender.parts
    assert not (parts.judge & (parts.choose | parts.early)).any()
    chose = set(frame.loc[parts.choose, "subject"])
    judged = set(frame.loc[parts.judge, "subject"])
    assert not chose & judged
    assert found.rows == parts.judge.sum() > 200


def test_a_model_that_learned_is_chosen_over_the_event_rate_alone(found: Review) -> None:
    assert found.chosen in ("scorecard", "boosting")
    assert found.rival == "the event rate alone"
    aucs = {m: best(rows, "auc")["value"] for m, rows in found.estimates.groupby("model")}
    assert aucs["prior"] == pytest.approx(0.5)
    assert aucs[found.chosen] > 0.65


def test_the_choice_is_made_on_the_choosing_half(lender: Lender, found: Review) -> None:
    frame, choose = lender.dataset.frame, lender.parts.choose
    rows = choose & frame["event"].notna().to_numpy()
    aucs = {
        n: roc_auc_score(frame.loc[rows, "event"], lender.fitted(n).scores[rows])
        for n in ("prior", "scorecard", "boosting")
    }
    assert found.chosen == max(aucs, key=aucs.__getitem__)
    assert found.choice.aucs == pytest.approx(aucs)


def test_the_brier_score_is_compared_with_the_event_rates_own(found: Review) -> None:
    """A coin's Brier score is .25, the event rate's p(1 − p): the gain must be over the latter."""
    gain = best(found.baseline, "brier_gain")
    brier = {m: best(rows, "brier")["value"] for m, rows in found.estimates.groupby("model")}
    assert gain["value"] == pytest.approx(brier["prior"] - brier[found.chosen], abs=1e-9)


@pytest.mark.slow
def test_without_propensities_the_naive_numbers_are_shown_and_say_so(
    lender: Lender, found: Review
) -> None:
    frame = lender.dataset.frame.loc[lender.parts.judge]
    seen = frame["event"].notna().to_numpy()
    auc = best(found.estimates.query(f"model == '{found.chosen}'"), "auc")
    scores = lender.fitted(found.chosen).scores[lender.parts.judge]
    assert (auc["estimator"], auc["population"]) == ("naive", "revealed")
    assert auc["value"] == pytest.approx(roc_auc_score(frame["event"][seen], scores[seen]))
    everyone = found.estimates[found.estimates["population"] == "all"]
    assert everyone["value"].isna().all()
    assert found.summary()["auc_population"] == "revealed"


def test_the_gate_is_the_checks_on_the_judging_half(found: Review) -> None:
    gain, calibration = found.checks
    assert gain.name == "AUC gain over the event rate alone"
    row = best(found.comparison, "auc_gain")
    assert gain.passed == bool(row["low"] > 0)
    assert gain.passed, "a model with an AUC above .65 beats the event rate"
    row = best(found.estimates.query(f"model == '{found.chosen}'"), "calibration_error")
    assert calibration.passed == bool(max(abs(row["low"]), abs(row["high"])) <= 0.02)
    assert found.summary()["gate"] == [
        {**vars(check), "seen": check.seen} for check in (gain, calibration)
    ]


def test_bands_share_all_rows_in_order_of_score(lender: Lender, found: Review) -> None:
    bands = found.bands[found.bands["estimator"] == "naive"]
    assert bands["labels"].sum() == lender.dataset.frame.loc[lender.parts.judge, "event"].count()
    order = bands.assign(band=bands["group"].astype(int)).sort_values("band")
    assert order["mean_score"].is_monotonic_increasing
    scores = lender.fitted(found.chosen).scores[lender.parts.judge]
    assert order["mean_score"].iloc[0] < scores.mean() < order["mean_score"].iloc[-1]


def test_the_curve_prices_every_cutoff(found: Review) -> None:
    curve = found.curve[found.curve["estimator"] == "naive"]
    rates = curve[curve["metric"] == "event_rate_below"]
    assert rates["threshold"].is_monotonic_increasing
    assert rates["share"].is_monotonic_increasing
    dollars = curve[curve["metric"] == "policy_value"]
    assert set(dollars["threshold"]) == set(rates["threshold"])


def test_a_segment_may_be_called_as_what_the_review_makes(lender: Lender) -> None:
    """ "band" and "score" are columns of the log that is judged."""
    frame = lender.dataset.frame
    place = np.where(np.arange(len(frame)) % 2, "north", "south")
    named = lender.problem.training.model_copy(update={"segments": ["band", "segment band"]})
    made = review(
        lender.problem.model_copy(update={"training": named}),
        lender.lake,
        replace(lender.dataset, frame=frame.assign(**{"band": place, "segment band": place[::-1]})),
        lender.parts,
        [lender.fitted("scorecard")],
        None,
    )
    groups = made.segments.groupby("group_by")["group"].unique().map(set).to_dict()
    assert groups == {k: {"north", "south"} for k in ("band", "segment band")}
    assert set(made.bands["group"]) == {str(k) for k in range(1, 11)}


def test_the_cutoffs_of_a_rare_fraud_are_as_many(lender: Lender) -> None:
    """Scores of about 1e-5 are told apart."""
    common = lender.fitted("scorecard")
    made = review(
        lender.problem, lender.lake, lender.dataset, lender.parts,
        [replace(common, scores=common.scores * 1e-5)], None,
    )  # fmt: skip
    rates = made.curve[made.curve["metric"].eq("event_rate_below")]
    rates = rates[rates["estimator"].eq("naive")]
    assert rates["threshold"].nunique() > 15
    assert rates["share"].iloc[-1] > 0.9


@pytest.mark.slow
def test_a_model_against_itself_as_champion_is_not_worse(lender: Lender) -> None:
    same, about = lender.fitted("scorecard"), {"known_at": lender.dataset.known_at.isoformat()}
    version = save(lender.problem.name, lender.lake, same.model, about)
    made = lender.review("scorecard", champion=version)
    assert made.rival == f"champion {version}"
    assert made.contest is not None and made.contest.how is How.RECIPES
    gain = best(made.comparison, "auc_gain")
    assert gain[["value", "low", "high"]].tolist() == pytest.approx([0, 0, 0], abs=1e-12)
    assert best(made.comparison.query("policy == 'scorecard'"), "policy_gain")["value"] == 0
    assert [c.passed for c in made.checks[1:3]] == [True, True]
    assert made.contest.package is None, "it was fitted on every row that judges"


@pytest.mark.slow
def test_a_champion_is_compared_as_known_then_and_not_on_what_it_was_fitted_on(
    lender: Lender,
) -> None:
    """A champion of a month ago, its package fitted on most of the rows that judge."""
    then = build_dataset(lender.problem, lender.lake, "2026-06-01")
    boosted = fit(lender.problem, then, "boosting")
    about = {"known_at": then.known_at.isoformat()}
    version = save(lender.problem.name, lender.lake, boosted.model, about)
    made = lender.review("boosting", champion=version)
    frame = lender.dataset.frame.loc[lender.parts.judge]
    seen = frame["event"].notna().to_numpy()
    new, own = lender.fitted("boosting").scores[lender.parts.judge], boosted.model.score(frame)
    naive = roc_auc_score(frame["event"][seen], new[seen])
    flattered = roc_auc_score(frame["event"][seen], own[seen])
    gain = best(made.comparison, "auc_gain")
    assert flattered - naive > 0.05, "a champion judged on its own rows"
    assert abs(gain["value"]) < 0.03
    fitted = set(lender.dataset.frame.loc[lender.parts.gapped, "subject"])
    compared = made.judged["application_id"]
    who = lender.dataset.frame.set_index("application_id")["subject"]
    assert not set(who[compared]) & fitted
    known_to_it = was_fitted_on(lender.problem.name, lender.lake, version, frame["application_id"])
    expected = frame["as_of"] + lender.problem.outcome.horizon <= then.known_at
    np.testing.assert_array_equal(known_to_it, (expected & frame["event"].notna()).to_numpy())


@pytest.mark.slow
def test_a_champion_without_a_recipe_or_enough_unseen_events_is_left_to_a_person(
    lender: Lender,
) -> None:
    old = replace(lender.fitted("prior").model, recipe=None, fitted_keys=None)
    version = save(lender.problem.name, lender.lake, old, {"known_at": "2026-01-01"})
    made = lender.review("scorecard", champion=version)
    failed = [c for c in made.checks if not c.passed]
    assert "cannot be compared" in failed[0].seen and "a person decides" in failed[0].seen
    assert made.rival == "the event rate alone"


def test_a_problem_with_the_prior_alone_is_reviewed_too(lender: Lender) -> None:
    made = lender.review("prior")
    assert made.chosen == "prior"
    assert not made.checks[0].passed
    assert made.summary()["auc"] == pytest.approx(0.5)


@pytest.mark.slow
def test_with_logged_propensities_the_review_speaks_of_everyone(lender: Lender) -> None:
    made = lender.review("scorecard", dataset=lender.explored())
    truth, scores = lender.truth(), lender.fitted("scorecard").scores[lender.parts.judge]
    rows = made.estimates
    rate, naive = best(rows, "event_rate"), rows.query("estimator == 'naive'").iloc[0]
    assert (rate["estimator"], rate["population"]) == ("dr", "all")
    assert rate["low"] < truth["event"].mean() < rate["high"]
    assert naive["value"] < rate["value"] - 0.02
    auc = best(rows, "auc")
    assert auc["low"] < roc_auc_score(truth["event"], scores) < auc["high"]


@pytest.mark.slow
def test_what_is_promised_are_intervals_of_everyone_and_none_without_exploration(
    lender: Lender, found: Review
) -> None:
    assert found.summary()["promised"] == {}, "the approved are not everyone"
    made = lender.review("scorecard", dataset=lender.explored())
    kept = json.loads(json.dumps(made.summary()))["promised"]
    assert set(kept) == {"event_rate", "auc", "brier", "policy_value"}
    rate = best(made.estimates, "event_rate")
    assert kept["event_rate"] == [rate["low"], rate["high"]]
    value = best(made.comparison.query("policy == 'scorecard'"), "policy_value")
    assert kept["policy_value"] == [value["low"], value["high"]]


def test_what_is_relied_on_is_dr_of_all_then_of_the_eligible_then_naive() -> None:
    rows = pd.DataFrame(
        {
            "metric": "auc",
            "group_by": "",
            "estimator": ["naive", "ipw", "ipw", "dr", "dr"],
            "population": ["revealed", "eligible", "all", "eligible", "all"],
            "value": [0.7, 0.81, 0.82, 0.83, 0.84],
        }
    ).astype({"value": "Float64"})
    taken = []
    for _ in range(3):
        taken.append(best(rows, "auc")["value"])
        rows.loc[rows["value"] == taken[-1], "value"] = pd.NA
    assert taken == [0.84, 0.83, 0.7]
    assert best(rows, "auc")["estimator"] == "naive"
