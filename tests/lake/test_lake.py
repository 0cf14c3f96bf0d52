"""Tables keep what they were given: every version, every type, every key once."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from truerisk.errors import LakeError
from truerisk.lake.home import repository
from truerisk.lake.lake import Lake, open_lake
from truerisk.lake.stored_types import as_arrow

ROWS = pd.DataFrame(
    {
        "loan": [1, 2],
        "amount": [100.5, None],
        "purpose": ["car", None],
        "paid": [True, False],
        "at": pd.to_datetime(["2024-01-01", None], utc=True),
    }
)


def loans(*keys: int, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"loan": list(keys), **columns})


def held(lake: Lake, version: int | None = None) -> list[int]:
    return sorted(lake.read("loans", version)["loan"])


def test_what_is_read_is_what_was_appended(lake: Lake) -> None:
    assert lake.append("loans", ROWS, "loan") == 2
    read = lake.read("loans").sort_values("loan", ignore_index=True)
    pd.testing.assert_frame_equal(read, ROWS)


def test_a_key_is_appended_once_however_often_it_comes(lake: Lake) -> None:
    assert lake.append("loans", loans(1, 2, amount=[10, 20]), "loan") == 2
    assert lake.append("loans", loans(1, 2, amount=[10, 20]), "loan") == 0
    assert lake.append("loans", loans(3, 2, amount=[30, 99]), "loan") == 1
    read = lake.read("loans").sort_values("loan")
    assert read[["loan", "amount"]].to_numpy().tolist() == [[1, 10], [2, 20], [3, 30]]


def test_a_repeated_append_makes_no_version(lake: Lake) -> None:
    lake.append("loans", loans(1), "loan")
    before = lake.version("loans")
    lake.append("loans", loans(1), "loan")
    assert lake.version("loans") == before


def test_a_pinned_version_reads_the_old_rows(lake: Lake) -> None:
    assert lake.version("loans") is None
    lake.append("loans", loans(1), "loan")
    then = lake.version("loans")
    lake.append("loans", loans(2, rate=[0.1]), "loan")
    assert held(lake, then) == [1]
    assert "rate" not in lake.read("loans", then)
    assert held(lake) == [1, 2]


def test_a_new_column_is_merged_and_old_rows_have_null_there(lake: Lake) -> None:
    lake.append("loans", loans(1, amount=[10.0]), "loan")
    lake.append("loans", loans(2, purpose=["car"]), "loan")
    read = lake.read("loans").sort_values("loan").set_index("loan")
    assert read["amount"][1] == 10.0
    assert pd.isna(read["amount"][2])
    assert pd.isna(read["purpose"][1])
    assert read["purpose"][2] == "car"


def test_keys_that_repeat_within_the_rows_are_refused(lake: Lake) -> None:
    with pytest.raises(LakeError, match='"loans" repeat values of loan'):
        lake.append("loans", loans(1, 1), "loan")


def test_a_null_key_is_refused_and_cannot_stop_later_rows(lake: Lake) -> None:
    with pytest.raises(LakeError, match="lack loan in 1 of 2"):
        lake.append("loans", pd.DataFrame({"loan": [1.0, None]}), "loan")
    assert lake.append("loans", loans(1, 2), "loan") == 2


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Loan 1 with a column of each type."""
    lake, day = open_lake(tmp_path_factory.mktemp("lake")), pd.Timestamp("2024-01-01")
    row = loans(1, count=[6], name=["a"], cents=[Decimal("1.99")], at=[day])
    lake.append("loans", row, "loan")
    return lake


@pytest.mark.parametrize(
    ("column", "value", "kinds"),
    [
        ("count", 6.5, ("int64", "double")),
        ("count", "6", ("int64", "string")),
        ("count", True, ("int64", "bool")),
        ("name", 6, ("string", "int64")),
        ("name", pd.Timestamp("2024-01-01"), ("string", "timestamp")),
        ("cents", 1.999, ("decimal128", "double")),
        ("at", 5, ("timestamp", "int64")),
        ("loan", "A1", ("int64", "string")),
    ],
)
def test_a_change_of_type_is_refused_and_leaves_the_table_as_it_was(
    typed: Lake, column: str, value: object, kinds: tuple[str, str]
) -> None:
    row = loans(2).astype({"loan": object}).assign(**{column: [value]})
    with pytest.raises(LakeError, match=f'Column {column} of table "loans" holds') as refused:
        typed.append("loans", row, "loan")
    assert all(kind in str(refused.value) for kind in kinds)
    assert held(typed) == [1]


