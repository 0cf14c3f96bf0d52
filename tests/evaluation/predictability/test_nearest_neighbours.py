"""Neighbours against worlds whose noise is known, and neighbours that are not neighbours at all."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.evaluation.predictability.conftest import draw
from truerisk.evaluation.predictability import nearest_neighbours as module
from truerisk.evaluation.predictability.nearest_neighbours import largest_auc, nearest_neighbours


def found(
    X: pd.DataFrame, y: np.ndarray, subject: np.ndarray | None = None
) -> module.NearestNeighbours:
    subject = np.arange(len(y)) if subject is None else subject
    return nearest_neighbours(X, y, subject, np.ones(len(y)))


@pytest.mark.parametrize("seed", range(3))
def test_the_noise_is_that_of_the_world_and_never_far_below(seed: int) -> None:
    X, p, y = draw(5_000, seed)
    made, true = found(X, y), (p * (1 - p)).mean()
    assert made.status == "ok"
    assert made.noise is not None and made.largest_auc is not None
    assert made.noise[0] == pytest.approx(true, abs=0.012)
    assert 2 * made.noise[0] == pytest.approx(made.disagree)
    assert made.chance == pytest.approx(2 * y.mean() * (1 - y.mean()))
    best = roc_auc_score(y, p)
    assert made.largest_auc[1] - 0.02 < best < made.largest_auc[2] + 0.02
    assert made.distance is not None and made.distance < 0.2


def test_a_neighbour_of_the_same_subject_would_hide_the_noise() -> None:
    X, p, y = draw(6_000, 1, repeats=3)
    subject, true = np.repeat(np.arange(2_000), 3), (p * (1 - p)).mean()
    honest, mutant = found(X, y, subject), found(X, y)
    assert honest.noise is not None
    assert honest.noise[1] < true < honest.noise[2]
    assert mutant.disagree is not None
    assert mutant.disagree / 2 < true / 4, "outcomes of one subject are one outcome"


@pytest.mark.slow
def test_what_a_model_of_the_same_rows_leaves_over_would_hide_it_too() -> None:
    """In-sample, a flexible fit's own p(1 − p) is far below the truth; neighbours' is not."""
    from sklearn.ensemble import RandomForestClassifier

    X, p, y = draw(1_500, 2)
    Z = X.assign(shop=(X["shop"] == "web").astype(float))
    inside = RandomForestClassifier(50, random_state=0).fit(Z, y).predict_proba(Z)[:, 1]
    true, made = (p * (1 - p)).mean(), found(X, y)
    assert made.noise is not None
    assert (inside * (1 - inside)).mean() < 0.75 * true < 0.9 * made.noise[0]


@pytest.mark.slow
def test_features_that_say_nothing_only_raise_the_noise() -> None:
    X, _, y = draw(5_000, 3)
    rng = np.random.default_rng(0)
    more = X.assign(**{f"noise_{k}": rng.normal(size=len(X)) for k in range(12)})
    near, far = found(X, y), found(more, y)
    assert near.noise is not None and far.noise is not None
    assert near.noise[0] < far.noise[0] <= 0.5 * far.chance  # type: ignore[operator]
    assert near.largest_auc is not None and far.largest_auc is not None
    assert far.largest_auc[0] < near.largest_auc[0]
    assert near.distance < far.distance  # type: ignore[operator]


@pytest.mark.slow
def test_the_interval_holds_the_truth_of_the_world_nineteen_times_in_twenty() -> None:
    held = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        place = rng.integers(300, size=600)  # neighbours are exact: nothing but chance is left
        p = np.where(place % 2, 0.1, 0.4)
        y = (rng.random(600) < p).astype(float)
        made = found(pd.DataFrame({"kind": np.where(place % 2, "b", "a"), "flat": 1.0}), y)
        low, high = (made.disagree / 2, made.disagree / 2) if made.noise is None else made.noise[1:]
        held.append(low <= 0.5 * (0.1 * 0.9 + 0.4 * 0.6) <= high)
    assert 53 <= sum(held) <= 60


def test_the_nearest_is_that_of_brute_force() -> None:
    X, _, _ = draw(400, 5)
    subject = np.arange(400) // 2
    space = module._space(X)
    other, near = module._nearest(space, subject)
    for i in range(400):
        strange = np.flatnonzero(subject != subject[i])
        distance = np.linalg.norm(space[strange] - space[i], axis=1)
        assert near[i] == pytest.approx(distance.min())
        assert subject[other[i]] != subject[i]


def test_scale_of_a_number_and_order_of_its_rows_do_not_matter() -> None:
    X, _, y = draw(1_000, 6)
    same = X.assign(debt=np.exp(3 * X["debt"]), income=1e6 * X["income"])
    assert found(same, y) == found(X, y)


def test_nulls_are_a_place_of_their_own() -> None:
    X, _, y = draw(2_000, 7)
    hole = np.random.default_rng(0).random(2_000) < 0.2
    made = found(X.assign(debt=X["debt"].mask(hole), shop=X["shop"].mask(hole)), y)
    assert made.status == "ok"
    assert made.noise is not None and np.isfinite(made.noise).all()


def test_weights_speak_of_everyone_and_not_of_the_revealed() -> None:
    X, p, y = draw(20_000, 8)
    pi = np.where(p > 0.2, 0.3, 1.0)
    seen = np.random.default_rng(1).random(len(p)) < pi
    X, y, weight = X[seen].iloc[:5_000], y[seen][:5_000], (1 / pi[seen])[:5_000]
    true = (p * (1 - p)).mean()
    weighted = nearest_neighbours(X, y, np.arange(5_000), weight)
    plain = nearest_neighbours(X, y, np.arange(5_000), np.ones(5_000))
    assert weighted.noise is not None and plain.noise is not None
    assert weighted.noise[0] == pytest.approx(true, abs=0.012)
    assert plain.noise[0] < true - 0.012


def test_where_looking_alike_says_nothing_no_best_auc_is_made_up() -> None:
    rng = np.random.default_rng(4)
    y = (rng.random(1_000) < 0.3).astype(float)
    flat = found(pd.DataFrame({"flat": np.ones(1_000)}), y)
    low = 0.5 if flat.largest_auc is None else flat.largest_auc[1]
    assert low == 0.5, "strangers in all but luck"
    worse = found(pd.DataFrame({"x": np.arange(1_000.0)}), np.arange(1_000) % 2.0)
    assert worse.status.startswith("withheld: neighbours disagree as often")
    assert worse.noise is None and worse.largest_auc is None


def test_too_few_outcomes_or_one_class_are_withheld_with_counts() -> None:
    X, _, y = draw(150, 0)
    assert found(X, y).status == f"withheld: 150 outcomes, {int(y.sum())} of them events"
    X, _, _ = draw(500, 0)
    assert found(X, np.zeros(500)).status == "withheld: 500 outcomes, 0 of them events"
    one = np.zeros(500, int)
    assert found(X, np.arange(500) % 2.0, one).status.startswith(
        "withheld: 0 rows have a neighbour"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 4.0), (2.0, 2.0), (1.0, 9.0)])
def test_the_largest_auc_is_that_of_drawn_beta_probabilities(alpha: float, beta: float) -> None:
    rng = np.random.default_rng(0)
    p = rng.beta(alpha, beta, 400_000)
    y = rng.random(len(p)) < p
    made = largest_auc(p.mean(), float((p * (1 - p)).mean()))
    assert made == pytest.approx(roc_auc_score(y, p), abs=0.003)


def test_the_largest_auc_is_a_coin_without_and_one_with_certainty() -> None:
    assert largest_auc(0.2, 0.16) == 0.5
    assert largest_auc(0.2, 0.2) == 0.5
    assert largest_auc(0.2, 0.0) == 1.0
    assert largest_auc(0.2, 0.1599) == pytest.approx(0.5, abs=0.02)
