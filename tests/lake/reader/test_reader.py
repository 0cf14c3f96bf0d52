"""Files are typed by the contract, else by every one of their cells, and never by a first look."""

import gzip
import os
import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from truerisk.errors import ProblemError, SourceError
from truerisk.lake.lake import Lake
from truerisk.lake.reader.cells import STORED, cell
from truerisk.lake.sources.sources import Sources
from truerisk.problem.expression import sandbox
from truerisk.problem.source import Column

Read = Callable[..., list[Any]]


@pytest.fixture
def read(tmp_path: Path, lake: Lake, make_problem: Callable[..., Any]) -> Read:
    """The values of column ``x`` of rows with a key and a time: a CSV's cells, or a place."""

    def read_(cells: list[str] | None = None, used: bool = True, **said: Any) -> list[Any]:
        place = {"key": "id", "time": "at_", "path": str(tmp_path / "x.csv"), **said}
        if cells is not None:
            rows = "".join(f'{i},2024-01-01,"{c}"\n' for i, c in enumerate(cells))
            (tmp_path / "x.csv").write_text(f"id,at_,x\n{rows}")
        if "query" in said:
            del place["path"]
        with Sources(make_problem(sources={"rows": place}), lake) as sources:
            view = sources.view("rows", ["x"] if used else [])
            rows = sources.con.sql(f"SELECT x FROM {view} ORDER BY __key")
            return rows.to_arrow_table()["x"].to_pylist()

    return read_


def times(*texts: str) -> list[Any]:
    return [pd.Timestamp(t, tz="UTC") for t in texts]


HEAD = ["1"] * 2500  # more rows than are looked at first


@pytest.mark.parametrize(
    ("late", "first", "last"),
    [
        ("1234.56", 1.0, 1234.56),
        ("0.6", 1.0, 0.6),
        ("007", "1", "007"),
        ("9007199254740993", 1, 9007199254740993),
        ("", 1, None),
        ("nan", 1.0, None),
        ("+7", 1, 7),
    ],
)
def test_the_whole_file_decides_a_type(late: str, first: Any, last: Any, read: Read) -> None:
    found = read([*HEAD, late])
    assert (found[0], found[-1]) == (first, last)
    assert type(found[0]) is type(first)


@pytest.mark.slow
def test_a_late_time_of_day_and_a_late_value_are_read(read: Read) -> None:
    found = read([*["2024-01-01"] * 2500, "2024-01-02 10:30:00"], contract={"x": {"type": "time"}})
    assert found[-1] - found[0] == pd.Timedelta("34h30min")
    assert read([*[""] * 2500, "7"])[-1] == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cells", "rule", "values"),
    [
        (["1", "NA", "N/A"], {"null_values": ["NA", "N/A"]}, [1, None, None]),
        (["1,5", "-0,25"], {"decimal": ","}, [1.5, -0.25]),
        (["1.234,5", "7"], {"decimal": ",", "thousands": "."}, [1234.5, 7.0]),
        (["1 234", "1\u00a0234\u202f567"], {"thousands": " "}, [1234.0, 1234567.0]),
        (["$1,200.50", "-$5", "($3)"], {"format": "$#", "thousands": ","}, [1200.5, -5.0, -3.0]),
        (["5.5%", "6 %"], {"format": "#%"}, [5.5, 6.0]),
        (["36 months", "60 months"], {"type": "integer", "format": "# months"}, [36, 60]),
        (["Y", "no"], {"type": "boolean"}, [True, False]),
        (["-999", "3"], {"type": "integer", "null_values": [-999]}, [None, 3]),
        (["1", "inf"], {"type": "float", "infinite": "null"}, [1.0, None]),
        (["7", "x"], {"type": "text"}, ["7", "x"]),
    ],
)
def test_what_is_declared_is_read(
    cells: list[str], rule: dict[str, Any], values: list[Any], read: Read
) -> None:
    assert read(cells, contract={"x": rule}) == values


@pytest.mark.parametrize(
    ("cells", "rule", "values"),
    [
        (["Dec-2011", "jan-1999"], {"format": "%b-%Y"}, ["2011-12-01", "1999-01-01"]),
        (["930101", "000131"], {"format": "%y%m%d"}, ["1993-01-01", "2000-01-31"]),
        (["451231"], {"format": "%y%m%d", "first_year": 1930}, ["1945-12-31"]),
        (["31/12/2024", "1/2/2024"], {"format": "%d/%m/%Y"}, ["2024-12-31", "2024-02-01"]),
        (["1700000000"], {"format": "epoch"}, ["2023-11-14 22:13:20"]),
    ],
)
def test_times_are_read_by_their_format(
    cells: list[str], rule: dict[str, Any], values: list[str], read: Read
) -> None:
    assert read(cells, contract={"x": rule}) == times(*values)


