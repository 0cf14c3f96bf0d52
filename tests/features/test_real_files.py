"""Two real files as problems: when each row was decided, and what was known strictly before."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from truerisk.features.dataset import Dataset, build_dataset
from truerisk.features.definitions import names
from truerisk.lake.lake import open_lake
from truerisk.problem.load import load_problem

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data"
SIGNUPS, CALLS = DATA / "signup_fraud.parquet", DATA / "bank_marketing.parquet"
MINUTE = pd.Timedelta(60, "s")
here = pytest.mark.skipif(
    not (SIGNUPS.exists() and CALLS.exists()), reason="../shared/data/ is not here"
)


def built(name: str, file: Path, known_at: str, lake: Path) -> Dataset:
    problem = load_problem(ROOT / "problems" / f"{name}.toml", {"file": str(file)})
    return build_dataset(problem, open_lake(lake), known_at)


@pytest.fixture(scope="module")
def some() -> pd.DataFrame:
    """Users of devices that others use too."""
    raw = pd.read_parquet(SIGNUPS)
    raw = raw[np.isin(raw["device_id"], raw["device_id"][raw["device_id"].duplicated()])]
    return raw.iloc[:1_200].reset_index(drop=True)


@pytest.fixture(scope="module")
def signups(some: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("signups")
    some.to_parquet(folder / "some.parquet")
    made = built("signup_fraud", folder / "some.parquet", "2015-12-31", folder / "lake")
    return made.frame.set_index("user_id")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    lake = tmp_path_factory.mktemp("calls")
    return built("bank_marketing", CALLS, "2010-12-31", lake).frame


@pytest.mark.parametrize("name", ["signup_fraud", "bank_marketing"])
def test_a_real_file_s_problem_needs_no_file_to_be_read(name: str) -> None:
    problem = load_problem(ROOT / "problems" / f"{name}.toml")
    assert "duration" not in names(problem)
    assert str(problem.sources["file"].path) == "${" + name.upper() + "}"


@here
@pytest.mark.slow
@pytest.mark.parametrize("kind, by", [("devices", "device_id"), ("addresses", "ip_address")])
@pytest.mark.parametrize("days", [1, 365])
def test_who_shared_a_device_or_an_address_is_what_a_join_of_the_file_with_itself_counts(
    some: pd.DataFrame, signups: pd.DataFrame, kind: str, by: str, days: int
) -> None:
    """Strictly before the purchase: whoever signs up in its very minute is not known yet."""
    own = some[["user_id", "purchase_time", by]].dropna()
    pairs = own.merge(some[[by, "user_id", "signup_time"]], on=by, suffixes=("", "_mate"))
    age = pairs["purchase_time"] - pairs["signup_time"]
    pairs = pairs.assign(age=age / pd.Timedelta(1, "D"))
    before = pairs[(pairs["age"] > 0) & (pairs["age"] <= days)].groupby("user_id")
    seen = signups.loc[some["user_id"]]
    for feature, told in (
        ("distinct_user_id", before["user_id_mate"].nunique()),
        ("since_last", before["age"].min()),
    ):
        made = seen[f"{kind}__{feature}__{days}d"].to_numpy()
        np.testing.assert_allclose(made, told.reindex(some["user_id"]), rtol=1e-9)


@here
@pytest.mark.slow
def test_the_shared_devices_are_where_the_fraud_of_january_is() -> None:
    raw = pd.read_parquet(SIGNUPS)
    at_once = raw["purchase_time"] - raw["signup_time"] < MINUTE
    assert raw.loc[at_once, "class"].mean() > 0.99
    assert raw.loc[at_once, "purchase_time"].max() < pd.Timestamp("2015-02-01")
    assert at_once[raw["class"] == 1].mean() > 0.5


@here
@pytest.mark.slow
def test_calls_lie_in_the_order_of_the_file_and_in_the_months_that_it_names(
    calls: pd.DataFrame,
) -> None:
    raw = duckdb.sql(f"SELECT month, y FROM '{CALLS}'").df()
    lies = calls.sort_values("call_id", ignore_index=True)
    assert lies["as_of"].is_monotonic_increasing and lies["as_of"].is_unique
    assert lies["as_of"].dt.strftime("%b").str.lower().tolist() == raw["month"].tolist()
    assert lies["as_of"].dt.year.value_counts().to_dict() == {2008: 27690, 2009: 11440, 2010: 2058}
    assert lies["event"].tolist() == raw["y"].eq("yes").astype(float).tolist()
    assert "duration" not in calls
