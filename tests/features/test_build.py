"""Where a spine's columns come from, what types features have, and what is refused."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from truerisk.errors import ProblemError, SourceError
from truerisk.features.build import build_features
from truerisk.lake.lake import Lake

AT = pd.to_datetime(["2024-03-01", "2024-03-02", "2024-03-03"], utc=True)
Features = Callable[..., pd.DataFrame]


def applications(**columns: Any) -> pd.DataFrame:
    rows = {"application_id": [1, 2, 3], "customer_id": ["a", "b", "a"], "applied_at": AT}
    return pd.DataFrame({**rows, "amount": [100, 200, 300], **columns})


@pytest.fixture
def features(tmp_path: Path, lake: Lake, make_problem: Callable[..., Any]) -> Features:
    """Features for a spine over stored applications; keywords are the [features] of the problem."""
    file = f"{tmp_path}/applications.parquet"

    def features_(stored: pd.DataFrame, spine: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
        stored.to_parquet(file)
        problem = make_problem(sources={"applications": {"path": file}}, features=wanted)
        return build_features(problem, spine, lake)

    return features_


def test_columns_come_from_the_spine_where_it_has_them_else_from_the_source(
    features: Features,
) -> None:
    stored = applications(purpose=["car", "home", None])
    spine = pd.DataFrame({"application_id": [3, 1], "amount": [7, 8]})
    built = features(stored, spine, columns=["amount", "purpose"])
    assert built["amount"].tolist() == [7.0, 8.0]
    assert pd.isna(built["purpose"][0])
    assert built["purpose"][1] == "car"


def test_an_application_the_source_does_not_know_needs_everything_in_the_spine(
    features: Features,
) -> None:
    new = applications(application_id=[97, 98, 99])
    assert features(applications(), new, columns=["amount"])["amount"].tolist() == [100, 200, 300]
    with pytest.raises(SourceError, match=r"3 of 3 applications in the spine are not in .* amount"):
        features(applications(), new.drop(columns="amount"), columns=["amount"])


def test_known_at_hides_applications_that_came_later(
    lake: Lake, tmp_path: Path, make_problem: Callable[..., Any]
) -> None:
    applications().to_parquet(tmp_path / "applications.parquet")
    place = {"path": f"{tmp_path}/applications.parquet"}
    problem = make_problem(sources={"applications": place}, features={"columns": ["amount"]})
    spine = pd.DataFrame({"application_id": [1, 3]})
    between = AT[0] + (AT[2] - AT[0]) / 2
    with pytest.raises(SourceError, match=r"1 of 2 applications .* as known at 2024-03-0"):
        build_features(problem, spine, lake, known_at=between)
    assert len(build_features(problem, spine.head(1), lake, known_at=between)) == 1


@pytest.mark.slow
def test_the_time_of_the_source_counts_where_the_spine_has_none(
    features: Features, lake: Lake
) -> None:
    features_ = {"derived": {"day": "date_part('day', applied_at)"}}
    spine = pd.DataFrame({"application_id": [2]})
    assert features(applications(), spine, **features_)["day"].tolist() == [2]
    zoned = spine.assign(applied_at=pd.Timestamp("2024-03-10 01:00", tz="Asia/Tokyo"))
    assert features(applications(), zoned, **features_)["day"].tolist() == [9]
    text = spine.assign(applied_at="2024-03-10T01:00:00+09:00")
    assert features(applications(), text, **features_)["day"].tolist() == [9]


@pytest.mark.parametrize(
    ("spine", "said"),
    [
        ({"application_id": [1, 2, 2, 2]}, 'repeats "application_id" in 2 of 4 rows'),
        ({"id": [1]}, 'has no column "application_id"'),
        ({"application_id": [1, 9]}, "1 of 2 applications in the spine are not in source"),
        (
            {"application_id": ["x"]},
            "holds VARCHAR, and that of source .* BIGINT, which 1 of 1 value cannot be",
        ),
        ({"application_id": [1], "applied_at": [pd.NaT]}, 'has no "applied_at" in 1 of 1 row'),
        (
            {"application_id": [1, 2], "applied_at": ["2024-03-10", "2024-03-10T00:00+01:00"]},
            '"applied_at" cannot be read as times',
        ),
    ],
)
def test_a_spine_that_cannot_be_built_is_refused(
    spine: dict[str, Any], said: str, features: Features
) -> None:
    with pytest.raises(SourceError, match=said):
        features(applications(), pd.DataFrame(spine), columns=["amount"])


def test_numbers_are_float64_and_anything_else_is_text(features: Features) -> None:
    stored = applications(
        whole=[1, 2, 3],
        cents=[Decimal("1.25"), None, Decimal("2.50")],
        flag=[True, False, None],
        sure=[True, False, True],
        word=["a", None, "b"],
        unknown=pd.Series([None, None, None], dtype="str"),
    )
    wanted = ["whole", "cents", "flag", "sure", "word", "unknown"]
    built = features(stored, stored[["application_id"]], columns=wanted)
    assert built[wanted].dtypes.astype(str).tolist() == ["float64"] * 4 + ["str", "str"]
    assert built["cents"].tolist()[::2] == [1.25, 2.5]
    assert built["flag"].tolist()[:2] == [1.0, 0.0]
    assert built[wanted].isna().sum().tolist() == [0, 1, 1, 0, 1, 3]


@pytest.mark.slow
def test_a_type_does_not_depend_on_which_rows_are_asked_for(features: Features) -> None:
    stored = applications(word=["a", None, "b"], flag=[True, None, False])
    both = ["word", "flag"]
    built = {
        n: features(stored, stored[["application_id"]].iloc[n : n + 1], columns=both)
        for n in range(3)
    }
    none = features(stored, stored[["application_id"]].iloc[:0], columns=both)
    kinds = {tuple(frame.dtypes.astype(str)) for frame in [none, *built.values()]}
    assert kinds == {("int64", "str", "float64")}


@pytest.mark.slow
def test_a_derived_feature_reads_columns_and_other_features(features: Features) -> None:
    derived = {
        "share": "half / total",
        "half": "amount / 2",
        "total": "(amount + applications__amount)",
    }
    latest = [{"source": "applications", "by": "customer_id", "columns": ["amount"]}]
    stored = applications()
    built = features(stored, stored[["application_id"]], derived=derived, latest=latest)
    assert built["total"].isna().tolist() == [True, True, False]
    assert built["share"][2] == 150 / 400


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"derived": {"a": "b + 1", "b": "a + 1"}}, r"features\.derived has a cycle: \w → \w → \w"),
        ({"derived": {"a": "a + 1"}}, "features.derived.a reads itself"),
        (
            {"columns": ["a"], "derived": {"a": "amount"}},
            'features.derived.a defines "a", as features.columns',
        ),
        ({"derived": {"a": "amount + customer_id"}}, "features.derived.a: .* cannot be computed"),
        ({"columns": ["applied_at"]}, "feature applied_at is a time; derive a number"),
        (
            {
                "window": [
                    {
                        "source": "applications",
                        "by": "customer_id",
                        "over": ["1d"],
                        "compute": ["sum(customer_id)"],
                    }
                ]
            },
            r"compute\[0\] is 'sum\(customer_id\)', .* holds VARCHAR; sum needs a number",
        ),
    ],
)
def test_a_feature_that_makes_no_sense_is_a_problem_error(
    wanted: dict[str, Any], said: str, features: Features
) -> None:
    with pytest.raises(ProblemError, match=said):
        features(applications(), applications()[["application_id"]], **wanted)


def test_a_source_that_lacks_a_column_says_so(features: Features) -> None:
    latest = [{"source": "applications", "by": "custmer_id", "columns": ["amount"]}]
    spine = applications(custmer_id="a")
    with pytest.raises(SourceError, match=r'no column "custmer_id", .* did you mean "customer_id"'):
        features(applications(), spine, latest=latest)


@pytest.mark.slow
def test_pinned_versions_build_what_they_built_before(
    lake: Lake, make_problem: Callable[..., Any]
) -> None:
    problem = make_problem(features={"columns": ["amount"]})
    lake.append("applications", applications(), "application_id")
    pinned = {"applications": lake.version("applications")}
    later = applications(application_id=[4, 5, 6])
    lake.append("applications", later, "application_id")
    spine = later[["application_id"]]
    assert len(build_features(problem, spine, lake)) == 3
    with pytest.raises(SourceError, match="3 of 3 applications"):
        build_features(problem, spine, lake, versions=pinned)