@pytest.mark.slow
@pytest.mark.parametrize(
    "cells",
    [
        ["1", "NA", "3"],
        ["1,5", "2,25"],
        ["1.234,5", "2.000,1"],
        ["$1,200.50", "$5"],
        ["5.5%", "6%"],
        ["36 months", "60 months"],
        ["Dec-2011", "Jan-1999"],
        ["31/12/2024", "1/2/2024"],
        ["2024-12-31", "NA", "2024-01-02 10:00:00"],
        [*["12"] * 50, *["unk"] * 4],
        ["1", "inf"],
        ["1e5", "2e6"],
        ["(1)", "2"],
        ["($1,250.00)", "$2.50"],
    ],
)
def test_numbers_in_another_dress_are_refused_with_the_line_that_reads_them(
    cells: list[str], read: Read
) -> None:
    with pytest.raises(SourceError) as refused:
        read(cells)
    line = re.search(r"write (x = \{.*?\}) in its contract", str(refused.value))
    assert line, refused.value
    values = read(cells, contract=tomllib.loads(line[1]))
    assert not any(isinstance(v, str) for v in values)
    assert values[0] is not None
    assert read(cells, contract={"x": {"type": "text"}}) == cells
    assert read(cells, used=False) == cells  # what nothing computes with is left alone


def test_both_readings_of_an_ambiguous_date_are_named(read: Read) -> None:
    with pytest.raises(SourceError, match=r"%d/%m/%Y.* or x = .*%m/%d/%Y"):
        read(["1/2/2024", "3/4/2024"], contract={"x": {"type": "time"}})


def test_a_two_digit_year_that_may_lie_in_another_century_asks_for_its_hundred(read: Read) -> None:
    with pytest.raises(SourceError, match=r"first_year = 1930"):
        read(["451231", "930101"], contract={"x": {"type": "time", "format": "%y%m%d"}})


@pytest.mark.parametrize(
    "texts",
    [["A12", "B7"], ["12 Main", "7 Elm"], ["1st", "2nd"], ["Y", "N"], ["10+ years", "< 1 year"]],
)
def test_texts_stay_texts(texts: list[str], read: Read) -> None:
    assert read(texts) == texts


@pytest.mark.parametrize(
    ("texts", "line", "values"),
    [
        (["0", "1", "true", "F"], '{ type = "boolean" }', [False, True, True, False]),
        (["5Y", "10Y"], '{ type = "integer", format = "# Y" }', [5, 10]),
        (["1.5k", "2k"], '{ type = "float", format = "# k" }', [1.5, 2.0]),
        (["7"] * 11 + ["#DIV/0!"], '{ type = "integer", null_values = ["#DIV/0!"] }', [7] * 11),
    ],
)
def test_the_printed_line_reads_it(
    texts: list[str], line: str, values: list[object], read: Read
) -> None:
    with pytest.raises(SourceError) as refused:
        read(texts)
    assert f"write x = {line} in its contract" in str(refused.value)
    rule = tomllib.loads(f"x = {line}")["x"]
    assert read(texts, contract={"x": rule})[: len(values)] == values


@pytest.mark.slow
@pytest.mark.parametrize("texts", [["1", "2", "3-"], ["0x1F", "2", "3"], ["5"] * 5 + ["N"] * 4])
def test_numbers_with_many_texts_among_them_ask_what_they_are(texts: list[str], read: Read) -> None:
    """A third of texts is no slip, and two thirds of numbers are no texts by accident."""
    with pytest.raises(SourceError, match=r'to keep texts, or x = \{ type = "float", null_values'):
        read(texts)
    assert read(texts, contract={"x": {"type": "text"}}) == texts
    assert read(texts, used=False) == texts


def test_messages_show_forms_and_rows_never_values(read: Read) -> None:
    with pytest.raises(SourceError) as refused:
        read([*HEAD, "Miller"], contract={"x": {"type": "integer"}})
    assert "in 1 of 2,501 rows, such as AAAAAA, first in row 2,501" in str(refused.value)
    assert "Miller" not in str(refused.value)


@given(
    values=st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=3), min_size=1),
    decimal=st.sampled_from([".", ","]),
    mark=st.sampled_from(["", ".", ",", " ", "'"]),
    around=st.sampled_from(["#", "$#", "#%", "EUR #", "# kr"]),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_number_is_read_exactly_as_it_was_written(
    values: list[Decimal], decimal: str, mark: str, around: str
) -> None:
    assume(decimal != mark)

    def written(value: Decimal) -> str:
        number = f"{value:,.3f}".replace(",", "~").replace(".", decimal).replace("~", mark)
        return around.replace("#", number)

    rule = {"type": "float", "format": around, "decimal": decimal, "thousands": mark or None}
    how = cell("x", "VARCHAR", STORED["float"], Column(**rule))
    with sandbox() as con:
        con.register("cells", pa.table({"x": list(map(written, values))}))
        found = con.sql(f"SELECT {how.sql}, {how.fault} FROM cells").fetchall()
        con.unregister("cells")
    assert found == [(float(value), False) for value in values]


