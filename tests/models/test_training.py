"""The training protocol: nothing that judges a model was used to make it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truerisk.errors import ModelError, SourceError
from truerisk.features.dataset import Dataset
from truerisk.models import training
from truerisk.models.calibration import Calibration
from truerisk.models.candidates import CANDIDATES
from truerisk.models.parts import split
from truerisk.models.recipe import recipe_of
from truerisk.models.training import as_known, fit
from truerisk.problem.spec import Problem

Make = Callable[..., Dataset]


def in_rows(dataset: Dataset, parts: training.Split, what: str) -> pd.DataFrame:
    return dataset.frame.loc[getattr(parts, what)]


def test_the_holdout_begins_after_everything_that_fits(
    problem: Problem, make_dataset: Make
) -> None:
    dataset = make_dataset()
    parts = split(problem, dataset)
    early = in_rows(dataset, parts, "early")["as_of"]
    late = dataset.frame.loc[parts.choose | parts.judge, "as_of"]
    assert early.max() <= parts.holdout_from < late.min()
    last_mature = dataset.frame.loc[dataset.frame["mature"], "as_of"].max()
    assert last_mature - parts.holdout_from == problem.training.holdout
    assert late.max() == last_mature


def test_a_subject_is_in_one_half_of_the_holdout_only(problem: Problem, make_dataset: Make) -> None:
    dataset = make_dataset()
    parts = split(problem, dataset)
    choose, judge = (set(in_rows(dataset, parts, h)["subject"]) for h in ("choose", "judge"))
    late = dataset.frame.loc[parts.choose | parts.judge, "subject"]
    assert late.duplicated().sum() > 50, "nobody applied twice"
    assert set(late) == choose | judge
    assert not choose & judge
    assert 0.4 < len(choose) / len(choose | judge) < 0.6


def test_the_halves_do_not_move_when_other_rows_come_or_go(
    problem: Problem, make_dataset: Make
) -> None:
    dataset = make_dataset()
    some = dataset.frame.iloc[::2].reset_index(drop=True)
    fewer, whole = split(problem, replace(dataset, frame=some)), split(problem, dataset)
    for half, other in (("judge", "choose"), ("choose", "judge")):
        few = set(some.loc[getattr(fewer, half), "subject"])
        assert not few & set(in_rows(dataset, whole, other)["subject"])
        assert len(few & set(in_rows(dataset, whole, half)["subject"])) > 50


def test_immature_rows_neither_fit_nor_judge(problem: Problem, make_dataset: Make) -> None:
    dataset = make_dataset()
    parts = split(problem, dataset)
    young = ~dataset.frame["mature"].to_numpy()
    assert young.sum() > 100
    for what in ("early", "gapped", "choose", "judge"):
        assert not getattr(parts, what)[young].any()


@pytest.fixture
def rows_seen(monkeypatch: pytest.MonkeyPatch) -> list[pd.Index]:
    """The index of the rows of every fit, in order."""
    seen: list[pd.Index] = []

    class Spy(CANDIDATES["scorecard"]):  # type: ignore[misc]
        @classmethod
        def fit(cls, X: pd.DataFrame, *rest: Any) -> Any:
            seen.append(X.index)
            return CANDIDATES["scorecard"].fit(X, *rest)

    monkeypatch.setattr(training, "candidate", lambda name: Spy)
    return seen


def test_only_early_rows_fit_what_is_judged_and_all_labelled_rows_what_is_submitted(
    problem: Problem, make_dataset: Make, rows_seen: list[pd.Index]
) -> None:
    dataset = make_dataset()
    parts = split(problem, dataset)
    fit(problem, dataset, "scorecard", parts)
    early, final, gapped = rows_seen
    as_of = dataset.frame["as_of"]
    assert as_of[early].max() <= parts.holdout_from
    assert as_of[gapped].max() + problem.outcome.horizon <= parts.holdout_from
    assert len(gapped) < len(early) < len(final) == dataset.frame["event"].notna().sum()


@pytest.mark.parametrize(("n", "gap"), [(2_000, True), (1_300, False)])
def test_the_gap_variant_exists_where_a_thousand_rows_are_left(
    problem: Problem, make_dataset: Make, n: int, gap: bool
) -> None:
    dataset = make_dataset(n)
    parts = split(problem, dataset)
    assert (parts.gapped.sum() >= 1_000) == gap
    made = fit(problem, dataset, "prior", parts)
    assert (made.gap_scores is not None) == gap


def test_the_gap_variant_is_the_recipe_as_known_and_not_fitted_again(
    problem: Problem, make_dataset: Make, rows_seen: list[pd.Index]
) -> None:
    dataset = make_dataset()
    parts = split(problem, dataset)
    gapped = fit(problem, dataset, "scorecard", parts).gapped
    assert gapped is not None
    follow = recipe_of(problem, "scorecard"), dataset.frame, parts.holdout_from
    alone = as_known(*follow)
    before = len(rows_seen)
    given = as_known(*follow, (parts.gapped, gapped))
    assert given.fitted is gapped and len(rows_seen) == before + 1
    late = dataset.frame[parts.judge]
    np.testing.assert_array_equal(given.score(late), alone.score(late))
    assert as_known(*follow, (parts.early, gapped)).fitted is not gapped, "of other rows"


@pytest.mark.slow
def test_outcomes_of_the_judging_half_change_no_score_that_is_judged(
    problem: Problem, make_dataset: Make
) -> None:
    dataset = make_dataset()
    parts = split(problem, dataset)
    flipped = dataset.frame.copy()
    flipped.loc[parts.judge, "event"] = 1 - flipped.loc[parts.judge, "event"]
    for name in ("scorecard", "boosting"):
        one, other = (
            fit(problem, replace(dataset, frame=f), name, parts) for f in (dataset.frame, flipped)
        )
        np.testing.assert_array_equal(one.scores, other.scores)
        assert one.model.version != other.model.version, "the final fit uses all labels"


def test_scores_cover_the_whole_holdout_and_nothing_before_it(
    problem: Problem, make_dataset: Make
) -> None:
    dataset = make_dataset()
    parts = split(problem, dataset)
    made = fit(problem, dataset, "scorecard", parts)
    np.testing.assert_array_equal(np.isfinite(made.scores), parts.choose | parts.judge)


@pytest.mark.slow
def test_calibration_uses_the_choosing_half_with_weights_of_one_over_p_reveal(
    problem: Problem, make_dataset: Make
) -> None:
    p = np.random.default_rng(1).choice([1.0, 0.1, np.nan], 2_000)

    def log_propensities(frame: pd.DataFrame) -> None:
        frame["p_reveal"] = p

    dataset = make_dataset(change=log_propensities)
    parts = split(problem, dataset)
    made = fit(problem, dataset, "scorecard", parts)
    early, choose = in_rows(dataset, parts, "early"), in_rows(dataset, parts, "choose")
    raw = CANDIDATES["scorecard"].fit(
        early[dataset.features], early["event"].to_numpy(), problem.candidates.scorecard, 0
    )
    weight = np.where(choose["p_reveal"] == 0.1, 10.0, 1.0)
    events = choose["event"].to_numpy()
    assert made.model.calibration == Calibration.fit(
        raw.predict(choose[dataset.features]), events, weight
    )
    unweighted = fit(problem, make_dataset(), "scorecard")
    assert made.model.calibration != unweighted.model.calibration


@pytest.mark.parametrize("part", ["early", "choose", "judge"])
@pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
def test_a_part_with_one_kind_of_outcome_is_refused_with_its_counts(
    problem: Problem, make_dataset: Make, part: str, value: float
) -> None:
    dataset = make_dataset()
    rows = getattr(split(problem, dataset), part)

    def one_sided(frame: pd.DataFrame) -> None:
        frame.loc[rows, "event"] = value

    labelled = 0 if np.isnan(value) else int(rows.sum())
    where = {"early": "before the", "choose": "that chooses", "judge": "that judges"}[part]
    with pytest.raises(SourceError) as refused:
        split(problem, make_dataset(change=one_sided))
    assert f"{labelled:,} labelled applications" in str(refused.value)
    assert where in str(refused.value)


@pytest.mark.slow
def test_the_version_depends_on_data_definitions_parameters_and_nothing_else(
    problem: Problem, make_dataset: Make
) -> None:
    dataset = make_dataset()
    usual = fit(problem, dataset, "scorecard").model.version
    assert fit(problem, make_dataset(), "scorecard").model.version == usual

    def one_value(frame: pd.DataFrame) -> None:
        frame.loc[0, "income"] += 1

    renamed = {**dataset.definition, "sources": {"other": {}}}
    coarser = problem.candidates.model_copy(
        update={"scorecard": problem.candidates.scorecard.model_copy(update={"bins": 4})}
    )
    others = [
        fit(problem, make_dataset(change=one_value), "scorecard"),
        fit(problem, replace(dataset, definition=renamed), "scorecard"),
        fit(problem.model_copy(update={"candidates": coarser}), dataset, "scorecard"),
        fit(problem, dataset, "boosting"),
    ]
    assert len({usual, *(o.model.version for o in others)}) == 5


def test_an_unknown_candidate_is_refused(problem: Problem, make_dataset: Make) -> None:
    with pytest.raises(ModelError, match="no candidate"):
        fit(problem, make_dataset(), "forest")
