"""The simulated lender has the figures it is meant to have."""

import time

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from pandas.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

from truerisk.simulator import World, simulate

pytestmark = pytest.mark.slow

BREAK_EVEN = 0.13 / (0.13 + 0.65)
TABLES = ["applications", "bureau", "payments", "truth"]


@pytest.fixture(scope="module")
def world() -> World:
    return simulate()


@pytest.fixture(scope="module")
def everyone(world: World) -> pd.DataFrame:
    """Applications beside their truth, with `month` counted from 1."""
    joined = world.applications.merge(world.truth, on="application_id", validate="1:1")
    when = joined["applied_at"].dt
    return joined.assign(month=12 * (when.year - 2024) + when.month)


def features_as_of(world: World) -> pd.DataFrame:
    """What a lender could know before each application, in the order of the applications."""
    table = pd.merge_asof(
        world.applications,
        world.bureau,
        left_on="applied_at",
        right_on="snapshot_at",
        by="customer_id",
        allow_exact_matches=False,
    )
    visits = world.applications[["application_id", "customer_id", "applied_at"]]
    paid = visits.merge(world.payments, on="customer_id")
    before = paid[paid["paid_at"] < paid["applied_at"]].groupby("application_id")["days_late"]
    table = table.join(before.agg(payments="size", worst="max"), on="application_id")
    table["loan_to_income"] = table["amount"] / table["annual_income"]
    keys = ["application_id", "customer_id", "applied_at", "bureau_id", "snapshot_at"]
    return table.drop(columns=keys)


@pytest.fixture(scope="module")
def judged(world: World, everyone: pd.DataFrame) -> pd.DataFrame:
    """Months 19 to 24 with `score`, from a model that saw the approved of months 1 to 12."""
    features = features_as_of(world)
    seen = (everyone["month"] <= 12) & everyone["approved_by_old_policy"]
    later = everyone["month"] >= 19
    model = CatBoostClassifier(
        iterations=120,
        depth=5,
        learning_rate=0.12,
        one_hot_max_size=25,
        cat_features=["purpose", "channel"],
        random_seed=1,
        verbose=False,
        allow_writing_files=False,
    ).fit(features[seen], everyone.loc[seen, "event"])
    return everyone[later].assign(score=model.predict_proba(features[later])[:, 1])


def test_the_same_arguments_give_the_same_frames():
    one, same, other = (simulate(2_000, seed=seed) for seed in (3, 3, 4))
    for table in TABLES:
        assert_frame_equal(getattr(one, table), getattr(same, table))
        assert not getattr(one, table).equals(getattr(other, table))


@pytest.mark.slow
def test_a_large_world_is_quick():
    begun = time.process_time()
    large = simulate(200_000)
    assert time.process_time() - begun < 30
    assert 2e6 < len(large.bureau) + len(large.payments) < 3e6


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_tables_have_unique_keys_utc_times_and_whole_cents(world, table):
    frame = getattr(world, table)
    assert frame.iloc[:, 0].is_unique
    times = frame.columns[frame.columns.str.endswith(("_at", "_until"))]
    assert len(times) > 0
    assert (frame[times].dtypes == "datetime64[us, UTC]").all()
    for money in frame.columns.intersection(["amount", "annual_income"]):
        assert frame[money].dtype == "float64"
        assert np.allclose(frame[money], frame[money].round(2), rtol=0, atol=1e-9, equal_nan=True)


def test_applications_are_plausible(world):
    applications = world.applications
    assert len(applications) == 120_000
    assert applications["applied_at"].is_monotonic_increasing
    assert applications["application_id"].is_monotonic_increasing
    assert applications["applied_at"].iloc[0] >= pd.Timestamp("2024-01-01", tz="UTC")
    assert applications["applied_at"].iloc[-1] < pd.Timestamp("2026-01-01", tz="UTC")
    assert applications["amount"].between(1_000, 40_000).all()
    assert set(applications["term_months"]) == {12, 24, 36, 48, 60}
    assert applications["annual_income"].isna().mean() == pytest.approx(0.04, abs=0.01)
    assert applications["employment_years"].isna().mean() == pytest.approx(0.06, abs=0.01)
    assert (applications["employment_years"].dropna() >= 0).all()
    assert applications["age"].min() == 17
    assert (applications["age"] == 17).mean() == pytest.approx(0.003, abs=0.001)


def test_some_customers_come_back(world):
    again = world.applications["customer_id"].duplicated()
    assert again.mean() == pytest.approx(0.12, abs=0.01)
    gap = world.applications.groupby("customer_id")["applied_at"].agg(["min", "max"])
    assert (gap["max"] - gap["min"]).pipe(lambda g: g[g > pd.Timedelta(0)]).min().days >= 30


def test_weekends_are_quiet_and_the_partner_grows(everyone):
    weekend = everyone["applied_at"].dt.day_of_week >= 5
    assert weekend.mean() < 0.2
    partner = everyone["channel"].eq("partner").groupby(everyone["month"]).mean()
    assert partner.loc[1:15].max() < 0.16
    assert partner.loc[24] > 0.25


@pytest.mark.slow
def test_bureau_snapshots_are_recent_for_those_the_bureau_knows(world):
    known = world.applications["customer_id"].isin(world.bureau["customer_id"])
    assert known.mean() == pytest.approx(0.95, abs=0.01)
    latest = pd.merge_asof(
        world.applications[known],
        world.bureau,
        left_on="applied_at",
        right_on="snapshot_at",
        by="customer_id",
    )
    age = latest["applied_at"] - latest["snapshot_at"]
    assert age.max() <= pd.Timedelta(days=90)
    gaps = world.bureau.groupby("customer_id")["snapshot_at"].diff().dropna()
    assert gaps.between(pd.Timedelta(days=60), pd.Timedelta(days=90)).all()
    assert world.bureau["bureau_score"].between(300, 850).all()
    assert world.bureau["utilisation"].between(0, 1.3).all()


