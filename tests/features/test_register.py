"""A name means one thing: to change it takes a new version, and both hashes are told."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from truerisk.errors import ProblemError
from truerisk.features.register import check_definitions, register_definitions, registered
from truerisk.lake.lake import Lake
from truerisk.problem.spec import Problem

Make = Callable[..., Problem]
LATEST = {"source": "bureau", "by": "customer_id", "columns": ["score"], "max_age": "90d"}
WINDOW = {
    "source": "payments",
    "by": "customer_id",
    "over": ["30d"],
    "compute": ["count", "sum(amount) where kind = 'card' as spent"],
}
GIVEN: dict[str, Any] = {
    "sources": {
        "applications": {"table": "applications"},
        "bureau": {"table": "bureau", "key": "bureau_id", "time": "seen_at", "delay": "1d"},
        "payments": {
            "query": "select * from read_parquet('march.parquet') where amount > 0",
            "key": "payment_id",
            "time": "paid_at",
        },
    },
    "features": {
        "columns": ["amount"],
        "derived": {"half": "amount / 2"},
        "latest": [LATEST],
        "window": [WINDOW],
    },
}


def given(make: Make, name: str = "", **change: Any) -> Problem:
    """The problem with one entry of its features, or one of its sources, changed."""
    features, sources = dict(GIVEN["features"]), dict(GIVEN["sources"])
    if name in sources:
        sources[name] = {**sources[name], **change}
    elif name == "derived":
        features["derived"] = change
    elif name:
        features[name] = [{**features[name][0], **change}]
    return make(sources=sources, features=features)


CHANGES = [
    (
        "derived",
        {"half": "amount / 3"},
        "half",
        "half = { sql = ",
        {"half": {"sql": "amount / 3", "version": 2}},
    ),
    ("latest", {"max_age": "91d"}, "bureau__score", "version = 2 on it", {"version": 2}),
    (
        "window",
        {"compute": ["count", "sum(amount) where kind = 'cash' as spent"]},
        "payments__spent__30d",
        "version = 2 on it",
        {"version": 2},
    ),
    ("bureau", {"delay": "2d"}, "bureau__score", "or on sources.bureau", {"version": 2}),
    (
        "payments",
        {"query": "select * from read_parquet('march.parquet')"},
        "payments__count__30d",
        "or on sources.payments",
        {"version": 2},
    ),
    (
        "applications",
        {"delay": "1d"},
        "amount",
        "version = 2 on sources.applications",
        {"version": 2},
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "change", "feature", "remedy", "version"), CHANGES, ids=str)
def test_a_changed_definition_needs_a_new_version(
    name: str,
    change: dict[str, Any],
    feature: str,
    remedy: str,
    version: dict[str, Any],
    make_problem: Make,
    lake: Lake,
) -> None:
    register_definitions(given(make_problem), lake, "abc")
    with pytest.raises(ProblemError) as told:
        check_definitions(given(make_problem, name, **change), lake)
    said = str(told.value)
    assert f'changes what "{feature}" means' in said
    assert remedy in said
    before, after = re.findall(r"[0-9a-f]{12}", said)
    assert before != after
    newer = given(make_problem, name, **{**change, **version})
    register_definitions(newer, lake, "def")
    check_definitions(newer, lake)


@pytest.mark.slow
def test_what_no_number_depends_on_may_change(make_problem: Make, lake: Lake) -> None:
    register_definitions(given(make_problem), lake, "abc")
    moved = "select * from read_parquet('/elsewhere/april.parquet') where amount > 0"
    check_definitions(given(make_problem, "payments", query=moved), lake)
    check_definitions(given(make_problem, "bureau", table="bureau_2", owner="risk"), lake)


@pytest.mark.slow
def test_what_was_offered_is_kept_once(make_problem: Make, lake: Lake) -> None:
    for version in ("abc", "def"):
        register_definitions(given(make_problem), lake, version)
    rows = registered("small", lake).set_index("feature")
    assert sorted(rows.index) == sorted(
        ["amount", "half", "bureau__score", "payments__count__30d", "payments__spent__30d"]
    )
    assert set(rows["model_version"]) == {"abc"}
    assert set(rows["version"]) == {"1.1"}
    assert registered("another", lake).empty


def test_another_problem_may_give_the_name_its_own_meaning(make_problem: Make, lake: Lake) -> None:
    register_definitions(given(make_problem), lake, "abc")
    other = make_problem(name="other", features={"columns": [], "derived": {"half": "amount / 3"}})
    check_definitions(other, lake)
