"""Windows by a device or an employer, over the applications themselves and over their outcomes."""

from collections.abc import Callable

import pandas as pd
import pytest

from truerisk.features.build import build_features
from truerisk.lake.lake import Lake
from truerisk.problem.spec import Problem

Make = Callable[..., Problem]
DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2026-03-01", tz="UTC")

APPLICATIONS = pd.DataFrame(
    {
        "application_id": [1, 2, 3, 4, 5],
        "customer_id": [10, 11, 12, 13, 14],
        "device_id": ["d1", "d1", "d1", "d2", None],
        "employer": ["acme", "acme", "acme", "bolt", "acme"],
        "amount": [100.0, 200.0, 300.0, 400.0, 500.0],
        # The second and third arrive at one instant; each must not see the other, nor itself.
        "applied_at": [START, START + 12 * DAY / 24, START + 12 * DAY / 24, START + DAY, START],
    }
)
OUTCOMES = pd.DataFrame(
    {
        "application_id": [1, 2, 4],
        "defaulted": [1, 0, 1],
        # The default is seen early, the good loan when its following ends.
        "observed_at": [START + 5 * DAY, START + 31 * DAY, START + 20 * DAY],
    }
)


@pytest.fixture
def held(lake: Lake) -> Lake:
    lake.append("applications", APPLICATIONS, "application_id")
    lake.append("outcomes", OUTCOMES, "application_id")
    return lake


def test_velocity_counts_the_device_s_earlier_applications_alone(
    held: Lake, make_problem: Make
) -> None:
    velocity = {
        "source": "applications",
        "by": "device_id",
        "over": ["24h"],
        "compute": ["count", "sum(amount)", "distinct(customer_id)"],
    }
    problem = make_problem(features={"columns": [], "window": [velocity]})
    built = build_features(problem, APPLICATIONS[["application_id"]], held)
    assert built["applications__count__1d"].tolist() == [0, 1, 1, 0, 0]
    assert built["applications__sum_amount__1d"].fillna(0).tolist() == [0, 100, 100, 0, 0]
    assert built["applications__distinct_customer_id__1d"].fillna(0).tolist() == [0, 1, 1, 0, 0]


KNOWN = """
select o.application_id, a.employer, a.applied_at, o.defaulted,
       a.applied_at + interval 30 day as known_at
from outcomes o join applications a using (application_id)
"""


@pytest.mark.slow
def test_an_employer_s_default_rate_is_that_of_its_matured_applicants(
    held: Lake, make_problem: Make
) -> None:
    """A default counts when its whole cohort has matured, else early defaults lead the rate."""
    rate = {
        "source": "known_outcomes",
        "by": "employer",
        "over": ["365d"],
        "compute": ["count", "mean(defaulted) as default_rate"],
    }
    problem = make_problem(
        sources={
            "known_outcomes": {
                "query": KNOWN,
                "key": "application_id",
                "time": "applied_at",
                "available_at": "known_at",
            }
        },
        features={"columns": [], "window": [rate]},
    )
    later = pd.DataFrame(
        {
            "application_id": [90, 91, 92, 93],
            "employer": ["acme", "acme", "acme", "bolt"],
            "applied_at": START + pd.to_timedelta([10, 30.25, 40, 40], unit="D"),
        }
    )
    built = build_features(problem, later, held)
    assert built["known_outcomes__count__365d"].tolist() == [0, 1, 2, 1]
    rates = built["known_outcomes__default_rate__365d"]
    assert pd.isna(rates[0]), "a default on day 5 is not the rate of a cohort that has 30 days"
    assert rates[1:].tolist() == [1.0, 0.5, 1.0]
