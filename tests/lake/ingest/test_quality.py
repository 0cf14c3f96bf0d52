"""What a batch looked like is kept, and what changed is said with its date and file."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.lake.ingest.visits import visits
from truerisk.lake.ingest import profile
from truerisk.lake.ingest.ingest import Ingested
from truerisk.lake.ingest.quality import CHANGES, HISTORY, changes, quality_history
from truerisk.lake.lake import Lake

Bring = Callable[..., Ingested]


def rows(first: int, last: int, nulls: float = 0.01, seed: int = 0, **columns) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = last - first
    income = rng.lognormal(10, 1, n).round(2)
    income[: round(nulls * n)] = np.nan
    return visits(
        *range(first, last),
        **{
            "income": income,
            "channel": rng.choice(["web", "branch"], n),
            "customer_id": [f"person-{i}" for i in range(n)],
            "note": [f"free text {i}" for i in range(n)],
            **columns,
        },
    )


@pytest.fixture
def twice(bring: Bring) -> tuple[Ingested, Ingested]:
    first = bring(rows(0, 2000), "a.csv")
    second = rows(2000, 3000, nulls=0.14, seed=1)
    second["income"] *= 1.5
    second.loc[::4, "channel"] = "broker"
    return first, bring(second, "b.csv")


@pytest.mark.slow
def test_the_profile_of_a_batch_is_that_of_its_rows(bring: Bring, lake: Lake) -> None:
    frame = rows(0, 2000)
    bring(frame, "a.csv")
    history = quality_history(lake, "visits")
    assert list(history.columns) == HISTORY
    figures = history.set_index(["column", "statistic"])["value"]
    assert figures["", "rows"] == figures["", "accepted"] == 2000
    income = frame["income"]
    assert figures["income", "nulls"] == 20 and figures["income", "null_share"] == 0.01
    assert figures["income", "distinct"] == income.nunique()
    assert figures["income", "mean"] == pytest.approx(income.mean())
    assert figures["income", "min"] == income.min() and figures["income", "max"] == income.max()
    assert figures["income", "q50"] == pytest.approx(income.quantile(0.5, "lower"), rel=1e-3)
    at = pd.Timestamp("2024-03-10 12:00", tz="UTC").timestamp()
    assert figures["at_", "first"] == figures["at_", "last"] == at
    assert ("income", "psi") not in figures.index, "the first ingest has no reference"
    categories = lake.read("profiles").set_index("column")["categories"]
    assert json.loads(categories["channel"]) == frame["channel"].value_counts().to_dict()


@pytest.mark.slow
def test_what_names_somebody_is_never_kept_in_a_profile(bring: Bring, lake: Lake) -> None:
    bring(rows(0, 30), "a.csv")
    bring(rows(30, 60, note=[f"free text {i}" for i in range(30, 60)]), "b.csv")
    profiles = lake.read("profiles")
    assert "person" not in profiles.to_string()
    named = profiles[profiles["column"].isin(["visit", "customer_id"])]
    assert set(named["kind"]) == {"identifier"}
    assert named[["quantiles", "categories", "new_categories", "mean", "psi"]].isna().all(axis=None)
    bring(rows(60, 300), "c.csv")
    assert "free text" not in lake.read("profiles").to_string()


@pytest.mark.slow
def test_what_changed_is_said_with_its_file(twice: tuple[Ingested, Ingested], lake: Lake) -> None:
    found = changes(lake, "visits")
    assert list(found.columns) == CHANGES
    assert {Path(f).name for f in found["file"]} == {"b.csv"}
    said = {(r.column, r.kind): r for r in found.itertuples()}
    assert said["income", "nulls"].sentence == "share of nulls 1.0% -> 14.0%"
    assert said["channel", "new_category"].sentence == 'new category "broker"'
    income = said["income", "psi"]
    assert income.psi > 5 * income.psi_critical > 0
    assert income.sentence == (f"PSI {income.psi:.2g} against critical {income.psi_critical:.2g}")
    assert ("channel", "psi") in said
    assert not any(c in ("customer_id", "note", "visit", "at_") for c, _ in said)
    lines = twice[1].said
    assert '- column "income": share of nulls 1.0% -> 14.0%' in lines
    assert '- column "channel": new category "broker"' in lines


@pytest.mark.slow
def test_a_batch_like_the_table_changes_nothing(bring: Bring, lake: Lake) -> None:
    for day in range(4):
        bring(rows(1000 * day, 1000 * day + 1000, seed=day), f"{day}.csv")
    assert changes(lake, "visits").empty


@pytest.mark.slow
def test_rejected_rows_volume_and_new_columns_are_changes_of_the_file(
    bring: Bring, lake: Lake
) -> None:
    for day in range(3):
        bring(visits(*range(100 * day, 100 * day + 10)), f"{day}.csv")
    later = visits(*range(900, 940), x=[-1] + [1] * 39)
    bring(later, "later.csv", contract={"x": {"min": 0}}, freshness="1d")
    found = changes(lake, "visits")
    assert set(found["column"]) == {""} and found["psi"].isna().all()
    sentences = dict(zip(found["kind"], found["sentence"]))
    assert sentences["rejected"] == "1 of 40 rows rejected (2.5%)"
    assert sentences["volume"] == "volume +300%, 40 rows against 10"
    assert sentences["new_column"] == 'new column "x"'
    assert sentences["stale"].startswith("stale: the newest at_ is 2024-03-10")


def test_a_table_that_was_never_filled_has_an_empty_history(lake: Lake) -> None:
    assert quality_history(lake, "visits").columns.tolist() == HISTORY
    assert changes(lake, "visits").columns.tolist() == CHANGES


@pytest.mark.slow
def test_a_large_table_is_compared_through_a_sample_by_key(
    bring: Bring, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "SAMPLE", 500)
    bring(rows(0, 2000), "a.csv")
    bring(rows(2000, 2500, seed=1), "b.csv")
    later = lake.read("profiles").sort_values("at").iloc[-1]
    assert 400 < later["reference_rows"] < 600
    assert changes(lake, "visits").empty


@pytest.mark.slow
def test_a_batch_of_one_row_and_one_of_nulls_have_a_profile(bring: Bring, lake: Lake) -> None:
    bring(visits(1, x=[1.0], s=["a"], b=[True]), "a.parquet")
    nothing = visits(2, x=[np.nan], s=[None], b=pd.array([None], dtype="boolean"))
    bring(nothing.astype({"s": "str"}), "b.parquet")
    assert changes(lake, "visits").empty
    assert set(quality_history(lake, "visits")["column"]) == {"", "visit", "at_", "x", "s", "b"}
