"""The whole section's numbers on worlds where everybody's probability is known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from truerisk.evaluation.predictability import learning_curve as curve_module
from truerisk.evaluation.predictability.judging_weights import JudgingWeights
from truerisk.evaluation.predictability.predictability import Predictability, predictability
from truerisk.evaluation.review import review
from truerisk.features.dataset import Dataset
from truerisk.lake.lake import Lake
from truerisk.models.parts import Split, split
from truerisk.models.training import fit
from truerisk.problem.spec import Problem
from truerisk.statistics import influence
from truerisk.statistics.interval import clustered_se

Make = Callable[..., Dataset]


def look(
    problem: Problem, lake: Lake, dataset: Dataset, *names: str
) -> tuple[Predictability, Split, dict[str, np.ndarray]]:
    parts = split(problem, dataset)
    fitted = [fit(problem, dataset, name, parts) for name in names]
    seen = review(problem, lake, dataset, parts, fitted, None)
    scores = {f.name: f.scores[parts.judge] for f in fitted}
    found = predictability(problem, dataset, parts, fitted, seen)
    assert found is not None
    return found, parts, scores


def best_auc(p: np.ndarray) -> float:
    """AUC of p itself over every outcome these rows could have had."""
    return influence.auc(p, 1 - p, p).theta


def rung(found: Predictability, name: str, metric: str) -> pd.Series:
    rows = found.ladder
    return rows[(rows["rung"] == name) & (rows["metric"] == metric)].iloc[0]


def explored(frame: pd.DataFrame) -> pd.DataFrame:
    """A quarter of those above the cutoff are shown at random, and their chance was logged."""
    pi = np.where(frame["p"] > 0.15, 0.25, 1.0)
    shown = np.random.default_rng(5).random(len(frame)) < pi
    return frame.assign(event=frame["event"].where(shown), p_reveal=pi)


@pytest.mark.slow
def test_every_rung_adds_to_the_one_below_and_is_what_scikit_learn_says(
    problem: Problem, lake: Lake, make_dataset: Make
) -> None:
    dataset = make_dataset(9_000)
    found, parts, scores = look(problem, lake, dataset, "scorecard")
    assert list(found.ladder["rung"].unique()) == ["prior", "single_feature", "scorecard"]
    assert (found.estimator, found.population, found.feature) == ("naive", "revealed", "debt")
    judged = dataset.frame.loc[parts.judge]
    own = rung(found, "scorecard", "auc")
    assert own["value"] == pytest.approx(roc_auc_score(judged["event"], scores["scorecard"]))
    assert rung(found, "prior", "auc")[["value", "low", "high"]].tolist() == [0.5] * 3
    single = rung(found, "single_feature", "auc")
    gain = rung(found, "scorecard", "auc_gain")
    assert gain["value"] == pytest.approx(own["value"] - single["value"])
    assert rung(found, "single_feature", "auc_gain")["low"] > 0
    assert gain["low"] > 0
    assert gain["high"] - gain["low"] < own["high"] - own["low"], "paired"
    with pytest.raises(IndexError):
        rung(found, "prior", "auc_gain")


@pytest.mark.slow
def test_the_dollars_are_those_of_the_cutoff_on_rows_that_did_not_choose_it(
    problem: Problem, lake: Lake, make_dataset: Make
) -> None:
    dataset = make_dataset(9_000)
    found, parts, scores = look(problem, lake, dataset, "scorecard")
    money = rung(found, "scorecard", "policy_value")
    p = dataset.frame.loc[parts.judge, "p"].to_numpy()
    approve = scores["scorecard"] <= np.quantile(scores["scorecard"], money["share"])
    assert money["low"] < (approve * (1 - 2 * p)).mean() < money["high"]
    assert money["value"] > rung(found, "prior", "policy_value")["value"]
    assert 0.5 < money["share"] < 1.0
    assert scores["scorecard"][approve].max() == pytest.approx(0.5, abs=0.15)


@pytest.mark.slow
def test_with_logged_propensities_everything_speaks_of_everyone(
    problem: Problem, lake: Lake, make_dataset: Make
) -> None:
    dataset = make_dataset(12_000, 1, explored)
    found, parts, scores = look(problem, lake, dataset, "scorecard")
    assert (found.estimator, found.population, found.status) == ("dr", "all", "ok")
    judged = dataset.frame.loc[parts.judge]
    p, seen = judged["p"].to_numpy(), judged["event"].notna().to_numpy()
    true = influence.auc(p, 1 - p, scores["scorecard"]).theta
    auc = rung(found, "scorecard", "auc")
    naive = roc_auc_score(judged["event"][seen], scores["scorecard"][seen])
    assert auc["low"] < true < auc["high"]
    assert naive < true - 0.02, "the revealed alone rank worse"
    assert found.neighbours.noise is not None
    assert found.neighbours.noise[0] == pytest.approx((p * (1 - p)).mean(), abs=0.02)
    last = found.curve.points.iloc[-1]
    assert last["auc"] == pytest.approx(auc["value"])


@pytest.mark.slow
def test_the_ceiling_of_a_world_that_can_be_learned_is_its_best_auc(
    problem: Problem, lake: Lake, make_dataset: Make
) -> None:
    dataset = make_dataset(40_000, 4)
    found, parts, _ = look(problem, lake, dataset, "boosting")
    p = dataset.frame.loc[parts.judge, "p"].to_numpy()
    best, end = best_auc(p), found.curve.ceiling
    assert end.status == "ok"
    assert end.value is not None and end.doubled is not None
    assert end.value[1] <= best <= end.value[2]
    assert end.value[0] == pytest.approx(best, abs=0.015)
    assert 0 <= end.doubled[1] <= end.doubled[0] <= end.doubled[2] < 0.01
    points = found.curve.points
    assert points["auc"].iloc[0] < best - 0.01, "the smallest sample has something to learn"
    assert points["rows"].is_monotonic_increasing
    spent = (points["rows"] * points["fits"]).iloc[:-1].sum()
    assert spent <= curve_module.MOST_ROWS
    assert found.neighbours.largest_auc is not None
    assert found.neighbours.largest_auc[1] - 0.02 < best < found.neighbours.largest_auc[2] + 0.02


@pytest.mark.slow
def test_features_that_never_vary_give_a_coin_and_no_ceiling(
    problem: Problem, lake: Lake, make_dataset: Make
) -> None:
    dataset = make_dataset(4_000, 2, lambda f: f.assign(debt=1.0, income=2.0, shop="web"))
    found, _, _ = look(problem, lake, dataset, "prior", "scorecard")
    auc = found.ladder[found.ladder["metric"] == "auc"]
    assert auc[["value", "low", "high"]].to_numpy() == pytest.approx(0.5)
    gains = found.ladder[found.ladder["metric"] == "auc_gain"]
    assert gains[["value", "low", "high"]].to_numpy() == pytest.approx(0.0)
    assert (found.curve.points["auc"] == 0.5).all()
    assert found.curve.ceiling.status.startswith("withheld")
    assert found.curve.ceiling.value is None
    assert found.neighbours.largest_auc is None or found.neighbours.largest_auc[1] == 0.5


@pytest.mark.slow
def test_too_few_events_to_sample_are_withheld_with_the_number_of_sizes(
    problem: Problem, lake: Lake, make_dataset: Make
) -> None:
    found, _, _ = look(problem, lake, make_dataset(450), "scorecard")
    assert found.curve.ceiling.status.startswith("withheld: ")
    assert "sizes of training data" in found.curve.ceiling.status
    assert found.curve.points["low"].notna().all()


@pytest.mark.slow
def test_where_the_review_withholds_its_auc_there_is_nothing_to_say(
    problem: Problem, lake: Lake, make_dataset: Make
) -> None:
    dataset = make_dataset(2_000)
    parts = split(problem, dataset)
    fitted = [fit(problem, dataset, "prior", parts)]
    seen = review(problem, lake, dataset, parts, fitted, None)
    blank = replace(seen, estimates=seen.estimates.assign(value=pd.NA))
    assert predictability(problem, dataset, parts, fitted, blank) is None


@pytest.mark.slow
def test_a_single_feature_that_the_problem_asks_for_is_not_fitted_again(
    problem: Problem, lake: Lake, make_dataset: Make
) -> None:
    asked = type(problem.candidates).model_validate(
        problem.candidates.model_dump(exclude_none=True) | {"single_feature": {}}
    )
    dataset = make_dataset(4_000)
    both = problem.model_copy(update={"candidates": asked})
    found, parts, scores = look(both, lake, dataset, "single_feature", "scorecard")
    judged = dataset.frame.loc[parts.judge, "event"]
    own = roc_auc_score(judged, scores["single_feature"])
    assert rung(found, "single_feature", "auc")["value"] == pytest.approx(own)


def test_samples_are_nested_and_never_part_a_subject() -> None:
    subject = pd.Series(np.repeat(np.arange(3_000), 2))
    place = curve_module.place(subject)
    assert (place[::2] == place[1::2]).all()
    assert ((place >= 0) & (place < 1)).all()
    for share in curve_module.SHARES:
        assert (place < share).mean() == pytest.approx(share, abs=0.03)
    np.testing.assert_array_equal(curve_module.place(subject.iloc[::-1]), place[::-1])


def test_the_joint_covariance_is_that_of_clusters_and_of_paired_differences() -> None:
    rng = np.random.default_rng(0)
    n = 600
    y, cluster = (rng.random(n) < 0.3).astype(float), np.arange(n) // 2
    weights = JudgingWeights(
        estimator="naive",
        population="revealed",
        kept=np.ones(n, bool),
        a=y,
        b=1 - y,
        cluster=cluster,
    )
    first, second = y + rng.normal(size=n), y + rng.normal(size=n)
    one, two = weights.auc(first), weights.auc(second)
    V = weights.covariance([one.influence, two.influence])
    assert np.sqrt(V[0, 0]) == pytest.approx(clustered_se(one.influence, cluster))
    paired = clustered_se(one.influence - two.influence, cluster)
    assert np.sqrt(V[0, 0] + V[1, 1] - 2 * V[0, 1]) == pytest.approx(paired)
    assert one.theta == pytest.approx(roc_auc_score(y, first))


@pytest.mark.slow
def test_the_same_inputs_give_the_same_estimates(
    problem: Problem, lake: Lake, make_dataset: Make
) -> None:
    one, _, _ = look(problem, lake, make_dataset(3_000), "scorecard")
    two, _, _ = look(problem, lake, make_dataset(3_000), "scorecard")
    pd.testing.assert_frame_equal(one.ladder, two.ladder)
    pd.testing.assert_frame_equal(one.curve.points, two.curve.points)
    assert one.neighbours == two.neighbours
    assert replace(one.curve.ceiling, grid=None, fitted=None, band=None) == replace(
        two.curve.ceiling, grid=None, fitted=None, band=None
    )
