"""The lender whose applications hide rings has the figures it is meant to have."""

import re

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from pandas.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

import truerisk as tr
from truerisk.errors import SourceError
from truerisk.features.dataset import applications, with_features
from truerisk.lake.home import repository
from truerisk.lake.sources.sources import Sources
from truerisk.simulator.analysts import ANALYSTS, FALSE_ALARM, KAPPA, catch_rates
from truerisk.simulator.fraud import World, simulate
from truerisk.simulator.rings import HOLD_AFTER, HOLD_EXPOSURE, PATIENCE

TABLES = ["signups", "applications", "truth"]
CUTOFF = pd.Timestamp("2025-09-01", tz="UTC")


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(60_000)


@pytest.fixture(scope="module")
def everyone(world: World) -> pd.DataFrame:
    return world.applications.merge(world.truth, on="application_id", validate="1:1")


@pytest.fixture(scope="module")
def rings(everyone: pd.DataFrame) -> pd.DataFrame:
    return everyone[everyone["ring"] >= 0].sort_values(["ring", "applied_at"])


def test_the_same_arguments_give_the_same_frames():
    one, same, other = (simulate(2_000, 6, seed=seed) for seed in (3, 3, 4))
    for table in TABLES:
        assert_frame_equal(getattr(one, table), getattr(same, table))
        assert not getattr(one, table).equals(getattr(other, table))


def test_tables_are_as_their_owner_would_have_them():
    world = simulate(2_000, 6, seed=3)
    assert len(world.applications) == 2_000
    assert world.applications["applied_at"].is_monotonic_increasing
    for table in TABLES:
        frame = getattr(world, table)
        assert frame.iloc[:, 0].is_unique and frame.notna().all(axis=None)
        times = frame.columns[frame.columns.str.endswith(("_at", "_until"))]
        assert (frame[times].dtypes == "datetime64[us, UTC]").all() and len(times)
    signed_up = world.applications["customer_id"].map(
        world.signups.set_index("customer_id")["signed_up_at"]
    )
    assert (signed_up < world.applications["applied_at"]).all()
    for money in ("exposure", "margin", "lifetime_value"):
        cents = world.applications[money] * 100
        assert np.allclose(cents, cents.round(), rtol=0, atol=1e-6)
    assert not {"ring", "place", "event", "verdict"} & set(world.applications)


@pytest.mark.slow
def test_a_few_percent_are_fraud_and_most_of_it_is_organised(everyone):
    event = everyone["event"] == 1
    assert 0.03 < event.mean() < 0.05
    assert 0.45 < (everyone["ring"] >= 0)[event].mean() < 0.75
    rows = len(everyone)
    spread = np.sqrt((everyone["probability"] * (1 - everyone["probability"])).mean() / rows)
    assert abs(event.mean() - everyone["probability"].mean()) < 4 * spread
    bands = everyone.groupby(pd.qcut(everyone["probability"], 8, duplicates="drop"))
    assert (bands["event"].mean() - bands["probability"].mean()).abs().max() < 0.02


@pytest.mark.slow
def test_rings_share_what_customers_do_not_and_work_in_bursts(everyone, rings):
    others = everyone[everyone["ring"] < 0]
    for by, times in (("device_id", 8), ("address_id", 2)):
        shared, elsewhere = (
            rows.groupby(by)["customer_id"].transform("nunique") for rows in (rings, others)
        )
        assert (shared >= 3).mean() > times * (elsewhere >= 3).mean()
    assert rings.groupby("device_id")["ring"].nunique().eq(1).all()
    gap = rings.groupby("device_id")["applied_at"].diff().dropna()
    assert gap.median() < pd.Timedelta(days=1.5)
    again = everyone[(everyone["ring"] < 0) & (everyone["channel"] != "shop")]
    assert again.groupby("device_id")["applied_at"].diff().median() > pd.Timedelta(days=20)