@pytest.mark.slow
def test_every_format_gives_the_same_rows(tmp_path: Path, read: Read) -> None:
    text = "id,at_,x\n1,2024-01-01,1.5\n2,2024-01-02,\n"
    (tmp_path / "a.CSV").write_text(text)
    (tmp_path / "a.tsv").write_text(text.replace(",", "\t"))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    lines = '{"id": 1, "at_": "2024-01-01", "x": 1.5}\n{"id": 2, "at_": "2024-01-02"}\n'
    (tmp_path / "a.jsonl").write_text(lines)
    import openpyxl  # slow to import, and every worker collects

    book = openpyxl.Workbook()
    for row in [["id", "at_", "x"], [1, pd.Timestamp("2024-01-01"), 1.5], [2, "2024-01-02", None]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    frame = pd.DataFrame({"id": [1, 2], "at_": ["2024-01-01", "2024-01-02"], "x": [1.5, None]})
    frame.to_parquet(tmp_path / "a.PARQUET")
    for name in ("a.CSV", "a.tsv", "a.csv.gz", "a.jsonl", "a.xlsx", "a.PARQUET"):
        assert read(path=str(tmp_path / name)) == [1.5, None], name


def test_files_are_one_table_whatever_their_headers_capitals_and_folders(
    tmp_path: Path, read: Read
) -> None:
    """The first spelling stands; a folder's value gives way to the column of that name."""
    for name, text in {
        "x=9/a.csv": "id,at_,x\n1,2024-01-01,1\n",
        "x=9/b.csv": "X,AT_,ID\n2,2024-01-01,2\n",
    }.items():
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert sorted(read(path=str(tmp_path / "in" / "**" / "*.csv"))) == [1, 2]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PAR1\x15\x00\x15", r"a Parquet file \(.parquet\)"),
        (b"PK\x03\x04\x14", "a workbook"),
        (gzip.compress(b"id,x\n1,1\n"), "a gzip file"),
        ("id,x\n1,1\n".encode("utf-16-le"), "iconv -f UTF-16LE"),
        ("id,x\u200b\n1,1\n".encode(), "characters that are not seen"),
    ],
)
def test_what_is_no_csv_is_told_by_how_it_begins(
    content: bytes, why: str, tmp_path: Path, read: Read
) -> None:
    file = tmp_path / "other.csv"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=why):
        read(path=str(file))


@pytest.mark.slow
def test_a_pipe_is_no_file_and_a_folder_with_an_ending_holds_files(
    tmp_path: Path, read: Read
) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SourceError, match="a pipe or a device; write its rows to a file"):
        read(path=str(tmp_path / "pipe.csv"))
    (tmp_path / "in" / "day.csv").mkdir(parents=True)
    os.mkfifo(tmp_path / "in" / "pipe.csv")
    (tmp_path / "in" / "day.csv" / "a.csv").write_text("id,at_,x\n1,2024-01-01,1\n")
    assert read(path=str(tmp_path / "in")) == [1]


@pytest.mark.slow
def test_folders_patterns_and_partitions_are_read_whole(tmp_path: Path, read: Read) -> None:
    for i, folder in enumerate(["x=1/b", "x=2", "x=3/b/c"]):
        (tmp_path / "d" / folder).mkdir(parents=True)
        (tmp_path / "d" / folder / "r.csv").write_text(f"id,at_\n{i},2024-01-01\n")
    (tmp_path / "d" / "x=4").mkdir()
    (tmp_path / "d" / "x=4" / "empty.csv").write_text("id,at_\n")
    (tmp_path / "d" / "_SUCCESS").write_text("")
    assert read(path=f"{tmp_path}/d") == [1, 2, 3]
    assert read(path=f"{tmp_path}/d/**/*.csv") == [1, 2, 3]
    for file in sorted((tmp_path / "d").rglob("r.csv")):
        rows = pd.read_csv(file)
        rows.to_parquet(file.with_suffix(".parquet"))
    assert read(path=f"{tmp_path}/d/**/*.parquet") == [1, 2, 3]


