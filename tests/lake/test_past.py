"""What operators do to a table: restore, vacuum, partition; and what numbers as texts are told."""

import os
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from truerisk.errors import LakeError, SourceError
from truerisk.lake.ingest.ingest import Ingested
from truerisk.lake.lake import Lake

Bring = Callable[..., Ingested]


def day(first: int, rows: int = 3, **columns: Any) -> pd.DataFrame:
    keys = range(first, first + rows)
    return pd.DataFrame({"visit": keys, "at_": "2024-05-01", "paid": 1.5, **columns})


def table(lake: Lake) -> DeltaTable:
    return DeltaTable(f"{lake.root}/visits")


@pytest.mark.slow
def test_a_mark_counts_only_where_its_rows_are(lake: Lake, bring: Bring) -> None:
    bring(day(1), "a.csv")
    bring(day(11), "b.csv")
    table(lake).restore(1)  # an operator takes the second file back
    assert len(lake.read("visits")) == 3
    assert bring(day(1), "a.csv").said == ["visits: nothing new, 1 file known."]
    assert bring(day(11), "b.csv").accepted == 3
    assert sorted(lake.read("visits")["visit"]) == [1, 2, 3, 11, 12, 13]
    assert bring(day(11), "b.csv").accepted == 0
    table(lake).restore(1)
    assert bring(day(11), "b.csv").accepted == 3  # and so again, however often


@pytest.mark.slow
def test_a_compaction_loses_no_mark(lake: Lake, bring: Bring) -> None:
    bring(day(1), "a.csv")
    bring(day(11), "b.csv")
    table(lake).optimize.compact()
    assert bring(day(11), "b.csv").accepted == 0
    assert len(lake.read("visits")) == 6


@pytest.mark.slow
def test_a_version_that_maintenance_removed_is_named(lake: Lake, bring: Bring) -> None:
    bring(day(1), "a.csv")
    bring(day(11), "b.csv")
    table(lake).optimize.compact()
    handle = table(lake)
    handle.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    with pytest.raises(LakeError, match=r"at version 1 any more: a vacuum took 1 of 1 file;"):
        lake.read("visits", 1)
    handle.create_checkpoint()
    for log in [f"{lake.root}/visits/_delta_log/{v:020d}.json" for v in (0, 1)]:
        os.remove(log)
    with pytest.raises(LakeError, match=r"at version 1 of .* cleaned up since; its newest"):
        lake.read("visits", 1)
    with pytest.raises(LakeError, match=r"at version 99 of .*: there is none; its newest version"):
        lake.read("visits", 99)


def test_the_columns_that_part_a_delta_table_are_read(lake: Lake) -> None:
    rows = pa.table({"id": [1, 2, 3], "year": [2023, 2024, None], "shop": ["a b", "c/d", "x=y"]})
    write_deltalake(f"{lake.root}/parted", rows, partition_by=["year", "shop"])
    found = lake.arrow("parted").sort_by("id").to_pylist()
    assert found == rows.to_pylist()


def test_numbers_that_would_become_texts_are_said_or_refused(lake: Lake, bring: Bring) -> None:
    rows = day(1, 4, term=["36 months", "60 months"] * 2, income=["10", "NA", "30", "40"])
    said = bring(rows).said
    assert any('"income" holds 3 numbers as 99 or AA' in s and "first in row 2" in s for s in said)
    assert any('term = { type = "integer", format = "# months" }' in s for s in said)


@pytest.mark.slow
def test_a_refused_batch_names_the_line_that_reads_it(bring: Bring) -> None:
    rows = day(1, 4, income=["1,5", "2,5", "3,5", "4,5"])
    with pytest.raises(SourceError, match=r'write income = \{ type = "float", decimal = "," \}'):
        bring(rows, contract={"income": {"type": "float"}})
    assert bring(rows, contract={"income": {"decimal": ","}}).accepted == 4


@pytest.mark.slow
def test_a_header_alone_is_no_rows(lake: Lake, bring: Bring) -> None:
    bring(day(1), "a.csv")
    assert bring("visit,at_,paid\n", "b.csv").rows == 0
    assert len(lake.read("visits")) == 3