def test_what_fits_without_loss_takes_the_type_of_the_table(lake: Lake) -> None:
    lake.append("loans", loans(1, count=[6], rate=[0.5], name=["a"]), "loan")
    lake.append("loans", loans(2, count=[7.0], rate=[1], name=[None]), "loan")
    lake.append("loans", loans(3, count=[None], rate=[None], name=["b"]), "loan")
    read = lake.read("loans").sort_values("loan")
    assert read["count"].tolist()[:2] == [6, 7]
    assert read["rate"].tolist()[:2] == [0.5, 1.0]
    assert read["name"].isna().tolist() == [False, True, False]


def test_times_are_stored_as_utc_microseconds() -> None:
    berlin = pd.Timestamp("2024-07-01 12:00:00.123456789", tz="Europe/Berlin")
    naive = pd.Timestamp("2024-07-01 10:00:00.123456")
    stored = as_arrow(pd.DataFrame({"berlin": [berlin], "naive": [naive]}))
    assert set(stored.schema.types) == {pa.timestamp("us", tz="UTC")}
    expected = pd.Timestamp("2024-07-01 10:00:00.123456", tz="UTC")
    assert stored.to_pandas().iloc[0].tolist() == [expected, expected]
    days = as_arrow(pa.table({"day": [date(2024, 7, 1)]})).to_pandas()
    assert days["day"][0] == pd.Timestamp("2024-07-01", tz="UTC")


def test_categories_and_columns_without_a_value_are_stored_as_text(lake: Lake) -> None:
    lake.append("loans", loans(1, kind=pd.Categorical(["car"]), note=[None]), "loan")
    lake.append("loans", loans(2, kind=pd.Categorical(["home"]), note=["late"]), "loan")
    read = lake.read("loans").sort_values("loan")
    assert read["kind"].tolist() == ["car", "home"]
    assert read["note"].tolist()[1] == "late"


def test_an_empty_frame_makes_an_empty_table(lake: Lake) -> None:
    assert lake.append("loans", ROWS.iloc[:0], "loan") == 0
    read = lake.read("loans")
    assert len(read) == 0
    assert list(read) == list(ROWS)


def test_a_missing_table_or_version_is_named_with_what_exists(lake: Lake) -> None:
    lake.append("loans", loans(1), "loan")
    with pytest.raises(LakeError, match=r'has no table "lones"; its tables are loans\.$'):
        lake.read("lones")
    with pytest.raises(LakeError, match=r'Table "loans" at version 99 .* cannot be read'):
        lake.read("loans", 99)


def test_a_lake_of_another_format_is_refused(tmp_path: Path) -> None:
    open_lake(tmp_path).append("loans", loans(1), "loan")
    marker = tmp_path / "truerisk-lake.json"
    assert json.loads(marker.read_text()) == {"format": 1}
    marker.write_text('{"format": 2}')
    with pytest.raises(LakeError, match="has format 2, and this version reads format 1"):
        open_lake(tmp_path)


def test_a_root_that_cannot_be_written_is_one_error() -> None:
    with pytest.raises(LakeError, match=r"cannot be written: /dev/null/lake/.*\(Not a directory\)"):
        open_lake("/dev/null/lake").append("loans", loans(1), "loan")


def test_the_root_comes_from_the_argument_else_the_environment_else_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUERISK_LAKE", str(tmp_path / "there"))
    assert open_lake("here").root == str(tmp_path / "here")
    assert open_lake().root == str(tmp_path / "there")
    monkeypatch.delenv("TRUERISK_LAKE")
    assert open_lake().root == str(repository() / ".truerisk" / "lake")


def test_a_lake_is_a_folder_with_a_number_for_its_format(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LakeError, match="is a file; give the folder"):
        open_lake(tmp_path / "file")
    (tmp_path / "truerisk-lake.json").write_text('{"format": "1"}')
    with pytest.raises(LakeError, match="is damaged; it must hold"):
        open_lake(tmp_path)