def test_a_day_without_rows_changes_no_type(tmp_path: Path, read: Read) -> None:
    day = pd.DataFrame({"id": [1], "at_": pd.to_datetime(["2024-01-01"]), "x": [5]})
    day.to_parquet(tmp_path / "1.parquet")
    day.iloc[:0].astype({"x": object}).to_parquet(tmp_path / "2.parquet")
    assert read(path=f"{tmp_path}/*.parquet") == [5]
    day.assign(id=2, x="5").to_parquet(tmp_path / "3.parquet")
    with pytest.raises(SourceError, match=r'"x" holds a number in .*1\.parquet and a text in'):
        read(path=f"{tmp_path}/*.parquet")


@pytest.mark.slow
def test_nan_is_null_and_infinity_is_declared(tmp_path: Path, read: Read) -> None:
    at = pa.array(pd.to_datetime(["2024-01-01"] * 3))
    floats = pa.array([1.0, float("nan"), float("-inf")])
    pq.write_table(pa.table({"id": [1, 2, 3], "at_": at, "x": floats}), tmp_path / "f.parquet")
    with pytest.raises(SourceError, match=r'"x" is infinite in 1 of 3 rows; write x = \{.*null'):
        read(path=f"{tmp_path}/f.parquet")
    declared = {"x": {"infinite": "null"}}
    assert read(path=f"{tmp_path}/f.parquet", contract=declared) == [1.0, None, None]
    asked = f"SELECT id, at_, x > 10 AS x FROM '{tmp_path}/f.parquet' WHERE id < 3"
    assert read(query=asked) == [False, None]


@pytest.mark.slow
def test_nan_is_null_where_the_statistics_of_the_file_leave_it_out(
    tmp_path: Path, read: Read
) -> None:
    """DuckDB answers isnan from a Parquet file's bounds, in which no NaN counts."""
    at = pa.array(pd.to_datetime(["2024-01-01"] * 3))
    for kind in (pa.float64(), pa.float32()):
        floats = pa.array([1.0, float("nan"), 20.0], kind)
        pq.write_table(pa.table({"id": [1, 2, 3], "at_": at, "x": floats}), tmp_path / "f.parquet")
        assert read(path=f"{tmp_path}/f.parquet") == [1.0, None, 20.0]
        declared = {"x": {"type": "float", "null_values": [20]}}
        assert read(path=f"{tmp_path}/f.parquet", contract=declared) == [1.0, None, None]
        asked = f"SELECT id, at_, x > 10 AS x FROM '{tmp_path}/f.parquet'"
        assert read(query=asked) == [False, None, True]


@pytest.mark.slow
def test_a_query_sees_a_csv_as_declared_sources_do(tmp_path: Path, read: Read) -> None:
    """DuckDB alone reads the offset or the half differently, by what else is selected."""
    (tmp_path / "q.csv").write_text(
        "id,at_,paid,ratio\n1,2024-01-01,2024-01-01T10:00:00-05:00,2.5\n"
    )
    for select in ("paid::timestamp AS x", "*, paid::timestamp AS x"):
        found = read(query=f"SELECT id, at_, {select} FROM '{tmp_path}/q.csv'")
        assert found == [pd.Timestamp("2024-01-01 15:00")]
    for select in ("ratio::integer AS x", "ratio, ratio::integer AS x"):
        asked = f"SELECT id, at_, {select} FROM read_csv('{tmp_path}/q' || '.csv')"
        assert read(query=asked) == [2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,at_,x\n1,2024-01-01,Zürich\n".encode("latin-1"), "line 2 is not UTF-8; .* iconv -f W"),
        ("id,at_,x\n".encode("utf-16"), "line 1 is not UTF-8; it looks like UTF-16"),
        (b"id,at_,x\n1,2024-01-01\n", "line 2 has 2 fields where the header has 3; put a field"),
        (b"id,at_,x,X\n", 'column "x" is there more than once'),
        (b"", "has no header"),
        (b"id,at_,x\r1,2024-01-01,2\r", "lines end with a carriage return alone; run tr"),
    ],
)
def test_a_damaged_file_says_what_it_is_and_where(
    content: bytes, said: str, tmp_path: Path, read: Read
) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(SourceError, match=said):
        read()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"type": "time", "format": "%d/%m"}, "names no year"),
        ({"type": "float", "format": "$"}, "with one # in its place"),
        ({"decimal": ",", "thousands": ","}, "one must differ"),
        ({"type": "text", "decimal": ","}, "the marks of a number and type text"),
        ({"type": "time", "format": "%Y", "first_year": 1930}, "no format with %y"),
    ],
)
def test_a_reading_that_cannot_be_is_refused_at_load(
    rule: dict[str, Any], said: str, read: Read
) -> None:
    with pytest.raises(ProblemError, match=said):
        read(["1"], contract={"x": rule})