@pytest.mark.slow
def test_rings_move_on_when_caught_and_only_then(rings):
    caught = (~rings["passed_by_old_policy"]).groupby(rings["place"])
    total = caught.sum()
    finished = rings["place"].ne(rings.groupby("ring")["place"].shift(-1))
    last = finished & rings.groupby("ring").cumcount(ascending=False).gt(0)
    assert total[rings.loc[last, "place"]].between(PATIENCE[0], PATIENCE[1] - 1).all()
    assert not rings.loc[last, "passed_by_old_policy"].any()  # it leaves after an attempt caught
    assert (rings.groupby("place")["device_id"].nunique() <= 2).all()
    assert rings.groupby("device_id")["place"].nunique().eq(1).all()
    rest = (
        rings["applied_at"].groupby(rings["ring"]).diff()[last.groupby(rings["ring"]).shift(1) == 1]
    )
    assert rest.min() > pd.Timedelta(days=4)
    drops = rings[rings.duplicated("address_id", keep=False)].groupby("address_id")["place"]
    assert (drops.nunique() > 1).mean() > 0.2  # where goods are sent may stay


@pytest.mark.slow
def test_the_old_policy_holds_bursts_and_large_sums(everyone):
    held = everyone["held_by_old_policy"]
    large = everyone["exposure"] >= HOLD_EXPOSURE
    assert held[large].all()
    third = everyone.groupby("device_id")["applied_at"].shift(HOLD_AFTER)
    often = (everyone["applied_at"] - third) < pd.Timedelta(days=7)
    shop = everyone["channel"] == "shop"
    assert ((held & ~large) == (often & ~large & ~shop)).all()
    declined = held & ((everyone["verdict"] == "decline") | (everyone["verdict_hours"] > 24))
    assert (everyone["passed_by_old_policy"] == ~declined).all()
    passed = everyone["passed_by_old_policy"]
    assert everyone.loc[passed, "event"].mean() < 0.8 * everyone["event"].mean()


@pytest.mark.slow
@pytest.mark.parametrize("kappa", [0.5, KAPPA, 1.0])
def test_analysts_catch_their_share_and_are_late_where_it_is_hard(kappa):
    truth = simulate(kappa=kappa, applications=40_000).truth
    event, declines = truth["event"] == 1, truth["verdict"] == "decline"
    late = truth["verdict_hours"] > 24
    assert declines[event].mean() == pytest.approx(kappa, abs=0.03)
    assert declines[~event].mean() == pytest.approx(FALSE_ALARM, abs=0.005)
    assert late[event].mean() > 2 * late[~event].mean() > 0.08
    assert set(truth["analyst"]) == set(ANALYSTS)
    rates = catch_rates(kappa)
    assert rates.mean() == pytest.approx(kappa) and (np.diff(rates) >= 0).all()
    assert rates.min() >= 0 and rates.max() <= 1


@pytest.mark.slow
def test_good_customers_are_lost_to_friction(everyone):
    honest, late = everyone["event"] == 0, everyone["verdict_hours"] > 24
    lost = everyone["leaves_if_reviewed"]
    assert 0.015 < lost[honest].mean() < 0.035
    assert lost[honest & late].mean() > 3 * lost[honest & ~late].mean()
    assert everyone.loc[honest, "leaves_if_declined"].mean() == pytest.approx(0.25, abs=0.01)
    assert not (everyone["leaves_if_reviewed"] | everyone["leaves_if_declined"])[~honest].any()


@pytest.mark.slow
def test_outcomes_hold_each_application_that_passed_once(world):
    truth = world.truth
    passed = truth.loc[truth["passed_by_old_policy"], "application_id"]
    outcomes = world.outcomes(passed)
    assert list(outcomes["application_id"]) == list(passed)
    seen = truth.set_index("application_id").loc[passed]
    after = (outcomes["observed_at"].to_numpy() - _applied(world, passed)) / pd.Timedelta(days=1)
    event = seen["event"].to_numpy() == 1
    assert (after[event] >= 8).all() and (after[event] <= 90).all() and (after[~event] > 90).all()
    assert 0 < (outcomes["chargeback"].to_numpy()[~event] == 1).mean() < 0.005
    assert len(world.outcomes([])) == 0
    with pytest.raises(KeyError, match="F9999999"):
        world.outcomes(["F9999999"])


def _applied(world: World, keys: pd.Series) -> np.ndarray:
    return world.applications.set_index("application_id").loc[keys, "applied_at"].to_numpy()


