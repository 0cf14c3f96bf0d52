"""What every candidate promises, whatever it computes inside."""

import contextlib
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostError

from truerisk.errors import ModelError
from truerisk.models import candidates
from truerisk.models.candidates import CANDIDATES, OF_OUTCOMES, Candidate, candidate
from truerisk.problem import spec

PARAMS = {
    "prior": spec.Prior(),
    "single_feature": spec.SingleFeature(),
    "scorecard": spec.Scorecard(),
    "boosting": spec.Boosting(iterations=40, learning_rate=0.15),
}
UNPICKLED: list[str] = []


@pytest.fixture(params=CANDIDATES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def fitted(name: str, sample: Callable[..., Any]) -> Candidate:
    return CANDIDATES[name].fit(*sample(), PARAMS[name], seed=1)


def test_every_candidate_of_the_grammar_exists_and_is_tested_here() -> None:
    assert set(CANDIDATES) == set(PARAMS)
    assert {*CANDIDATES, *OF_OUTCOMES} == set(spec.Candidates.model_fields)


def test_an_unknown_candidate_lists_the_valid_ones() -> None:
    with pytest.raises(
        ModelError, match='no candidate "forest"; there are boosting, prior, scorecard or'
    ):
        candidate("forest")


def test_predictions_are_probabilities_that_average_to_the_event_rate(
    fitted: Candidate, sample: Callable[..., Any]
) -> None:
    X, event = sample()
    p = fitted.predict(X)
    assert p.shape == event.shape
    assert ((p >= 0) & (p <= 1)).all()
    assert p.mean() == pytest.approx(event.mean(), abs=0.015)


def test_a_model_read_back_predicts_the_same_to_the_last_bit(
    fitted: Candidate, sample: Callable[..., Any]
) -> None:
    X, _ = sample(500, seed=5)
    back = type(fitted).from_bytes(fitted.to_bytes())
    np.testing.assert_array_equal(back.predict(X), fitted.predict(X))
    assert back.to_bytes() == fitted.to_bytes()
    assert back.importance() == fitted.importance()


def test_the_same_rows_and_seed_give_the_same_bytes(
    name: str, fitted: Candidate, sample: Callable[..., Any]
) -> None:
    again = CANDIDATES[name].fit(*sample(), PARAMS[name], seed=1)
    assert again.to_bytes() == fitted.to_bytes()
    other = CANDIDATES[name].fit(*sample(seed=2), PARAMS[name], seed=1)
    assert other.to_bytes() != fitted.to_bytes()


def test_what_training_never_saw_is_scored_all_the_same(
    fitted: Candidate, sample: Callable[..., Any]
) -> None:
    X, _ = sample(4, seed=9)
    strange = X.assign(
        income=[np.nan, -1e9, 1e12, np.nan],
        late=[np.nan, 1e6, -3.0, np.nan],
        purpose=pd.Series(["yacht", None, "", "car"], dtype="str"),
    )
    p = fitted.predict(strange)
    assert ((p >= 0) & (p <= 1)).all()
    nothing = strange.assign(income=np.nan, late=np.nan, purpose=pd.Series([None] * 4, dtype="str"))
    assert len(np.unique(fitted.predict(nothing))) == 1


def test_a_row_is_scored_the_same_alone_as_in_any_company_and_column_order(
    fitted: Candidate, sample: Callable[..., Any]
) -> None:
    X, _ = sample(50, seed=3)
    together = fitted.predict(X)
    np.testing.assert_array_equal(fitted.predict(X[::-1])[::-1], together)
    np.testing.assert_array_equal(fitted.predict(X.iloc[[7]]), together[[7]])
    np.testing.assert_array_equal(fitted.predict(X[X.columns[::-1]]), together)


def test_a_feature_without_any_value_is_no_obstacle(name: str, sample: Callable[..., Any]) -> None:
    X, event = sample(600)
    empty = X.assign(income=np.nan, purpose=pd.Series([None] * len(X), dtype="str"))
    fitted = CANDIDATES[name].fit(empty, event, PARAMS[name], seed=1)
    p = type(fitted).from_bytes(fitted.to_bytes()).predict(X)
    assert np.isfinite(p).all()


@pytest.mark.slow
def test_importance_ranks_what_matters_first(sample: Callable[..., Any]) -> None:
    X, event = sample(6_000)
    X["noise"] = np.random.default_rng(99).normal(size=len(X))
    for name in set(CANDIDATES) - {"prior"}:
        worth = CANDIDATES[name].fit(X, event, PARAMS[name], seed=1).importance()
        assert set(worth) == set(X)
        assert min(worth, key=worth.__getitem__) == "noise"


@contextlib.contextmanager
def unpickling_watched() -> Iterator[list[str]]:
    """The classes that any unpickler looks up meanwhile, by Python's own audit events."""
    if not getattr(sys, "_truerisk_watches", False):
        sys.addaudithook(
            lambda e, a: UNPICKLED.append(str(a)) if e == "pickle.find_class" else None
        )
        sys._truerisk_watches = True  # type: ignore[attr-defined]
    UNPICKLED.clear()
    yield UNPICKLED


class Bomb:
    """Unpickling one touches a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_reading_a_model_unpickles_nothing(fitted: Candidate) -> None:
    content = fitted.to_bytes()
    with unpickling_watched() as seen:
        type(fitted).from_bytes(content)
        assert seen == []
        pickle.loads(pickle.dumps(Path("x")))
        assert seen, "the watch sees nothing"


def test_a_pickle_in_place_of_a_model_does_not_run(fitted: Candidate, tmp_path: Path) -> None:
    bomb = pickle.dumps(Bomb(tmp_path / "ran"))
    with pytest.raises((ValueError, CatBoostError)):
        type(fitted).from_bytes(bomb)
    assert not (tmp_path / "ran").exists()
    pickle.loads(bomb)
    assert (tmp_path / "ran").exists(), "the bomb is a dud"


def test_no_candidate_imports_a_pickler() -> None:
    folder = Path(candidates.__file__).parent
    for file in folder.glob("*.py"):
        text = file.read_text()
        assert not any(f"import {m}" in text for m in ("pickle", "joblib", "dill", "marshal"))
