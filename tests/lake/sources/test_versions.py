"""A source is a table, files or a query, and its version says exactly which rows it had."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from truerisk.errors import LakeError, ProblemError, SourceError
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources
from truerisk.lake.sources.versions import Version

MAY = pd.Timestamp("2024-05-01", tz="UTC")
Read = Callable[..., tuple[list[int], dict[str, Version]]]


def visits(*keys: int) -> pd.DataFrame:
    return pd.DataFrame({"visit": keys, "at_": [MAY] * len(keys), "shop": ["a"] * len(keys)})


@pytest.fixture
def read(lake: Lake, make_problem: Callable[..., Any]) -> Read:
    """The keys of source ``visits`` and the versions read; keywords say where it and others lie."""

    def read_(
        versions: dict[str, Version] | None = None, also: dict[str, Any] | None = None, **place: str
    ) -> tuple[list[int], dict[str, Version]]:
        same = {"key": "visit", "time": "at_"}
        problem = make_problem(sources={"visits": {**same, **place}, **(also or {})})
        with Sources(problem, lake, versions) as sources:
            view = sources.view("visits")
            keys = sources.frame(f"SELECT visit FROM {view} ORDER BY visit")["visit"].tolist()
            return keys, sources.versions

    return read_


@pytest.mark.slow
def test_a_lake_table_has_its_delta_version(lake: Lake, read: Read) -> None:
    lake.append("visits", visits(1), "visit")
    keys, pinned = read(table="visits")
    assert (keys, pinned) == ([1], {"visits": lake.version("visits")})
    lake.append("visits", visits(2), "visit")
    assert read(table="visits")[0] == [1, 2]
    assert read(pinned, table="visits") == ([1], pinned)


def test_files_have_the_sha256_of_their_content(tmp_path: Path, read: Read) -> None:
    visits(1, 2).to_parquet(tmp_path / "v.parquet")
    visits(1, 2).to_csv(tmp_path / "v.csv", index=False)
    for file in (tmp_path / "v.parquet", tmp_path / "v.csv"):
        keys, versions = read(path=str(file))
        digest = hashlib.sha256(hashlib.sha256(file.read_bytes()).digest()).hexdigest()
        assert (keys, versions) == ([1, 2], {"visits": f"sha256:{digest}"})


def test_a_pattern_reads_every_file_it_matches_by_column_name(tmp_path: Path, read: Read) -> None:
    visits(1).to_parquet(tmp_path / "v1.parquet")
    visits(2)[["shop", "at_", "visit"]].to_parquet(tmp_path / "v2.parquet")
    visits(3).to_parquet(tmp_path / "other.parquet")
    keys, one = read(path=f"{tmp_path}/v*.parquet")
    assert keys == [1, 2]
    visits(4).to_parquet(tmp_path / "v3.parquet")
    keys, other = read(path=f"{tmp_path}/v*.parquet")
    assert keys == [1, 2, 4]
    assert one != other


def test_a_csv_of_texts_keeps_its_header(tmp_path: Path, read: Read) -> None:
    (tmp_path / "v.csv").write_text("visit,at_,shop\na1,2024-05-01,x\na2,2024-05-01T10:00,y\n")
    assert read(path=f"{tmp_path}/v.csv")[0] == ["a1", "a2"]


def test_a_file_that_changed_after_it_was_pinned_is_refused(tmp_path: Path, read: Read) -> None:
    file = tmp_path / "v.parquet"
    visits(1).to_parquet(file)
    _, pinned = read(path=str(file))
    assert read(pinned, path=str(file)) == ([1], pinned)
    visits(1, 2).to_parquet(file)
    with pytest.raises(SourceError, match='the files of source "visits" changed since they were'):
        read(pinned, path=str(file))


def test_a_query_reads_other_sources_and_files(tmp_path: Path, lake: Lake, read: Read) -> None:
    lake.append("old", visits(1, 2), "visit")
    visits(2, 3).to_parquet(tmp_path / "new.parquet")
    keys, versions = read(
        query=f"""
        with fresh as (select * from '{tmp_path}/new.parquet')
        select * from fresh union all
        select * from archive where visit not in (select visit from fresh)""",
        also={"archive": {"table": "old"}},
    )
    assert keys == [1, 2, 3]
    assert versions["archive"] == lake.version("old")
    assert str(versions["visits"]).startswith("sha256:")


def test_a_query_may_read_files_by_function_and_number_rows(tmp_path: Path, read: Read) -> None:
    visits(7, 7).to_csv(tmp_path / "v.csv", sep=";", index=False)
    sql = f"select row_number() over () as visit, at_ from read_csv('{tmp_path}/v.csv', delim=';')"
    assert read(query=sql)[0] == [1, 2]


@pytest.mark.slow
def test_a_query_has_another_version_when_its_text_its_files_or_its_sources_change(
    tmp_path: Path, lake: Lake, read: Read
) -> None:
    file = tmp_path / "new.parquet"

    def version(condition: str = "true") -> Version:
        sql = f"select a.* from archive a join '{file}' using (visit) where {condition}"
        return read(query=sql, also={"archive": {"table": "old"}})[1]["visits"]

    visits(1).to_parquet(file)
    lake.append("old", visits(1), "visit")
    versions = [version(), version(), version("1 = 1")]
    visits(1, 2).to_parquet(file)
    versions.append(version())
    lake.append("old", visits(2), "visit")
    versions.append(version())
    assert versions[0] == versions[1]
    assert len(set(versions)) == 4


def test_a_pinned_query_reads_the_old_rows_of_a_table_that_grew(lake: Lake, read: Read) -> None:
    also, sql = {"archive": {"table": "old"}}, "select * from archive"
    lake.append("old", visits(1), "visit")
    keys, pinned = read(query=sql, also=also)
    assert keys == [1]
    lake.append("old", visits(2), "visit")
    assert read(pinned, query=sql, also=also) == ([1], pinned)
    assert read(query=sql, also=also)[0] == [1, 2]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (
            {"table": "vists"},
            r'the lake table "vists", which the lake at .* does not have; .* none',
        ),
        ({"path": "/data/v.txt"}, r"must end in \.csv, \.csv\.gz, \.jsonl, .* or \.xlsx\.$"),
        ({"path": "/data/none.csv"}, r"no such file; .* pass --source visits=PATH\.$"),
        ({"query": "drop table x"}, "sources.visits.query is not one SELECT"),
        ({"query": "select 1; select 2"}, "sources.visits.query is not one SELECT"),
        ({"query": "selec 1"}, 'is not one SELECT .*syntax error at or near "selec"'),
        ({"query": "select * from nowhere"}, r'"nowhere", which is neither a source \(app.*\) nor'),
        ({"query": "select * from visits"}, "reads itself: visits → visits"),
        (
            {"query": "select * from read_text('/etc/passwd')"},
            "reads through read_text, .* allowed",
        ),
        (
            {"query": "select * from read_csv('/data/*')"},
            "reads through read_csv, .* constants that end in \\.csv, ",
        ),
        ({"query": "select 1 as visit, nope as at_"}, 'cannot be read from its query .*"nope"'),
    ],
)
def test_what_cannot_be_read_says_why(place: dict[str, str], said: str, read: Read) -> None:
    with pytest.raises((SourceError, ProblemError), match=said) as refused:
        read(**place)
    assert str(refused.value).startswith("small.toml: s")
    assert "\n" not in str(refused.value)


def test_a_variable_that_is_not_set_is_refused_when_its_source_is_read(
    monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.delenv("VISITS", raising=False)
    with pytest.raises(SourceError) as refused:
        read(path="${VISITS}/v.csv")
    assert str(refused.value) == (
        "small.toml: sources.visits needs ${VISITS}, which is not set; "
        "set VISITS in the environment or pass --source visits=PATH."
    )


def test_queries_that_read_each_other_are_refused(read: Read) -> None:
    with pytest.raises(SourceError, match="reads itself: visits → b → visits"):
        read(query="select * from b", also={"b": {"query": "select * from visits"}})


def test_a_corrupt_file_is_one_error(tmp_path: Path, read: Read) -> None:
    (tmp_path / "v.parquet").write_bytes(b"not a parquet file")
    with pytest.raises((SourceError, LakeError), match=r"cannot be read from .*v\.parquet"):
        read(path=f"{tmp_path}/v.parquet")
