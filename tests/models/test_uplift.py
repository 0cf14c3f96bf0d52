"""Candidates of several outcomes: the effect that is learned is the one that is true."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.measurement.worlds import sigmoid
from truerisk.errors import ModelError
from truerisk.models.bundle import bundle, unbundle
from truerisk.models.calibration import Calibration, levelled
from truerisk.models.response import ResponseModel
from truerisk.models.taken import Taken
from truerisk.models.uplift import PARTS, UpliftModel
from truerisk.problem.boosting import Boosting
from truerisk.problem.uplift import Uplift

FEW = Uplift(iterations=40)


def campaign(n: int, seed: int, effect: bool = True) -> tuple[pd.DataFrame, Taken, np.ndarray]:
    """(X, taken, τ): likelier buyers are contacted more, a contact moves others than these."""
    rng = np.random.default_rng(seed)
    x, z, noise = rng.normal(size=(3, n))
    kind = rng.choice(["a", "b"], n)
    skip = sigmoid(-1.5 + 1.2 * x)
    adds = 1.8 * sigmoid(2 * z) - 0.9 - 0.6 * (kind == "b") if effect else np.zeros(n)
    contact = sigmoid(-1.5 + 1.2 * x + adds)
    chance = np.where(x > 0, 0.75, 0.25)
    drawn = rng.random(n) < chance
    event = rng.random(n) < np.where(drawn, contact, skip)
    taken = Taken(
        outcomes=("contact", "skip"),
        shown=np.where(drawn, 0, 1),
        event=event.astype(float),
        chance=np.where(drawn, chance, 1 - chance),
        subject=np.arange(n),
    )
    X = pd.DataFrame({"x": x, "z": z, "noise": noise, "kind": kind})
    X.loc[rng.random(n) < 0.03, "z"] = np.nan
    return X, taken, contact - skip


@cache
def learned() -> tuple[UpliftModel, ResponseModel]:
    X, taken, _ = campaign(9_000, 0)
    return UpliftModel.fit(X, taken, Uplift(), 0), ResponseModel.fit(X, taken, Boosting(), 0)


@pytest.mark.slow
def test_the_uplift_model_finds_whom_a_contact_moves_and_the_highest_response_does_not() -> None:
    X, _, tau = campaign(20_000, 1)
    uplift, response = learned()
    scores = uplift.predict(X)
    each = response.predict(X)
    assert scores.shape == each.shape == (20_000, 2)
    assert ((scores >= 0) & (scores <= 1)).all()

    def top(score: np.ndarray) -> float:
        return float(tau[np.argsort(-score)[:4_000]].sum() / 20_000)

    learnt = top(scores[:, 0] - scores[:, 1])
    assert learnt > 0.75 * top(tau) and learnt > 2 * top(each[:, 0])
    assert learnt > top(each[:, 0] - each[:, 1]) - 0.001
    made = scores[:, 0] - scores[:, 1]
    assert abs((made - tau).mean()) < 0.015, "on average the effect is what it is"
    slope = np.cov(made, tau)[0, 1] / made.var()
    assert 0.8 < slope < 1.2, "neither stretched nor flat"
    assert max(uplift.importance(), key=uplift.importance().__getitem__) == "z"
    assert max(response.importance(), key=response.importance().__getitem__) == "x"


@pytest.mark.slow
def test_where_a_contact_moves_nobody_the_effect_is_flat() -> None:
    X, taken, _ = campaign(6_000, 2, effect=False)
    model = UpliftModel.fit(X, taken, Uplift(), 0)
    scores = model.predict(X)
    assert (scores[:, 0] - scores[:, 1]).std() < 0.02
    plain = model.level.predict(X)
    assert (plain[:, 0] - plain[:, 1]).std() > 0.03, "two models differ by their noise"


def test_no_row_makes_its_own_pseudo_outcome_or_judges_what_it_taught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is predicted for a part was fitted on others, but for the models that decide."""
    X, taken, _ = campaign(300, 3)
    part = taken.subject % PARTS
    fitted: list[set[int]] = []

    class Spy:
        def __init__(self, rows: np.ndarray) -> None:
            self.of = set(part[rows])
            fitted.append(self.of)

        def predict(self, rows: pd.DataFrame) -> np.ndarray:
            return np.full((len(rows), 2), float(sum(2**k for k in self.of)))

    from truerisk.models import uplift

    pseudo: list[np.ndarray] = []

    def learn(rows: pd.DataFrame, adds: np.ndarray, *_: object) -> Spy:
        return Spy(rows.index.to_numpy())

    def ask(spy: Spy, rows: pd.DataFrame) -> np.ndarray:
        asked = set(part[rows.index.to_numpy()])
        if len(spy.of) < PARTS:
            assert not asked & spy.of
        return np.zeros(len(rows))

    def of(self: Taken, m: np.ndarray) -> np.ndarray:
        pseudo.append(m[:, 0])
        return m

    monkeypatch.setattr(uplift, "_level", lambda X, taken, rows, seed: Spy(np.flatnonzero(rows)))
    monkeypatch.setattr(uplift, "_regressor", learn)
    monkeypatch.setattr(uplift, "_predicted", ask)
    monkeypatch.setattr(Taken, "pseudo", of)
    UpliftModel.fit(X, taken, FEW, 0)
    assert sorted(map(len, fitted)) == [1] * (PARTS + PARTS * (PARTS - 1)) + [PARTS] * 2
    others = np.array([(sum(2**k for k in range(PARTS)) - 2**p) / (PARTS - 1) for p in part])
    assert (pseudo[0] == others).all(), "the final ỹ come from models of the other parts"


