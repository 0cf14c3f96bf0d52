"""Ids that match nobody are said, in forms and shares, never shown."""

import numpy as np
import pandas as pd
import pytest

from truerisk.errors import SourceError
from truerisk.features.dataset import build_dataset
from truerisk.features.matching import Match, form, unmatched

APPLIED = pd.Timestamp("2024-01-01", tz="UTC")
N = 40
IDS = [f"C{i:04d}" for i in range(N)]


def world(tmp_path, make_problem, ours=IDS, theirs=IDS, key=None, window=True):
    """A problem whose applications have ``ours`` and whose payments have ``theirs`` as customer."""
    applications = pd.DataFrame(
        {
            "application_id": range(N),
            "customer_id": ours,
            "applied_at": APPLIED,
            "amount": np.arange(N) * 1.0,
        }
    )
    outcomes = pd.DataFrame(
        {
            "application_id": range(N) if key is None else key,
            "defaulted": np.arange(N) % 2,
            "observed_at": APPLIED + pd.Timedelta(days=20),
        }
    )
    payments = pd.DataFrame(
        {"payment_id": range(len(theirs)), "customer_id": theirs, "paid_at": APPLIED, "amount": 1.0}
    )
    payments["paid_at"] -= pd.Timedelta(days=1)
    sources = {}
    for name, frame, k, time in (
        ("applications", applications, "application_id", "applied_at"),
        ("outcomes", outcomes, "application_id", "observed_at"),
        ("payments", payments, "payment_id", "paid_at"),
    ):
        frame.to_parquet(tmp_path / f"{name}.parquet")
        sources[name] = {"path": f"{tmp_path}/{name}.parquet", "key": k, "time": time}
        sources[name]["table"] = None
    by = {"source": "payments", "by": "customer_id"}
    features = {"columns": ["amount"]}
    if window:
        features["window"] = [{**by, "over": ["30d"], "compute": ["count"]}]
    else:
        features["latest"] = [{**by, "columns": ["amount"]}]
    return make_problem(sources=sources, features=features)


def refused(problem, lake):
    with pytest.raises(SourceError) as error:
        build_dataset(problem, lake, APPLIED + pd.Timedelta(days=60))
    return str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda i: f"{i} ", "without the spaces around them"),
        (str.lower, "in one case"),
        (lambda i: f"00{i[1:]}", "by their digits alone"),
        (lambda i: f"C-{i[1:]}", "by their letters and digits alone"),
        (lambda i: int(i[1:]), "by their digits alone"),
    ],
)
def test_keys_that_never_meet_are_refused_by_their_forms(
    tmp_path, lake, make_problem, change, words
):
    said = refused(world(tmp_path, make_problem, theirs=[change(i) for i in IDS]), lake)
    assert "meets no" in said
    assert "“capital letter + 4 digits”" in said
    assert words in said
    assert "SELECT * REPLACE (" in said
    assert "…" not in said, "the whole sentence is there"
    assert not any(
        str(value) in said for value in [*IDS, *map(change, IDS)] if isinstance(value, str)
    )


def test_numbers_never_meet_texts_whatever_the_texts_look_like(tmp_path, lake, make_problem):
    problem = world(tmp_path, make_problem, [f"{i:03d}" for i in range(N)], list(range(N)))
    said = refused(problem, lake)
    assert "number, “2 digits” or “digit” here, text, “3 digits” there" in said
    assert "without leading zeros" in said


@pytest.mark.slow
def test_ids_with_nothing_in_common_ask_for_another_column(tmp_path, lake, make_problem):
    problem = world(tmp_path, make_problem, theirs=[f"Z{i:02d}x" for i in range(90, 99)])
    assert refused(problem, lake).endswith("name a column that holds the same ids.")


@pytest.mark.parametrize("window", [True, False])
def test_the_share_without_a_row_is_counted(tmp_path, lake, make_problem, window):
    problem = world(tmp_path, make_problem, theirs=IDS[:30] * 3, window=window)
    (match,) = build_dataset(problem, lake, APPLIED + pd.Timedelta(days=60)).matches
    assert (match.applications, match.matched) == (N, 30)
    assert str(match) == "25.0% of 40 applications have no row in payments by customer_id"
    assert unmatched([match]) == [f"{match}."]


def test_nothing_is_said_of_a_source_where_none_is_missing_and_few_are_not_none():
    def match(applications, matched):
        return Match(source="signups", by="id", applications=applications, matched=matched)

    assert unmatched([match(40, 40), match(0, 0)]) == []
    (few,) = unmatched([match(10_000, 9_999)])
    assert few == "less than 0.1% of 10,000 applications have no row in signups by id."
    assert str(match(1, 0)).startswith("100.0% of 1 application has no row")


@pytest.mark.slow
def test_a_part_that_would_meet_after_a_change_is_said(tmp_path, lake, make_problem):
    mixed = [f"{c} " if i % 2 else c for i, c in enumerate(IDS)]
    (match,) = build_dataset(
        world(tmp_path, make_problem, theirs=mixed), lake, APPLIED + pd.Timedelta(days=60)
    ).matches
    assert str(match).endswith("; more would meet without the spaces around them")


def test_outcomes_of_nobody_are_not_taken_for_young_ones(tmp_path, lake, make_problem):
    said = refused(world(tmp_path, make_problem, key=[f"A{i}" for i in range(N)]), lake)
    assert 'its "application_id" meets no "application_id" of applications' in said
    assert "known_at" not in said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("7 ", "digit + space"),
        ("AB12-3", "2 capital letters + 2 digits + mark + digit"),
        ("", "empty text"),
        ("ab12cd34ef56", "12 characters of digit, small letter"),
        ("é", "other letter"),
    ],
)
def test_a_form_says_what_an_id_looks_like(value, said):
    assert form(value) == said
