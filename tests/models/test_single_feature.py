"""The best single feature is the one that ranks rows it was not cut on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from truerisk.models.single_feature import SingleFeatureModel
from truerisk.problem.spec import SingleFeature


def fit(X: pd.DataFrame, event: np.ndarray) -> SingleFeatureModel:
    return SingleFeatureModel.fit(X, event, SingleFeature(), seed=0)


def test_the_feature_that_ranks_best_is_chosen_and_is_all_it_reads(
    sample: Callable[..., Any],
) -> None:
    X, event = sample(4_000)
    fitted = fit(X, event)
    assert fitted.feature == max(fitted.alone, key=fitted.alone.__getitem__)
    other = X.assign(**{c: np.nan for c in X if c != fitted.feature})
    np.testing.assert_array_equal(fitted.predict(other), fitted.predict(X))


def test_the_auc_alone_is_that_of_unseen_rows(sample: Callable[..., Any]) -> None:
    fitted = fit(*sample(20_000))
    X, event = sample(20_000, seed=5)
    unseen = roc_auc_score(event, fitted.predict(X))
    assert fitted.alone[fitted.feature] == pytest.approx(unseen, abs=0.015)


def test_many_levels_win_nothing_by_remembering_their_rows() -> None:
    rng = np.random.default_rng(3)
    n = 800
    real = rng.normal(size=n)
    event = (rng.random(n) < 1 / (1 + np.exp(1.5 - 0.6 * real))).astype(float)
    X = pd.DataFrame({"shop": rng.integers(90, size=n).astype(str), "real": real})
    in_sample = pd.Series(event).groupby(X["shop"]).transform("mean")
    assert roc_auc_score(event, in_sample) > roc_auc_score(event, real) + 0.02, "no temptation"
    assert fit(X, event).feature == "real"


def test_a_feature_that_never_varies_ranks_nobody() -> None:
    X = pd.DataFrame({"flat": np.ones(400)})
    fitted = fit(X, np.arange(400) % 4 == 0)
    assert fitted.alone == {"flat": 0.5}
    assert len(np.unique(fitted.predict(X))) == 1
