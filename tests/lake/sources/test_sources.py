"""What would make a wrong number later is refused when a source is opened, with a row count."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from truerisk.errors import SourceError
from truerisk.lake.lake import Lake
from truerisk.lake.sources.sources import Sources

NOON = pd.Timestamp("2024-03-10 12:00")
Open = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path, lake: Lake, make_problem: Callable[..., Any]) -> Open:
    """(frame, untimed) of a source that holds an Arrow table, a CSV text or a data frame."""

    def open_(rows: Any, columns: tuple[str, ...] = (), name: str = "visits", **settings: Any):
        file = tmp_path / ("visits.csv" if isinstance(rows, str) else "visits.parquet")
        if isinstance(rows, str):
            file.write_text(rows)
        else:
            table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows)
            pq.write_table(table, file)
        place = {"key": "visit", "time": "at_", "path": str(file), **settings}
        with Sources(make_problem(sources={name: place}), lake) as sources:
            frame = sources.frame(f"SELECT * FROM {sources.view(name, columns)} ORDER BY __key")
            return frame, sources.untimed[name]

    return open_


def visits(**columns: Any) -> pd.DataFrame:
    rows = {"visit": [1, 2, 3], "at_": pd.to_datetime(["2024-03-10 12:00"] * 3, utc=True)}
    return pd.DataFrame({**rows, **columns})


def refusal(opened: Open, *given: Any, **settings: Any) -> str:
    with pytest.raises(SourceError) as refused:
        opened(*given, **settings)
    message = str(refused.value)
    assert message.startswith('small.toml: source "')
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.slow
def test_a_missing_column_is_named_with_a_guess_and_all_there_are(opened: Open) -> None:
    said = refusal(opened, visits(amount=[1, 2, 3]), ("amuont",))
    assert 'has no column "amuont"; did you mean "amount"? It has visit, at_, amount.' in said
    for setting, column in [("key", "vist"), ("time", "when"), ("available_at", "loaded")]:
        assert f'has no column "{column}"' in refusal(opened, visits(), **{setting: column})
    said = refusal(opened, visits(), contract={"income": {"type": "float"}})
    assert 'has no column "income"' in said


def test_a_source_without_rows_is_no_rows(opened: Open) -> None:
    assert len(opened(visits().iloc[:0])[0]) == 0
    assert len(opened("v,t\n", key="v", time="t")[0]) == 0


def test_repeated_keys_are_counted(opened: Open) -> None:
    said = refusal(opened, visits(visit=[1, 1, 1]))
    assert 'key "visit" repeats in 2 of 3 rows' in said


def test_null_keys_are_counted(opened: Open) -> None:
    assert 'key "visit" is null in 2 of 3 rows' in refusal(opened, visits(visit=[1, None, None]))


def test_null_times_are_counted_and_such_rows_are_never_available(opened: Open) -> None:
    frame, untimed = opened(visits(at_=pd.to_datetime(["2024-03-10", None, None], utc=True)))
    assert untimed == 2
    assert frame["__available"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize("name", ["applications", "outcomes"])
def test_null_times_of_applications_and_outcomes_are_an_error(name: str, opened: Open) -> None:
    rows = visits(at_=pd.to_datetime(["2024-03-10", None, None], utc=True))
    said = refusal(opened, rows, name=name)
    assert 'time "at_" is null in 2 of 3 rows; every application and outcome needs' in said


def test_a_row_is_available_after_its_delay_or_at_its_own_time(opened: Open) -> None:
    frame, _ = opened(visits(), delay="36h")
    assert set(frame["__available"]) == {pd.Timestamp("2024-03-12 00:00")}
    loaded = pd.to_datetime(["2024-03-11", "2024-04-01", None], utc=True)
    frame, untimed = opened(visits(loaded=loaded), available_at="loaded")
    assert frame["__available"].tolist()[:2] == [
        pd.Timestamp("2024-03-11"),
        pd.Timestamp("2024-04-01"),
    ]
    assert pd.isna(frame["__available"][2])
    assert untimed == 0


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-03-10 12:00:00"] * 2,
        ["2024-03-10T12:00:00Z", "2024-03-10T14:00:00+02:00"],
        ["2024-03-10 07:00:00-05", "2024-03-10T17:30:00+0530"],
    ],
    ids=["naive", "colon", "short"],
)
def test_naive_texts_mean_utc_and_offsets_convert(texts: list[str], opened: Open) -> None:
    rows = "visit,at_\n" + "".join(f"{i},{text}\n" for i, text in enumerate(texts))
    assert opened(rows)[0]["__time"].tolist() == [NOON, NOON]
    as_parquet = pd.DataFrame({"visit": [1, 2], "at_": texts})
    assert opened(as_parquet)[0]["__time"].tolist() == [NOON, NOON]


def test_a_column_that_mixes_naive_and_offset_times_is_refused(opened: Open) -> None:
    rows = "visit,at_\n1,2024-03-10T12:00:00Z\n2,2024-03-10T12:00:00\n3,2024-03-10\n"
    said = refusal(opened, rows)
    assert "mixes times with an offset (1 row) and without one (2 rows)" in said
    two = "visit,at_,loaded\n1,2024-03-10,2024-03-10T12:00:00+01:00\n2,2024-03-10,2024-03-10\n"
    assert 'time "loaded" mixes' in refusal(opened, two, available_at="loaded")


def test_texts_that_are_no_times_are_counted_with_an_example(opened: Open) -> None:
    said = refusal(opened, "visit,at_\n1,10/03/2024\n2,2024-03-10\n3,soon\n")
    assert 'time "at_" cannot be read in 2 of 3 rows, such as' in said
    assert 'time "visit" holds BIGINT, not a time' in refusal(opened, visits(), time="visit")


def test_a_date_means_midnight_utc(opened: Open) -> None:
    midnight = pd.Timestamp("2024-03-10")
    assert opened("visit,at_\n1,2024-03-10\n")[0]["__time"].tolist() == [midnight]
    days = pa.table({"visit": [1], "at_": pa.array([date(2024, 3, 10)], pa.date32())})
    assert opened(days)[0]["__time"].tolist() == [midnight]


@pytest.mark.parametrize(
    "kind",
    [
        pa.timestamp("us", "America/New_York"),
        pa.timestamp("ns", "Asia/Kolkata"),
        pa.timestamp("ms"),
        pa.timestamp("ns"),
    ],
    ids=str,
)
def test_typed_times_of_any_zone_and_unit_become_utc(kind: pa.DataType, opened: Open) -> None:
    noon = pa.scalar(datetime(2024, 3, 10, 12, tzinfo=UTC), pa.timestamp("us", "UTC"))
    rows = pa.table({"visit": [1], "at_": pa.array([noon.as_py()]).cast(kind)})
    assert opened(rows)[0]["__time"].tolist() == [NOON]


CONTRACT = {
    "null": ({"nullable": False}, [1.0, None, None], "is null in 2 of 3 rows"),
    "min": ({"min": 0}, [-1, -2, 5], "is below 0 in 2 of 3 rows"),
    "max": ({"max": 120}, [121, 5, 120], "is above 120 in 1 of 3 rows"),
    "integer": (
        {"type": "integer"},
        [1.0, 2.0, 3.5],
        "holds DOUBLE, and its contract says integer",
    ),
    "float": ({"type": "float"}, ["1", "2", "x"], "holds VARCHAR, and its contract says float"),
    "money": ({"type": "money"}, [True, False, True], "holds BOOLEAN, and its contract says money"),
    "text": ({"type": "text"}, [1, 2.5, 3], "holds DOUBLE, and its contract says text"),
    "boolean": ({"type": "boolean"}, [0, 1, 2], "holds BIGINT, and its contract says boolean"),
    "time": ({"type": "time"}, [1, 2, 3], "holds BIGINT, not a time"),
}


@pytest.mark.parametrize("rule", CONTRACT)
def test_a_broken_contract_names_the_column_and_counts_the_rows(rule: str, opened: Open) -> None:
    column, values, said = CONTRACT[rule]
    message = refusal(opened, visits(x=values), contract={"x": column})
    assert f'"x" {said}' in message


def test_a_kept_contract_lets_every_row_through(opened: Open) -> None:
    rows = visits(
        x=[0.0, None, 120.0], n=[1, 2, 3], s=["a", None, "b"], b=[True, False, True], m=[1, 2, 3]
    )
    contract = {
        "x": {"type": "float", "min": 0, "max": 120},
        "n": {"type": "integer", "nullable": False},
        "s": {"type": "text"},
        "b": {"type": "boolean"},
        "m": {"type": "money"},
        "at_": {"type": "time", "nullable": False},
    }
    assert len(opened(rows, contract=contract)[0]) == 3
    text = "visit,at_\n1,2024-03-10T12:00:00Z\n"
    assert len(opened(text, contract={"at_": {"type": "time"}})[0]) == 1
