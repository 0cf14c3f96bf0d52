"""The outcome model never saw the cluster it speaks of."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.measurement import worlds
from truerisk.measurement.evidence.evidence import evidence_of, outcome_model
from truerisk.measurement.evidence.outcome_model import _fitted, sorted_rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def alike() -> pd.DataFrame:
    """60 subjects of 80 rows, all alike; what a subject does is chance, and so is its number."""
    rng = np.random.default_rng(0)
    subject = np.repeat(np.arange(60), 80)
    y = np.repeat(rng.integers(0, 2, 60), 80).astype(float)
    number = np.repeat(rng.permutation(60).astype(float), 80)
    revealed = rng.random(len(y)) < 0.5
    return pd.DataFrame(
        {
            "subject": subject,
            "mature": True,
            "score": 0.5,
            "p_reveal": 0.5,
            "revealed": revealed,
            "event": np.where(revealed, y, np.nan),
            "number": number,
            "y": y,
        }
    )


@pytest.mark.slow
def test_it_knows_nothing_of_a_subject_it_never_saw(alike: pd.DataFrame) -> None:
    m = outcome_model(alike, ["number"])
    assert roc_auc_score(alike["y"], m) < 0.65
    leaked = outcome_model(alike.assign(cluster=np.arange(len(alike))), ["number"])
    assert roc_auc_score(alike["y"], leaked) > 0.95, "the trap has no power"


@pytest.mark.slow
def test_it_learns_from_the_score_and_from_further_columns() -> None:
    log = worlds.draw(3, n=4_000, hidden=1.5).drop(columns="m")
    log["band"] = pd.cut(log["u"], [-9, -1, 0, 1, 9], labels=list("abcd")).astype("str")
    log["event"] = log["y"]
    log["revealed"] = True
    log = log.assign(p_reveal=0.999, p_approve=0.999, p_decline=0.001, action="approve")
    plain, more = (outcome_model(log, features) for features in ([], ["band"]))
    assert roc_auc_score(log["y"], more) > roc_auc_score(log["y"], plain) + 0.03
    assert more.between(0.001, 0.999).all()


@pytest.mark.slow
def test_immature_rows_have_none_and_teach_nothing() -> None:
    log = worlds.draw(4).drop(columns="m")
    young = log.index >= 2_500
    m = outcome_model(log.assign(mature=~young), [])
    assert m[young].isna().all()
    flipped = log.assign(mature=~young)
    flipped.loc[young, "event"] = 1 - flipped.loc[young, "event"]
    pd.testing.assert_series_equal(outcome_model(flipped, []), m)


def test_with_few_labels_it_says_the_mean_of_the_other_folds() -> None:
    log = worlds.draw(5, n=200).drop(columns="m")
    m = outcome_model(log, [])
    rows = evidence_of(log).rows
    for k in range(5):
        others = rows.seen & (rows.cluster % 5 != k)
        assert set(m[rows.cluster % 5 == k]) == {rows.y[others].mean()}


def test_weights_of_one_change_nothing_and_no_column_is_sorted_for_every_bin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Columns of fewer values than bins: a border is the same wherever it is between two."""
    rng = np.random.default_rng(6)
    X = rng.integers(0, 60, (2_000, 3)).astype(float)
    X[rng.random(X.shape) < 0.1] = np.nan
    p = np.nan_to_num(X[:, 0]) / 60
    y = rng.random(len(X)) < p
    taught = X, y, rng.random(len(X)) < 0.8, np.arange(len(X))
    plain = _fitted(*taught)
    monkeypatch.delattr("sklearn.ensemble._hist_gradient_boosting.binning._weighted_percentile")
    np.testing.assert_allclose(_fitted(*taught, weight=np.ones(len(X))), plain, rtol=1e-12)
    finely = X + rng.random(X.shape)  # more values than bins
    doubled = _fitted(finely, *taught[1:], weight=np.where(y, 2.0, 1.0))
    assert doubled.mean() == pytest.approx((2 * p / (1 + p)).mean(), abs=0.03)
    assert roc_auc_score(y, doubled) == pytest.approx(roc_auc_score(y, plain), abs=0.01)


@pytest.mark.parametrize("audited", [False, True])
def test_a_feature_that_no_taught_row_has_is_left_out(audited: bool) -> None:
    rng = np.random.default_rng(7)
    X = np.column_stack([rng.normal(size=(2_000, 2)), np.full(2_000, np.nan)])
    y, known = rng.random(2_000) < 0.3, rng.random(2_000) < 0.8
    taught = y, known, np.arange(2_000)
    weight = np.where(y, 2.0, 1.0) if audited else None
    plain = _fitted(X[:, :2], *taught, weight=weight)
    X[~known, 2] = 1.0
    np.testing.assert_array_equal(_fitted(X, *taught, weight=weight), plain)


@pytest.mark.parametrize("levels", [2, 1_000_000])
def test_rows_are_taught_in_the_order_of_all_their_columns(levels: int) -> None:
    """However few columns had to be looked at, and nulls are the last of theirs."""
    rng = np.random.default_rng(levels)
    X = rng.integers(0, levels, (400, 5)).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    y = rng.integers(0, 2, 400).astype(float)
    rows = np.column_stack([y, X])
    np.testing.assert_array_equal(rows[sorted_rows(X, y)], rows[np.lexsort((y, *X.T))])