@pytest.fixture(scope="module")
def judged(world: World, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The last four months with `score`, of a model of what passed and was known before them, and
    with `plain`, of one without the windows over devices, IPs and addresses."""
    lake = tr.open_lake(tmp_path_factory.mktemp("fraud") / "lake")
    lake.append("signups", world.signups, "customer_id")
    lake.append("applications", world.applications, "application_id")
    known = (world.applications["applied_at"] < CUTOFF) & world.truth["passed_by_old_policy"]
    lake.append("outcomes", world.outcomes(world.truth["application_id"][known]), "application_id")
    problem = tr.load_problem(repository() / "problems" / "fraud.toml")
    with Sources(problem, lake) as sources:
        frame = with_features(sources, applications(sources, problem, None, None))
    frame = frame.merge(world.truth, on="application_id", validate="1:1")
    mature = frame["as_of"] + problem.outcome.horizon <= CUTOFF
    early, late = mature & frame["passed_by_old_policy"], frame["as_of"] >= CUTOFF
    inputs = list(frame.filter(regex="^(signups|applications)__")) + problem.features.columns
    shared = re.compile("_(device|ip|address)")
    judged = frame[late].copy()
    for name, columns in (
        ("score", inputs),
        ("plain", [c for c in inputs if not shared.search(c)]),
    ):
        texts = [c for c in ("channel", "signups__phone") if c in columns]
        model = CatBoostClassifier(
            iterations=100,
            depth=6,
            learning_rate=0.12,
            one_hot_max_size=25,
            cat_features=texts,
            random_seed=1,
            verbose=False,
            allow_writing_files=False,
        ).fit(frame.loc[early, columns], frame.loc[early, "event"])
        judged[name] = model.predict_proba(judged[columns])[:, 1]
    return judged


@pytest.mark.slow
def test_devices_ips_and_addresses_carry_the_signal(judged):
    full, plain = (roc_auc_score(judged["event"], judged[c]) for c in ("score", "plain"))
    assert 0.85 < full < 0.92
    assert plain < full - 0.10
    passed = judged["passed_by_old_policy"]
    assert roc_auc_score(judged["event"][passed], judged["score"][passed]) < full - 0.015


@pytest.mark.slow
def test_reviews_are_worth_money_at_the_margin_and_capacity_binds(judged):
    """What a seat is worth to those who compete for it, by the model and in truth."""
    s, exposure = judged["score"], judged["exposure"]
    margin, lifetime = judged["margin"], judged["lifetime_value"]
    passed = -s * exposure + (1 - s) * margin
    declined = -(1 - s) * 0.25 * lifetime
    reviewed = -s * 0.13 * exposure + (1 - s) * (0.885 * margin - 0.055 * lifetime) - 6
    gain = reviewed - np.maximum(passed, declined)
    days = judged["as_of"].dt.floor("D").nunique()
    assert 2 * 15 < (gain > 0).sum() / days < 4 * 15
    order = gain.sort_values(ascending=False).index
    margin_rows = judged.loc[order[13 * days : 17 * days]]
    event, stops = margin_rows["event"] == 1, _stopped(margin_rows)
    otherwise = np.where(passed[margin_rows.index] >= declined[margin_rows.index], 1, 0)
    kept = np.where(event, -margin_rows["exposure"], margin_rows["margin"])
    lost = np.where(margin_rows["leaves_if_declined"], -margin_rows["lifetime_value"], 0.0)
    left = np.where(margin_rows["leaves_if_reviewed"], -margin_rows["lifetime_value"], 0.0)
    worth = np.where(stops, lost, kept + left) - 6 - np.where(otherwise, kept, lost)
    assert 4 < worth.mean() < 60


def _stopped(rows: pd.DataFrame) -> pd.Series:
    return (rows["verdict"] == "decline") | (rows["verdict_hours"] > 24)


@pytest.mark.slow
def test_a_chargeback_before_its_application_is_refused_in_one_sentence(lake):
    world = simulate(2_000, 6, seed=3)
    lake.append("signups", world.signups, "customer_id")
    lake.append("applications", world.applications, "application_id")
    outcomes = world.outcomes(world.truth["application_id"])
    early = outcomes["chargeback"] == 1
    before = outcomes["observed_at"] - pd.Timedelta(days=400)
    outcomes["observed_at"] = outcomes["observed_at"].where(~early, before)
    lake.append("outcomes", outcomes, "application_id")
    problem = tr.load_problem(repository() / "problems" / "fraud.toml")
    with pytest.raises(SourceError) as refused:
        tr.build_dataset(problem, lake, pd.Timestamp("2026-01-01", tz="UTC"))
    said = str(refused.value)
    assert said.count("\n") == 0 and "before" in said and f"{int(early.sum())}" in said
