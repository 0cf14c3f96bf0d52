"""Labels of real loans: the rate that was known, and the two that were not."""

from pathlib import Path

import pandas as pd
import pytest

from truerisk.features.dataset import Dataset, build_dataset
from truerisk.lake.lake import open_lake
from truerisk.problem.load import load_problem

ROOT = Path(__file__).parents[2]
PROBLEM = ROOT / "problems" / "lending_club.toml"
LOANS = ROOT / "../shared/data/lending_club_2007_2011.parquet"
KNOWN = pd.Timestamp("2012-06-30", tz="UTC")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not LOANS.exists(), reason="../shared/data/ is not here"),
]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    problem = load_problem(PROBLEM, {"loans": str(LOANS)})
    return build_dataset(problem, open_lake(tmp_path_factory.mktemp("lake")), KNOWN)


@pytest.fixture(scope="module")
def followed(dataset: Dataset) -> pd.DataFrame:
    """The mature loans with the time their outcome was seen, computed without truerisk.

    A charge-off follows about 150 days after the last payment, or after issue if there was none.
    """
    raw = pd.read_parquet(LOANS)
    bad = raw["loan_status"].str.endswith("Charged Off")
    last = raw["last_pymnt_d"].fillna(raw["issue_d"]).dt.tz_localize("UTC")
    raw = pd.DataFrame({"loan_id": range(1, len(raw) + 1), "bad": bad, "seen_at": last})
    raw["seen_at"] += pd.to_timedelta(raw["bad"] * 150, unit="D")
    mature = dataset.frame[dataset.frame["mature"]]
    return mature.merge(raw, on="loan_id", validate="1:1")


@pytest.mark.slow
def test_the_rate_that_was_known_is_9_6_percent_of_14_659_loans(dataset: Dataset) -> None:
    events = dataset.frame["event"].dropna()
    assert len(events) == dataset.counts["mature"] == dataset.counts["followed"] == 14_659
    assert events.mean() == pytest.approx(0.096, abs=0.0005)


@pytest.mark.slow
def test_keeping_only_outcomes_seen_by_then_would_inflate_it_to_15_5_percent(
    followed: pd.DataFrame,
) -> None:
    seen = followed[followed["seen_at"] <= KNOWN]
    assert seen["event"].mean() == pytest.approx(0.155, abs=0.0005)


def test_dropping_early_payoffs_would_inflate_it_to_12_7_percent(
    followed: pd.DataFrame,
) -> None:
    end = followed["as_of"] + pd.Timedelta(730, "D")
    closed = ~followed["bad"] & (followed["seen_at"] < end)
    assert followed.loc[~closed, "event"].mean() == pytest.approx(0.127, abs=0.0005)


def test_each_label_is_what_a_plain_loop_gives(followed: pd.DataFrame) -> None:
    in_time = followed["seen_at"] <= followed["as_of"] + pd.Timedelta(730, "D")
    assert followed["event"].eq(1).equals(followed["bad"] & in_time)