def test_pseudo_outcomes_are_right_on_average_for_any_model_of_them() -> None:
    _, taken, tau = campaign(200_000, 4)
    made = taken.pseudo(np.full((200_000, 2), [0.9, 0.05]))
    assert abs((made[:, 0] - made[:, 1]).mean() - tau.mean()) < 0.012
    plain = taken.event[taken.shown == 0].mean() - taken.event[taken.shown == 1].mean()
    assert plain - tau.mean() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("kind", [UpliftModel, ResponseModel])
def test_a_package_gives_the_same_bytes_and_scores(kind: type) -> None:
    X, taken, _ = campaign(900, 5)
    params = FEW if kind is UpliftModel else Boosting(iterations=10)
    one, other = (kind.fit(X, taken, params, 7) for _ in range(2))
    assert one.to_bytes() == other.to_bytes()
    back = kind.from_bytes(one.to_bytes())
    assert back.to_bytes() == one.to_bytes()
    assert (back.predict(X[["noise", "kind", "z", "x"]]) == one.predict(X)).all()
    assert set(one.importance()) == set(X)


def test_an_outcome_without_events_is_refused_with_its_counts() -> None:
    X, taken, _ = campaign(300, 6)
    none = Taken(**{**vars(taken), "event": np.where(taken.shown == 0, 0.0, taken.event)})
    with pytest.raises(ModelError, match='outcome "contact" has 0 events in 1'):
        ResponseModel.fit(X, none, Boosting(iterations=5), 0)


def test_a_level_moves_all_outcomes_and_keeps_what_one_adds() -> None:
    raw = np.array([[0.3, 0.2], [0.05, 0.15], [0.9, 0.1], [0.5, 0.5]])
    moved = levelled(raw, np.array([0.5, 0.0, 0.99, 1.0]))
    assert np.allclose(moved[:, 0] - moved[:, 1], raw[:, 0] - raw[:, 1])
    assert moved.min() >= 0 and moved.max() <= 1
    assert np.allclose(moved[0], [0.55, 0.45]) and np.allclose(moved[1], [0.0, 0.1])
    calibrated = Calibration(0.4, 1.1).apply(raw)
    assert np.allclose(calibrated[:, 0] - calibrated[:, 1], raw[:, 0] - raw[:, 1])
    assert np.allclose(calibrated[3].mean(), Calibration(0.4, 1.1).apply(np.array([0.5])))


def test_a_bundle_holds_what_went_in_and_no_time() -> None:
    parts = {"b.json": b"{}", "a.cbm": bytes(range(256))}
    assert unbundle(bundle(parts)) == parts
    assert bundle(parts) == bundle(dict(parts))