@pytest.mark.slow
def test_payments_lie_before_and_after_applications_with_some_ties(world):
    payments = world.payments
    first = world.applications.groupby("customer_id")["applied_at"].min()
    after = payments["paid_at"] >= payments["customer_id"].map(first)
    assert 0.3 < after.mean() < 0.7
    assert 10 < len(payments) / payments["customer_id"].nunique() < 15
    assert payments["paid_at"].max() < pd.Timestamp("2026-01-01", tz="UTC")
    assert 0.0005 < payments.duplicated(["customer_id", "paid_at"]).mean() < 0.005
    assert payments["creditor"].nunique() == 30
    assert payments["creditor"].isna().mean() == pytest.approx(0.03, abs=0.01)
    assert (payments["days_late"] >= 0).all()
    assert 0.1 < (payments["days_late"] > 0).mean() < 0.25


def test_events_follow_their_probability(everyone):
    spread = np.sqrt((everyone["probability"] * (1 - everyone["probability"])).mean())
    error = (everyone["event"] - everyone["probability"]).mean()
    assert abs(error) < 4 * spread / np.sqrt(len(everyone))
    band = pd.qcut(everyone["probability"], 10)
    by_band = everyone.groupby(band, observed=True)[["event", "probability"]].mean()
    assert (by_band["event"] - by_band["probability"]).abs().max() < 0.02


def test_defaults_are_timed_by_the_horizon(everyone):
    day = (everyone["event_at"] - everyone["applied_at"]) / pd.Timedelta(days=1)
    within = everyone["event"] == 1
    assert day[within].between(20, 180).all()
    late = day[~within].dropna()
    assert (late > 180).all()
    assert 0.02 < len(late) / len(everyone) < 0.10
    defaulted = everyone["event_at"].notna()
    assert (everyone["followed_until"] == everyone["event_at"])[defaulted].all()

    paid = everyone[~defaulted]
    life = (paid["followed_until"] - paid["applied_at"]) / pd.Timedelta(days=365.25 / 12)
    early = life < paid["term_months"] - 0.01
    assert early.mean() == pytest.approx(0.15, abs=0.01)
    assert (life[early] < 180 / 30.44).mean() > 0.05


@pytest.mark.slow
def test_outcomes_hold_each_approved_application_once(world):
    truth = world.truth
    approved = truth.loc[truth["approved_by_old_policy"], "application_id"]
    outcomes = world.outcomes(approved)
    assert list(outcomes.columns) == ["application_id", "defaulted", "observed_at"]
    assert list(outcomes["application_id"]) == list(approved)
    assert outcomes["defaulted"].dtype == "int8"
    assert outcomes["observed_at"].dtype == "datetime64[us, UTC]"
    assert outcomes["observed_at"].notna().all()
    seen = truth.set_index("application_id").loc[approved]
    assert (outcomes["defaulted"].to_numpy() >= seen["event"].to_numpy()).all()
    assert (outcomes["observed_at"].to_numpy() == seen["followed_until"].to_numpy()).all()
    assert len(world.outcomes([])) == 0
    assert len(world.outcomes(["A0000001", "A0000001"])) == 1
    with pytest.raises(KeyError, match="A9999999"):
        world.outcomes(["A9999999"])


def test_risk_rises_with_the_economy(everyone):
    by_half = everyone.groupby((everyone["month"] - 1) // 6)["event"].mean()
    assert by_half[0] == pytest.approx(0.16, abs=0.015)
    assert by_half[1] == pytest.approx(0.16, abs=0.015)
    assert by_half[3] == pytest.approx(0.19, abs=0.02)
    log_odds = np.log(everyone["probability"] / (1 - everyone["probability"]))
    web = everyone["channel"] == "web"
    by_month = log_odds[web].groupby(everyone["month"]).mean()
    assert by_month.loc[19:].mean() - by_month.loc[:15].mean() == pytest.approx(0.35, abs=0.06)


def test_unstated_income_means_more_risk(everyone):
    unstated = everyone["annual_income"].isna()
    assert everyone.loc[unstated, "event"].mean() > 1.4 * everyone.loc[~unstated, "event"].mean()


def test_the_old_policy_is_useful_and_hides_the_truth(everyone):
    approved = everyone["approved_by_old_policy"]
    assert approved.mean() == pytest.approx(0.70, abs=0.02)
    assert everyone.loc[approved, "event"].mean() == pytest.approx(0.097, abs=0.008)
    assert everyone.loc[~approved, "event"].mean() > 0.30
    assert not approved[everyone["age"] < 18].any()


@pytest.mark.slow
def test_the_approved_make_a_model_look_worse_than_it_is(judged):
    accepted = judged[judged["score"] < BREAK_EVEN]
    assert 0.25 < 1 - len(accepted) / len(judged) < 0.32
    assert 0.82 < roc_auc_score(judged["event"], judged["score"]) < 0.86
    assert 0.71 < roc_auc_score(accepted["event"], accepted["score"]) < 0.76
    assert accepted["event"].mean() < 0.10


def test_the_truth_is_the_best_score_and_a_model_beats_the_old_policy(judged):
    assert roc_auc_score(judged["event"], judged["probability"]) > roc_auc_score(
        judged["event"], judged["score"]
    )
    dollars = np.where(judged["event"] == 1, -0.65, 0.13) * judged["amount"]
    by_truth = dollars[judged["probability"] < BREAK_EVEN].sum()
    by_model = dollars[judged["score"] < BREAK_EVEN].sum()
    assert by_truth > by_model > dollars[judged["approved_by_old_policy"]].sum() > 0
